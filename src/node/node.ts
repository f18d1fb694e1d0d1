import { Bus } from "../bus/bus.ts";
import { type Channel, CHANNEL_CAPACITIES } from "../bus/channels.ts";
import { Chain } from "../chain/chain.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Dialer } from "../net/dialer.ts";
import { Peers } from "../net/peers.ts";
import type { Peer } from "../peer/peer.ts";
import type { CloseReason, PeerObserver } from "../peer/peer_options.ts";
import type { Connection, Endpoint, Listener, TcpEndpoint } from "../platform/types.ts";
import { addressFromIpv6, IPV6_FORM_BYTES, parseAddress } from "../protocol/addresses.ts";
import { LocalError } from "../protocol/errors.ts";
import type { Message, MessageOf, VersionAddress } from "../protocol/messages.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { PROTOCOL_VERSION, SHUTDOWN_DRAIN_MS, TICK_INTERVAL_MS } from "../protocol/params.ts";
import { SERVICE_NETWORK, SERVICE_NETWORK_LIMITED, SERVICE_WITNESS } from "../protocol/service_flags.ts";
import type { BlockVerdict, ChainSnapshot, NodeEvents, PeerSnapshot } from "../protocol/snapshots.ts";
import { announcer } from "../services/announcer.ts";
import { blockServer } from "../services/block_server.ts";
import { BlockSync } from "../services/block_sync/block_sync.ts";
import { HeaderSync } from "../services/header_sync.ts";
import { PeerChains } from "../services/peer_chains.ts";
import type { Service } from "../services/service.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import type { Hash } from "../util/hash.ts";
import { bitcoinCodec } from "../wire/bitcoin.ts";
import type { WireCodec } from "../wire/codec.ts";
import { nativeCodec } from "../wire/native.ts";
import { buildDispatch } from "./dispatch.ts";
import { Miner } from "./miner.ts";
import { snapshotChain, snapshotPeer } from "./snapshot.ts";
import type { BlockSnapshot, NodeOptions, NodeParts, P2PNode } from "./types.ts";

const MS_PER_SECOND = 1000;

/** The channel of each event. Control events are few and always wanted; chain events are the sync channel's. */
const EVENT_CHANNELS: { readonly [T in keyof NodeEvents]: Channel } = {
  "node:failed": "control",
  "peer:connected": "control",
  "peer:disconnected": "control",
  "block:connected": "sync",
  "block:disconnected": "sync",
  "chain:reorganised": "control",
  "chain:tip": "sync",
  "sync:progress": "sync",
  "sync:done": "sync",
};

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
  readonly #dialer: Dialer;
  readonly #services: readonly Service[];
  readonly #dispatch: (peer: Peer, message: Message) => void;
  readonly #miner: Miner | undefined;
  readonly #listeners: Listener[] = [];
  #ticker: Timer | undefined;
  #loaded = false;
  #onLastPeer: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: NodeParts, options: NodeOptions) {
    const { env, hasher, store, transport } = parts;
    this.#parts = parts;
    this.#options = options;
    this.network = options.network;
    this.userAgent = options.userAgent;
    this.#env = env;
    this.#log = env.logger("node");
    this.#bus = new Bus({ env, channelOf: EVENT_CHANNELS, mode: "segmented", capacities: CHANNEL_CAPACITIES });
    const chain = new Chain({ params: options.network, hasher });
    this.#peerChains = new PeerChains(chain);
    this.#ledger = new Ledger({
      env,
      chain,
      store,
      bus: this.#bus,
      pruneBytes: options.pruneBytes,
      onStoreFailure: (error) => this.#onStoreFailure(error),
    });
    this.#peers = new Peers({
      env,
      transport,
      codec: createCodec(options.network, parts),
      maxInbound: options.maxInbound,
      maxOutbound: options.maxOutbound,
      version: (connection, nonce) => this.#version(connection, nonce),
      observer: this.#observe(),
    });
    this.#dialer = new Dialer({ env, dial: (endpoint) => this.#peers.dial(endpoint) });
    this.#services = this.#createServices();
    this.#dispatch = buildDispatch(this.#services);
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
  }

  async start(): Promise<void> {
    this.load();
    for (const endpoint of this.#options.listen) await this.#listen(endpoint);
    for (const endpoint of [...this.#options.connect, ...this.#options.join]) this.#dialer.keep(endpoint);
    this.#miner?.start();
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

  submitBlock(raw: Uint8Array): BlockVerdict {
    const outcome = this.#ledger.acceptBlock(raw);
    switch (outcome.kind) {
      case "orphan":
        return { kind: "orphan" };
      case "refused":
        return { kind: "refused", reason: outcome.reason };
      default:
        return { kind: outcome.kind, height: outcome.node.height };
    }
  }

  commit(): void {
    this.#ledger.commit();
  }

  on<T extends keyof NodeEvents>(type: T, listener: (event: NodeEvents[T]) => void): Disposable {
    return this.#bus.subscribe(type, listener);
  }

  async #listen(endpoint: Endpoint): Promise<void> {
    const listener = await this.#parts.transport.listen(endpoint, (connection) => this.#peers.accept(connection));
    if (this.#stopping) return listener.close();
    this.#listeners.push(listener);
  }

  /** Nothing new from now on; then the peers' last bytes; then whatever is left is cut. */
  async #stop(): Promise<void> {
    this.#ticker?.cancel();
    this.#miner?.stop();
    this.#dialer.stop();
    for (const listener of this.#listeners) listener.close();
    this.#peers.close();
    await this.#peersGone();
    this.#ledger.commit();
    this.#parts.store.close();
    this.#parts.holds?.[Symbol.dispose]();
    this.#bus.close();
  }

  #peersGone(): Promise<void> {
    if (this.#peers.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onLastPeer = resolve;
      this.#env.after(SHUTDOWN_DRAIN_MS, () => this.#peers.abort());
    });
  }

  #tick(): void {
    const now = this.#env.now();
    this.#peers.tick(now);
    for (const service of this.#services) service.tick?.(now);
    this.#ticker = this.#env.after(TICK_INTERVAL_MS, () => this.#tick());
  }

  #createServices(): readonly Service[] {
    const [env, hasher] = [this.#env, this.#parts.hasher];
    const [ledger, bus, peerChains] = [this.#ledger, this.#bus, this.#peerChains];
    const blockSync = new BlockSync({ env, hasher, ledger, bus, peerChains });
    const headersChanged = () => blockSync.headersChanged();
    return [
      blockServer({ ledger, peerChains }),
      announcer({ bus, chain: ledger.chain, peers: this.#peers, peerChains }),
      blockSync,
      new HeaderSync({ env, hasher, ledger, peerChains, headersChanged }),
    ];
  }

  #observe(): PeerObserver<Peer> {
    return {
      ready: (peer) => this.#onReady(peer),
      message: (peer, message) => this.#dispatch(peer, message),
      writable: (peer) => this.#services.forEach((service) => service.peerWritable?.(peer)),
      closed: (peer, reason) => this.#onClosed(peer, reason),
    };
  }

  #onReady(peer: Peer): void {
    this.#peerChains.add(peer);
    const snapshot = this.#snapshot(peer);
    const { id, direction, address, userAgent, height } = snapshot;
    this.#log.info("peer connected", { peer: id, direction, address, userAgent, height });
    this.#bus.publish("peer:connected", { peer: snapshot });
    for (const service of this.#services) service.peerReady?.(peer);
  }

  #onClosed(peer: Peer, reason: CloseReason): void {
    const snapshot = this.#snapshot(peer);
    const { id, direction, address } = snapshot;
    this.#log.info("peer disconnected", { peer: id, direction, address, reason: reason.code, detail: reason.detail });
    this.#bus.publish("peer:disconnected", { peer: snapshot, reason: reason.code });
    if (peer.agreement) { for (const service of this.#services) service.peerClosed?.(peer); }
    this.#peerChains.remove(peer);
    this.#dialer.peerClosed(peer);
    if (this.#peers.size === 0) this.#onLastPeer?.();
  }

  /** A node that cannot write must not go on as if it could: it stops, and the owner hears why. */
  #onStoreFailure(error: unknown): void {
    this.#log.error("the store failed; the node stops", { error: error instanceof Error ? error.message : error });
    this.#bus.publish("node:failed", { error: error instanceof Error ? error : new Error(String(error)) });
  }

  #snapshot(peer: Peer): PeerSnapshot {
    return snapshotPeer(peer, this.#peerChains.best(peer)?.height ?? 0, this.#env.now());
  }

  /** The height is exactly that of the tip we can serve: others sync by it. */
  #version(connection: Connection, nonce: bigint): MessageOf<"version"> {
    const services = this.#ourServices();
    return {
      type: "version",
      protocolVersion: PROTOCOL_VERSION,
      services,
      time: BigInt(Math.floor(this.#env.wallClock() / MS_PER_SECOND)),
      receiver: versionAddress(connection.remote, 0n),
      sender: UNKNOWN_ADDRESS,
      nonce,
      userAgent: this.userAgent,
      startHeight: this.#ledger.chain.tip.height,
      // Transactions are not relayed.
      relay: false,
    };
  }

  #ourServices(): bigint {
    const serves = this.#options.pruneBytes === undefined ? SERVICE_NETWORK : SERVICE_NETWORK_LIMITED;
    return serves | SERVICE_WITNESS;
  }
}

const UNKNOWN_ADDRESS: VersionAddress = {
  services: 0n,
  address: addressFromIpv6(new Uint8Array(IPV6_FORM_BYTES)),
  port: 0,
};

/** The address as the remote may have it in its own books; none for a unix socket or a name. */
function versionAddress(endpoint: Endpoint, services: bigint): VersionAddress {
  if ("path" in endpoint) return UNKNOWN_ADDRESS;
  const address = parseAddress(endpoint.host);
  return address ? { services, address, port: endpoint.port } : UNKNOWN_ADDRESS;
}

function createCodec(network: NetworkParams, parts: NodeParts): WireCodec {
  return network.wire === "native" ? nativeCodec(network.magic) : bitcoinCodec(network.magic, parts.hasher);
}
