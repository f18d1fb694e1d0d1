import { Bus, type ChannelUse, type LagOptions, type StreamItem } from "../bus/bus.ts";
import { type Channel, CHANNEL_CAPACITIES } from "../bus/channels.ts";
import { Chain } from "../chain/chain.ts";
import { guardStore } from "../ledger/guarded_store.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { Peers, Terms } from "../net/peers.ts";
import type { AnyOf } from "../net/any_of.ts";
import type { DispatchOptions } from "../net/request_job.ts";
import type { Peer } from "../peer/peer.ts";
import type { CloseReason, PeerObserver } from "../peer/peer_options.ts";
import type { Connection, Endpoint, Listener, TcpEndpoint } from "../platform/types.ts";
import { DEFAULT_CADENCES } from "../protocol/cadences.ts";
import type { Message, MessageOf } from "../protocol/messages.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { DEFAULT_FANOUT } from "../protocol/topology_params.ts";
import { LATE_TICK_MS, TICK_INTERVAL_MS } from "../protocol/params.ts";
import type {
  AddressesSnapshot,
  ApplicationsSnapshot,
  BalancingSnapshot,
  BanSnapshot,
  BlockVerdict,
  ChainSnapshot,
  ConnectionCounts,
  InventorySnapshot,
  NodeEvents,
  PeerSnapshot,
  PoolSnapshot,
  TopologySnapshot,
  TransactionVerdict,
} from "../protocol/snapshots.ts";
import type { RequestHandler } from "../services/requests/incoming.ts";
import type { Topic, TopicOptions } from "../services/topics/topic.ts";
import { PeerChains } from "../services/peer_chains.ts";
import { USUAL_PACE } from "../services/transaction_relay/pace.ts";
import type { Service } from "../services/service.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import type { Hash } from "../util/hash.ts";
import { bitcoinCodec } from "../wire/bitcoin.ts";
import type { WireCodec } from "../wire/codec.ts";
import { nativeCodec } from "../wire/native.ts";
import { Acquaintances } from "./acquaintances.ts";
import { Connections } from "./connections.ts";
import { buildDispatch } from "./dispatch.ts";
import { Miner } from "./miner.ts";
import { makeOurVersion, ownServices } from "./our_version.ts";
import { createServices, type Services } from "./services.ts";
import { snapshotChain, snapshotPeer } from "./snapshot.ts";
import type { BanOptions, BlockSnapshot, NodeOptions, NodeParts, P2PNode } from "./types.ts";

/** The channel of each event. Control events are few and always wanted; chain events are the sync channel's. */
const EVENT_CHANNELS: { readonly [T in keyof NodeEvents]: Channel } = {
  "node:failed": "control",
  "partition:suspected": "control",
  "partition:step": "control",
  "partition:healed": "control",
  "peer:connected": "control",
  "peer:disconnected": "control",
  "block:connected": "sync",
  "block:disconnected": "sync",
  "chain:reorganised": "control",
  "chain:tip": "sync",
  "transaction:seen": "data",
  "sync:progress": "sync",
  "sync:done": "sync",
  "app:message": "data",
};

/** Addresses that a snapshot shows unless more are asked for. */
const DEFAULT_ADDRESSES = 100;

/** Builds a node from its parts. It does nothing until `start`. */
export function createNode(parts: NodeParts, options: NodeOptions): P2PNode {
  return new Node(parts, options);
}

/** The one place where things are constructed and wired; after that it stays out of the way. */
class Node implements P2PNode {
  readonly network: NetworkParams;
  readonly userAgent: string;
  readonly #parts: NodeParts;
  readonly #options: NodeOptions;
  readonly #env: Env;
  readonly #log: Logger;
  readonly #bus: Bus<NodeEvents>;
  readonly #ledger: Ledger;
  readonly #peers: Peers;
  readonly #peerChains: PeerChains;
  readonly #acquaintances: Acquaintances;
  readonly #connections: Connections;
  readonly #services: Services;
  readonly #dispatch: (peer: Peer, message: Message) => void;
  readonly #miner: Miner | undefined;
  readonly #listeners: Listener[] = [];
  #ticker: Timer | undefined;
  #tickedAt = 0;
  #loaded = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: NodeParts, options: NodeOptions) {
    const { env, hasher } = parts;
    const store = guardStore(parts.store, (error) => this.#onStoreFailure(error));
    this.#parts = { ...parts, store };
    this.#options = options;
    this.network = options.network;
    this.userAgent = options.userAgent;
    this.#env = env;
    this.#log = env.logger("node");
    this.#bus = new Bus({
      env,
      channelOf: EVENT_CHANNELS,
      mode: options.channels ?? "segmented",
      capacities: CHANNEL_CAPACITIES,
    });
    const chain = new Chain({ params: options.network, hasher });
    this.#peerChains = new PeerChains(chain);
    this.#ledger = new Ledger({
      env,
      chain,
      store,
      bus: this.#bus,
      pruneBytes: options.pruneBytes,
    });
    this.#acquaintances = new Acquaintances(parts, options, (error) => this.#onStoreFailure(error));
    this.#connections = new Connections({
      parts: this.#parts,
      options,
      source: this.#acquaintances.source,
      codec: createCodec(options.network, parts),
      version: (connection, nonce, terms) => this.#version(connection, nonce, terms),
      observer: this.#observe(),
    });
    this.#peers = this.#connections.peers;
    this.#services = createServices({
      env,
      hasher,
      ledger: this.#ledger,
      bus: this.#bus,
      peers: this.#peers,
      peerChains: this.#peerChains,
      dedupe: options.dedupe ?? "drop",
      pace: options.pace ?? USUAL_PACE,
      blockRelayOnly: options.blockRelayOnly ?? false,
      balancing: options.balancing ?? {},
      cadences: { ...DEFAULT_CADENCES, ...options.cadences },
      region: options.region ?? "",
      capabilities: options.capabilities ?? [],
      connectivity: this.#connections.connectivity,
      addresses: {
        book: this.#acquaintances.book,
        allowsLocal: this.#acquaintances.allowsLocal,
        listening: () => this.listening,
        ownServices: ownServices(options.pruneBytes !== undefined),
        isSeed: options.seed ?? false,
        asks: options.discover ?? false,
      },
    });
    this.#dispatch = buildDispatch(this.#services.all);
    if (options.mineSeconds !== undefined) {
      this.#miner = new Miner({ env, ledger: this.#ledger, hasher, seconds: options.mineSeconds });
    }
  }

  get listening(): readonly Endpoint[] {
    return this.#listeners.map(({ local }) => local);
  }

  load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#ledger.load();
    this.#acquaintances.load();
    this.#connections.load();
  }

  async start(): Promise<void> {
    this.load();
    for (const endpoint of this.#options.listen) await this.#listen(endpoint);
    if (this.#stopping) return;
    this.#acquaintances.start(this.#peers);
    this.#connections.start();
    this.#miner?.start();
    this.#tickedAt = this.#env.now();
    this.#tick();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  peers(): readonly PeerSnapshot[] {
    return [...this.#peers.all()].map((peer) => this.#snapshot(peer));
  }

  chain(): ChainSnapshot {
    return snapshotChain(this.#ledger.chain);
  }

  inventory(): InventorySnapshot {
    return this.#services.inventory.counts();
  }

  pool(): PoolSnapshot {
    return this.#services.transactionRelay.snapshot();
  }

  block(id: Hash | number): BlockSnapshot | undefined {
    const { chain } = this.#ledger;
    const node = typeof id === "number" ? chain.nodeAt(id) : chain.get(id);
    if (!node) return undefined;
    const { hash, height, header } = node;
    return { hash, height, header, active: chain.isActive(node), raw: this.#ledger.block(hash) };
  }

  async connect(endpoint: TcpEndpoint): Promise<PeerSnapshot> {
    return this.#snapshot(await this.#peers.dial(endpoint));
  }

  disconnect(id: number): boolean {
    return this.#connections.disconnect(id);
  }

  addresses(limit = DEFAULT_ADDRESSES): AddressesSnapshot {
    return this.#acquaintances.snapshot(limit, this.#services.addresses.counts);
  }

  connectionCounts(): ConnectionCounts {
    return this.#peers.counts();
  }

  bans(): readonly BanSnapshot[] {
    return this.#connections.reputation.bans();
  }

  ban(subnet: string, options: BanOptions = {}): BanSnapshot {
    const ban = this.#connections.ban(subnet, options);
    this.#ledger.checkWritten();
    return ban;
  }

  unban(subnet: string): boolean {
    const wasBanned = this.#connections.unban(subnet);
    this.#ledger.checkWritten();
    return wasBanned;
  }

  submitBlock(raw: Uint8Array): BlockVerdict {
    const outcome = this.#ledger.acceptBlock(raw);
    this.#ledger.checkWritten();
    switch (outcome.kind) {
      case "orphan":
        return { kind: "orphan" };
      case "refused":
        return { kind: "refused", reason: outcome.reason };
      default:
        return { kind: outcome.kind, height: outcome.node.height };
    }
  }

  submitTransaction(raw: Uint8Array, options: { readonly feeRate?: bigint } = {}): TransactionVerdict {
    return this.#services.transactionRelay.submit(raw, options.feeRate);
  }

  commit(): void {
    this.#ledger.commit();
    this.#ledger.checkWritten();
  }

  on<T extends keyof NodeEvents>(
    type: T,
    listener: (event: NodeEvents[T]) => void | Promise<void>,
    options?: LagOptions,
  ): Disposable {
    return this.#bus.subscribe(type, listener, options);
  }

  events<T extends keyof NodeEvents>(
    types: readonly T[],
    signal?: AbortSignal,
  ): AsyncGenerator<StreamItem<Pick<NodeEvents, T>>, void> {
    return this.#bus.stream(types, signal);
  }

  channels(): readonly ChannelUse[] {
    return this.#bus.channels();
  }

  topic(name: string, options?: TopicOptions): Topic {
    return this.#services.topics.open(name, options);
  }

  send(peer: number, payload: Uint8Array): boolean {
    return this.#services.appMessages.send(peer, payload);
  }

  request(
    to: number | AnyOf,
    method: string,
    payload: Uint8Array,
    options: DispatchOptions = {},
  ): Promise<Uint8Array> {
    const { requests, anyOfRequests } = this.#services;
    if (typeof to === "number") return requests.request(to, method, payload, options);
    return anyOfRequests.request(to, method, payload, options);
  }

  drain(peer: number, isDrained = true): boolean {
    const { blockSync, anyOfRequests } = this.#services;
    const balancers = [blockSync.balancer, anyOfRequests.dispatcher.balancer];
    return balancers.map((balancer) => balancer.drain(peer, isDrained)).includes(true);
  }

  topology(fanout = DEFAULT_FANOUT): TopologySnapshot {
    return this.#services.topology.snapshot(fanout);
  }

  balancing(): BalancingSnapshot {
    const { blockSync, anyOfRequests: { dispatcher } } = this.#services;
    const workers = [...blockSync.balancer.snapshot("blocks"), ...dispatcher.balancer.snapshot("requests")];
    return { requests: dispatcher.snapshot(), workers };
  }

  handle(method: string, handler: RequestHandler): Disposable {
    return this.#services.requests.handle(method, handler);
  }

  applications(): ApplicationsSnapshot {
    const { topics, requests, appMessages } = this.#services;
    return { topics: topics.snapshot(), requests: requests.snapshot(), appMessages: appMessages.counts() };
  }

  async #listen(endpoint: Endpoint): Promise<void> {
    const listener = await this.#parts.transport.listen(endpoint, (connection) => this.#peers.accept(connection));
    if (this.#stopping) return listener.close();
    this.#listeners.push(listener);
  }

  /** Nothing new from now on; then the peers' last bytes; then whatever is left is cut. */
  async #stop(): Promise<void> {
    this.#log.info("stopping", { peers: this.#peers.size });
    this.#ticker?.cancel();
    this.#miner?.stop();
    for (const listener of this.#listeners) listener.close();
    this.#services.topics.close();
    this.#services.topology.close();
    this.#services.anyOfRequests.close();
    this.#services.requests.close();
    this.#acquaintances.stop();
    await this.#connections.stop();
    this.#acquaintances.close();
    this.#ledger.commit();
    this.#parts.store.close();
    this.#parts.holds?.[Symbol.dispose]();
    this.#bus.close();
  }

  #tick(): void {
    const now = this.#env.now();
    if (now - this.#tickedAt < LATE_TICK_MS) this.#judge(now);
    else this.#log.warn("stood still", { ms: Math.round(now - this.#tickedAt) });
    this.#tickedAt = now;
    this.#ticker = this.#env.after(TICK_INTERVAL_MS, () => this.#tick());
  }

  /** Timeouts of peers and services. */
  #judge(now: number): void {
    this.#connections.tick(now);
    this.#acquaintances.tick(now);
    this.#eachService((service) => service.tick?.(now));
  }

  /** Outside a peer's turn, where nobody else catches: a bug in one service costs that call, and the node lives. */
  #eachService(call: (service: Service) => void): void {
    for (const service of this.#services.all) {
      try {
        call(service);
      } catch (error) {
        const stack = error instanceof Error ? error.stack : String(error);
        this.#log.error("internal error in a service", { service: service.name, stack });
      }
    }
  }

  #observe(): PeerObserver<Peer> {
    return {
      ready: (peer) => this.#onReady(peer),
      message: (peer, message) => this.#dispatch(peer, message),
      writable: (peer) => this.#services.all.forEach((service) => service.peerWritable?.(peer)),
      closed: (peer, reason) => this.#onClosed(peer, reason),
    };
  }

  #onReady(peer: Peer): void {
    this.#peerChains.add(peer);
    const snapshot = this.#snapshot(peer);
    const { id, direction, address, userAgent, height } = snapshot;
    this.#log.info("peer connected", { peer: id, direction, address, userAgent, height });
    this.#bus.publish("peer:connected", { peer: snapshot });
    for (const service of this.#services.all) service.peerReady?.(peer);
  }

  #onClosed(peer: Peer, reason: CloseReason): void {
    const snapshot = this.#snapshot(peer);
    const { id, direction, address } = snapshot;
    this.#log.info("peer disconnected", { peer: id, direction, address, reason: reason.code, detail: reason.detail });
    this.#bus.publish("peer:disconnected", { peer: snapshot, reason: reason.code });
    if (peer.agreement) this.#eachService((service) => service.peerClosed?.(peer));
    this.#peerChains.remove(peer);
    this.#acquaintances.peerClosed(peer);
    this.#connections.peerClosed(peer);
  }

  /** A node that cannot write must not go on as if it could: it stops, and the owner hears why. */
  #onStoreFailure(error: Error): void {
    this.#log.error("the store failed; the node stops", { error: error.message });
    this.#bus.publish("node:failed", { error });
    this.stop().catch((failure) => this.#log.error("the node did not stop in order", { error: failure }));
  }

  #snapshot(peer: Peer): PeerSnapshot {
    const knownHeight = this.#peerChains.best(peer)?.height ?? 0;
    return snapshotPeer(peer, { knownHeight, score: this.#connections.score(peer) }, this.#env.now());
  }

  #version(connection: Connection, nonce: bigint, { isBlockOnly, permissions }: Terms): MessageOf<"version"> {
    return makeOurVersion({
      remote: connection.remote,
      nonce,
      userAgent: this.userAgent,
      height: this.#ledger.chain.tip.height,
      prunes: this.#options.pruneBytes !== undefined,
      relay: !isBlockOnly && (!this.#options.blockRelayOnly || permissions.has("relay")),
      wallClock: this.#env.wallClock(),
    });
  }
}

function createCodec(network: NetworkParams, parts: NodeParts): WireCodec {
  return network.wire === "native" ? nativeCodec(network.magic) : bitcoinCodec(network.magic, parts.hasher);
}
