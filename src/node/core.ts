import type { Bus } from "../bus/bus.ts";
import { Chain } from "../chain/chain.ts";
import { guardStore } from "../ledger/guarded_store.ts";
import { Ledger } from "../ledger/ledger.ts";
import { identifyAddress } from "../net/host_identity.ts";
import type { Peers, Terms } from "../net/peers.ts";
import type { Line } from "../peer/line.ts";
import { LocalLines } from "../peer/local_lines.ts";
import type { Endpoint, Listener, ProcessMeter } from "../platform/types.ts";
import { DEFAULT_CADENCES } from "../protocol/cadences.ts";
import { LocalError } from "../protocol/errors.ts";
import type { MessageOf, NetAddress } from "../protocol/messages.ts";
import { LATE_TICK_MS, TICK_INTERVAL_MS } from "../protocol/params.ts";
import { servesBlocks } from "../protocol/service_flags.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import { PeerChains } from "../services/peer_chains.ts";
import { USUAL_PACE } from "../services/transaction_relay/pace.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import type { WireCodec } from "../wire/codec.ts";
import { Acquaintances } from "./acquaintances.ts";
import { BlockSightings } from "./block_sightings.ts";
import { Connections } from "./connections.ts";
import { createNodeBus } from "./events.ts";
import { NotifyPool } from "./notify/pool.ts";
import { handledTypes } from "./dispatch.ts";
import { Miner } from "./miner.ts";
import { isNearTip } from "./near_tip.ts";
import { makeOurVersion, ownServices } from "./our_version.ts";
import { PeerLife } from "./peer_life.ts";
import { createServices, type Services } from "./services.ts";
import { createCodec } from "./shards/shard_start.ts";
import type { ShardReport } from "./shards/records.ts";
import { Shards } from "./shards/shards.ts";
import type { NodeOptions, NodeParts } from "./types.ts";

/** The one place where things are constructed and wired; then it starts them, ticks, and stops them in order. */
export class NodeCore {
  readonly options: NodeOptions;
  readonly env: Env;
  readonly startedAt: number;
  readonly meter: ProcessMeter | undefined;
  readonly bus: Bus<NodeEvents>;
  /** Handlers of the owner that run in threads. */
  readonly notify: NotifyPool;
  readonly ledger: Ledger;
  readonly acquaintances: Acquaintances;
  readonly connections: Connections;
  readonly peers: Peers;
  readonly peerLife: PeerLife;
  readonly services: Services;
  /** Undefined: connections are in this thread. */
  readonly shards: Shards | undefined;
  readonly sightings: BlockSightings;
  readonly #parts: NodeParts;
  readonly #log: Logger;
  readonly #miner: Miner | undefined;
  readonly #listeners: Listener[] = [];
  /** Whether an address is left alone. */
  readonly #shuns = (address: NetAddress) => this.connections.reputation.standing(identifyAddress(address)) !== "good";
  #ticker: Timer | undefined;
  #tickedAt = 0;
  #loaded = false;
  #starting: Promise<void> | undefined;
  /** Why it stopped by itself. */
  #failure: Error | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: NodeParts, options: NodeOptions) {
    const { env, hasher } = parts;
    const store = guardStore(parts.store, (error) => this.#onStoreFailure(error));
    this.#parts = { ...parts, store };
    this.options = options;
    this.env = env;
    this.startedAt = env.now();
    this.meter = parts.meter;
    this.#log = env.logger("node");
    this.bus = createNodeBus(env, options, () => this.#tellShardsOfListeners());
    this.notify = new NotifyPool({ env, bus: this.bus, threads: parts.threads, workers: options.notifyWorkers });
    const chain = new Chain({ params: options.network, hasher });
    this.sightings = new BlockSightings(env, () => chain.syncing);
    const peerChains = new PeerChains(chain, (hash) => this.sightings.sighted(hash));
    const { pruneBytes } = options;
    this.ledger = new Ledger({ env, chain, store, bus: this.bus, pruneBytes });
    this.ledger.watch(this.sightings);
    const isUseful = (flags: bigint) => servesBlocks(flags, isNearTip(chain, env.wallClock()));
    const onFailure = (error: Error) => this.#onStoreFailure(error);
    this.acquaintances = new Acquaintances({ parts, options, isUseful, shuns: this.#shuns, onFailure });
    this.peerLife = new PeerLife({ env, bus: this.bus, peerChains });
    const codec = createCodec(options.network, hasher);
    this.shards = this.#createShards(codec);
    this.connections = new Connections({
      parts: this.#parts,
      options,
      source: this.acquaintances.source,
      isUseful,
      lines: this.shards ?? new LocalLines({ env, transport: parts.transport, codec }),
      codec,
      version: (line, nonce, terms) => this.#version(line, nonce, terms),
      observer: this.peerLife.observer,
    });
    this.peers = this.connections.peers;
    this.services = this.#createServices(peerChains);
    const { connections, acquaintances, services } = this;
    this.peerLife.attach({ connections, acquaintances, services: services.all });
    this.ledger.watch(this.peerLife);
    if (options.mineSeconds !== undefined) {
      this.#miner = new Miner({ env, ledger: this.ledger, hasher, seconds: options.mineSeconds });
    }
  }

  /** Addresses in use, with real ports. */
  get listening(): readonly Endpoint[] {
    return this.#listeners.map(({ local }) => local);
  }

  /** Brings the chain and the address book back from the store. Idempotent. */
  load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.ledger.load();
    this.acquaintances.load();
    this.connections.load();
  }

  /** One start, whoever asks for it how often. */
  start(): Promise<void> {
    if (this.#stopping) return Promise.reject(this.#whyStopped());
    this.#starting ??= this.#start();
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<void> {
    this.load();
    await this.#startShards();
    for (const endpoint of this.options.listen) await this.#listen(endpoint);
    if (this.#stopping) throw this.#whyStopped();
    this.acquaintances.start(this.peers, this.listening);
    this.connections.start();
    this.meter?.start();
    this.#miner?.start();
    this.#tickedAt = this.env.now();
    this.#tick();
  }

  #whyStopped(): Error {
    return this.#failure ?? new LocalError("stopped", "Cannot start: the node is stopped: make another one");
  }

  async #listen(endpoint: Endpoint): Promise<void> {
    const listener = await this.peers.listen(endpoint);
    if (this.#stopping) return listener.close();
    this.#listeners.push(listener);
  }

  /** Nothing new from now on; then the peers' last bytes; then whatever is left is cut. */
  async #stop(): Promise<void> {
    this.#log.info("stopping", { peers: this.peers.size });
    this.#ticker?.cancel();
    this.#miner?.stop();
    for (const listener of this.#listeners) listener.close();
    this.services.topics.close();
    this.services.topology.close();
    this.services.anyOfRequests.close();
    this.services.requests.close();
    this.acquaintances.stop();
    await this.connections.stop();
    await this.shards?.stop();
    this.acquaintances.close();
    this.meter?.close();
    this.ledger.commit();
    this.services.transactionRelay.close();
    this.#parts.store.close();
    this.#parts.holds?.[Symbol.dispose]();
    this.bus.close();
    await this.notify.stop();
  }

  #tick(): void {
    const now = this.env.now();
    if (now - this.#tickedAt < LATE_TICK_MS) this.#judge(now);
    else this.#log.warn("stood still", { ms: Math.round(now - this.#tickedAt) });
    this.#tickedAt = now;
    this.#ticker = this.env.after(TICK_INTERVAL_MS, () => this.#tick());
  }

  /** Timeouts of peers and services. */
  #judge(now: number): void {
    this.shards?.tick(now);
    this.connections.tick(now);
    this.acquaintances.tick(now);
    this.peerLife.tickServices(now);
  }

  /** A node that cannot write must not go on as if it could: it stops, and the owner hears why. */
  #onStoreFailure(error: Error): void {
    this.#log.error("the store failed; the node stops", { error: error.message });
    this.#failure ??= error;
    this.bus.publish("node:failed", { error });
    this.stop().catch((failure) => this.#log.error("the node did not stop in order", { error: failure }));
  }

  #createServices(peerChains: PeerChains): Services {
    const { options, bus, ledger, peers } = this;
    const { env, hasher } = this.#parts;
    return createServices({
      env,
      hasher,
      ledger,
      bus,
      peers,
      peerChains,
      dedupe: options.dedupe ?? "drop",
      pace: options.pace ?? USUAL_PACE,
      blockRelayOnly: options.blockRelayOnly ?? false,
      balancing: options.balancing ?? {},
      cadences: { ...DEFAULT_CADENCES, ...options.cadences },
      region: options.region ?? "",
      capabilities: options.capabilities ?? [],
      connectivity: this.connections.connectivity,
      addresses: {
        book: this.acquaintances.book,
        allowsLocal: this.acquaintances.allowsLocal,
        listening: () => this.listening,
        ownServices: ownServices(options.pruneBytes !== undefined),
        isSeed: options.seed ?? false,
        asks: options.discover ?? false,
        shuns: this.#shuns,
      },
    });
  }

  #createShards(codec: WireCodec): Shards | undefined {
    const { env, hasher, transport, threads, capture } = this.#parts;
    const { workers, network } = this.options;
    if (workers === undefined) return undefined;
    if (!threads) throw new LocalError("bad-argument", "Cannot use workers: the node has no threads among its parts");
    return new Shards({
      env,
      hasher,
      transport,
      threads,
      network,
      codec,
      count: workers,
      ...capture && { capture },
      wanted: () => handledTypes(this.services.all),
      onReport: (report) => this.#onShardReport(report),
      onStarted: (shard) => this.bus.publish("shard:started", { shard }),
      onFailed: (shard, reason, peers) => this.bus.publish("shard:failed", { shard, reason, peers }),
    });
  }

  #onShardReport({ unheard, turnWaits, writeWaits }: ShardReport): void {
    const { turns, writes } = this.peers.times;
    this.services.appMessages.noteUnheard(unheard);
    turns.addAll(turnWaits, this.env.now());
    writes.addAll(writeWaits, this.env.now());
  }

  async #startShards(): Promise<void> {
    const { shards } = this;
    if (!shards || this.#stopping) return;
    await shards.start();
    this.#tellShardsOfListeners();
    this.ledger.watch({ chainChanged: () => shards.setHeight(this.ledger.chain.tip.height) });
  }

  #tellShardsOfListeners(): void {
    this.shards?.setHearsApps(this.bus.hasSubscribers("app:message"));
  }

  #version({ remote }: Line, nonce: bigint, { isBlockOnly, permissions }: Terms): MessageOf<"version"> {
    return makeOurVersion({
      remote,
      nonce,
      userAgent: this.options.userAgent,
      height: this.ledger.chain.tip.height,
      prunes: this.options.pruneBytes !== undefined,
      isBlockOnly,
      relay: !this.options.blockRelayOnly || permissions.has("relay"),
      wallClock: this.env.wallClock(),
    });
  }
}
