import type { AnyOf } from "../net/any_of.ts";
import type { DispatchOptions } from "../net/request_job.ts";
import type { Cadences } from "../protocol/cadences.ts";
import type { BlockHeader } from "../protocol/block_header.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { ApplicationsSnapshot, BalancingSnapshot } from "../protocol/app_snapshots.ts";
import type {
  BlockVerdict,
  ChainSnapshot,
  InventorySnapshot,
  PoolSnapshot,
  TransactionVerdict,
} from "../protocol/chain_snapshots.ts";
import type { AddressesSnapshot, TopologySnapshot } from "../protocol/network_snapshots.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import type {
  BanSnapshot,
  ConnectionCounts,
  OffenderSnapshot,
  PeerSnapshot,
  ShardSnapshot,
} from "../protocol/peer_snapshots.ts";
import type { RequestHandler } from "../services/requests/incoming.ts";
import type { Topic, TopicOptions } from "../services/topics/topic.ts";
import type { DedupeMode } from "../protocol/dedupe.ts";
import type { BalancingOptions } from "./services.ts";
import type { RelayPace } from "../services/transaction_relay/pace.ts";
import type { AddressSource } from "../net/address_source.ts";
import type { Permit } from "../net/reputation.ts";
import type { ChannelUse, LagOptions, StreamItem } from "../bus/bus.ts";
import type { ChannelMode, PerChannel } from "../bus/channels.ts";
import type { Diagnosis } from "../doctor/diagnosis.ts";
import type { Vitals } from "../doctor/vitals.ts";
import type { Endpoint, Multicast, ProcessMeter, Store, TcpEndpoint, Threads, Transport } from "../platform/types.ts";
import type { Env } from "../util/env.ts";
import type { Hash, Hasher } from "../util/hash.ts";
import type { CaptureRecords } from "./capture.ts";
import type { NotifyOptions, NotifySubscription } from "./notify/subscription.ts";

/** What a node stands on: one runtime's adapters, or a simulation's. */
export interface NodeParts {
  /** Time, chance and logging. */
  readonly env: Env;
  /** Byte streams to peers. */
  readonly transport: Transport;
  /** Double SHA-256, as fast as the runtime has it. */
  readonly hasher: Hasher;
  /** What outlives the process. The node closes it when it stops. */
  readonly store: Store;
  /** What `workers` need; their sockets are those of this machine, whatever the transport is. */
  readonly threads?: Threads;
  /** Takes what workers overhear of their connections; without it they overhear nothing. */
  readonly capture?: CaptureRecords;
  /** Where it finds peers besides those that its owner names; without it, nowhere. */
  readonly addressSource?: AddressSource;
  /** What `discoverLocal` needs. */
  readonly multicast?: Multicast;
  /** Reads what the process takes of the machine; without it those figures are left out. */
  readonly meter?: ProcessMeter;
  /** Given free once the node has stopped, such as the directory that the store lies in. */
  readonly holds?: Disposable;
}

/** What a node's owner decides. */
export interface NodeOptions {
  /** Whom it can talk to, and which chain it believes. */
  readonly network: NetworkParams;
  /** Addresses to accept peers on; none: do not listen. */
  readonly listen: readonly Endpoint[];
  /** Bootstrap through these, then discover. */
  readonly join: readonly TcpEndpoint[];
  /** Connect to these and to nobody else. */
  readonly connect: readonly TcpEndpoint[];
  /** Peers that may connect to us; beyond that somebody has to leave, or is refused. */
  readonly maxInbound: number;
  /** Peers of one address (IPv6: one /64), and of one network group, that may connect to us. */
  readonly maxPerAddress?: number;
  readonly maxPerGroup?: number;
  /** Peers that it keeps by dialling them, whoever named them. */
  readonly maxOutbound: number;
  /** Who may do more than others. */
  readonly permits?: readonly Permit[];
  /** What the program calls itself in the handshake, as `/name:version/` (BIP14). */
  readonly userAgent: string;
  /** Keep at most so many bytes of blocks; undefined: all. */
  readonly pruneBytes: number | undefined;
  /** Produce a block every so many seconds on average; undefined: never. Only where the network has no difficulty. */
  readonly mineSeconds: number | undefined;
  /** What is done about announcements that repeat others; `drop` by default. */
  readonly dedupe?: DedupeMode;
  /** Take and pass on blocks only: peers are asked not to send transactions. Our own are announced all the same. */
  readonly blockRelayOnly?: boolean;
  /** A queue a channel for each subscriber to events, or one for all of them; `segmented` by default. */
  readonly channels?: ChannelMode;
  /** How many events may wait for one subscriber in a queue a channel; 256, 512, 1,024 and 4,096 where nothing is said. */
  readonly channelCapacities?: Partial<PerChannel<number>>;
  /** Find peers by itself: seeds, gossip, the address book. False by default. */
  readonly discover?: boolean;
  /**
   * Find nodes on the local network besides, by multicast behind the interfaces that it listens on, and be found there:
   * everybody on that network is told that a node runs here. Without listeners it hears of others and says nothing.
   * False by default; needs `discover`.
   */
  readonly discoverLocal?: boolean;
  /** Be a seed: probe nodes, serve addresses, let strangers go once they have theirs; dial nobody for blocks. */
  readonly seed?: boolean;
  /**
   * Whether addresses of this machine and of private networks are exchanged, with peers who are there themselves. By
   * default where the network has no DNS seeds, and so is somebody's own, and with `discoverLocal`.
   */
  readonly localAddresses?: boolean;
  /** How long transactions are held back; as Bitcoin Core does it by default. */
  readonly pace?: RelayPace;
  /** How requests are spread over peers. */
  readonly balancing?: BalancingOptions;
  /** Where this node is, as other nodes are told: any name of at most 32 bytes. */
  readonly region?: string;
  /** What this node can do, as other nodes are told: up to 16 names of at most 32 bytes. */
  readonly capabilities?: readonly string[];
  /** Follow the doctor's advice on event channels and duplicates while running. */
  readonly autotune?: boolean;
  /** How often the node looks after things. */
  readonly cadences?: Partial<Cadences>;
  /** Threads for connections, 1 to 64. Without it they are in the thread of the node itself. */
  readonly workers?: number;
  /** Threads for handlers that `onWorker` runs: 4 by default, started when they are needed. */
  readonly notifyWorkers?: number;
}

/** How an address is banned. */
export interface BanOptions {
  /** A day by default. */
  readonly durationMs?: number;
  /** For who reads the list of bans. */
  readonly reason?: string;
}

/** A block that the node knows at least the header of. */
export interface BlockSnapshot {
  readonly hash: Hash;
  readonly height: number;
  readonly header: BlockHeader;
  /** Whether the block lies on the best chain. */
  readonly active: boolean;
  /** The serialised block, or undefined if only the header is held. */
  readonly raw: Uint8Array | undefined;
}

/** A running (or not yet started, or stopped) node. */
export interface P2PNode {
  /** As it was given. */
  readonly network: NetworkParams;
  /** Addresses in use, with real ports; empty before `start`. */
  readonly listening: readonly Endpoint[];
  /** As other nodes are told. */
  readonly userAgent: string;
  /** Brings the chain back from the store: `submitBlock`, `chain` and `block` work from here on. Idempotent. */
  load(): void;
  /**
   * Loads the chain if that is yet to be done, listens, starts to dial. Idempotent: whoever calls it again waits for the
   * first start. Rejects with LocalError if an address cannot be had, and with the code `stopped` once `stop` was called,
   * also where that ends a start under way. A node that could not start is to be stopped; make another one to try again.
   */
  start(): Promise<void>;
  /** Stops accepting, drains queues, closes peers, commits the store. Idempotent. */
  stop(): Promise<void>;
  /** Everybody it is connected to, those included whose handshake is under way. */
  peers(): readonly PeerSnapshot[];
  /** The threads that connections are spread over; none without `workers`. */
  shards(): readonly ShardSnapshot[];
  /** The best chain, and its rivals. */
  chain(): ChainSnapshot;
  /** Items that peers announced since the start. */
  inventory(): InventorySnapshot;
  /** The transactions that wait for a block. */
  pool(): PoolSnapshot;
  /** A block of any known header, by hash or by height on the best chain. */
  block(id: Hash | number): BlockSnapshot | undefined;
  /**
   * Dials a peer, and again whenever the connection is lost, until `disconnect`. Resolves once the handshake is done;
   * rejects with LocalError or RemoteFault, and then nobody is dialled again.
   */
  connect(endpoint: TcpEndpoint): Promise<PeerSnapshot>;
  /** Ends a connection; nobody is dialled again because of `connect` or the options. False if there is no such peer. */
  disconnect(id: number): boolean;
  /** Whom it knows of, with at most `limit` addresses (100 by default). */
  addresses(limit?: number): AddressesSnapshot;
  /** How connections came to nothing since the start. */
  connectionCounts(): ConnectionCounts;
  /** Bans that have not ended. */
  bans(): readonly BanSnapshot[];
  /** Addresses that broke rules of late, connected or not, the latest first. */
  offenders(): readonly OffenderSnapshot[];
  /** Bans an address or a range (`ADDRESS/BITS`), durably, and ends connections to it. Throws LocalError. */
  ban(subnet: string, options?: BanOptions): BanSnapshot;
  /** Ends a ban, or the discouragement of an address. False if there was none. Throws LocalError. */
  unban(subnet: string): boolean;
  /**
   * Offers one serialised block as if a peer had sent it. The answer says what became of it. It is durable at the end of
   * the turn: a loop that offers many calls `commit` now and then. Throws LocalError once the store has failed.
   */
  submitBlock(raw: Uint8Array): BlockVerdict;
  /**
   * Offers one serialised transaction, with witnesses, for peers to have. Only its form is checked: a node without a
   * table of coins cannot tell whether others will accept it. `feeRate`, in satoshi per 1,000 virtual bytes, spares it
   * those peers who want more. Throws LocalError if the bytes are no transaction.
   */
  submitTransaction(raw: Uint8Array, options?: { readonly feeRate?: bigint }): TransactionVerdict;
  /** Makes what was offered so far durable. Throws LocalError if that failed, or anything before it. */
  commit(): void;
  /**
   * Calls `listener` for each event of the type, in order, until the returned handle is disposed. Events that a slow
   * listener makes no room for are dropped, oldest first, and `onLag` is told how many.
   */
  on<T extends keyof NodeEvents>(
    type: T,
    listener: (event: NodeEvents[T]) => void | Promise<void>,
    options?: LagOptions,
  ): Disposable;
  /**
   * Runs a handler in another thread, so that nothing it does can hold the node up. `module` is the URL of a file that
   * exports `handle(item: EventItem, data)`; it is called for each event of the types in order, one at a time, and with
   * `{ type: "lag" }` where events were missed. Resolves once the file is loaded; rejects with LocalError where it cannot be.
   * A handler that hangs or ends its thread is told of by `onError`, and goes on behind the event that it was at; the
   * third time in a row it is given up. Other handlers of that thread may see the event they were at again.
   */
  onWorker<T extends keyof NodeEvents & string>(
    types: T | readonly T[],
    module: URL | string,
    options?: NotifyOptions,
  ): Promise<NotifySubscription>;
  /** Yields events of the types as they come, and how many were missed, until the loop is left or the node stops. */
  events<T extends keyof NodeEvents>(
    types: readonly T[],
    signal?: AbortSignal,
  ): AsyncGenerator<StreamItem<Pick<NodeEvents, T>>, void>;
  /** All figures of the node at this moment, for who watches it. */
  vitals(): Vitals;
  /** What the figures of the last minute show, and what to do about it. The node looks at itself from the first call on. */
  diagnose(): Diagnosis;
  /** How much of each event channel is in use, and what its subscribers missed. */
  channels(): readonly ChannelUse[];
  /**
   * Takes part in a topic until it is closed; the same name answers the same topic. Throws LocalError for a name that is
   * none (1 to 64 bytes of UTF-8), options for a topic that is open, and more topics than peers accept (256).
   */
  topic(name: string, options?: TopicOptions): Topic;
  /**
   * Sends bytes to a peer's application; there they are the event `app:message`. Do not change them any more. False if
   * they were not queued: no such peer, one that takes none, or its outbox is full, and then `peer:writable` follows
   * once it takes more. Throws LocalError above 1 MiB.
   */
  send(peer: number, payload: Uint8Array): boolean;
  /**
   * Asks a peer's application and resolves with its answer. Rejects with LocalError: `unreachable`, `timeout`, `refused`
   * by the peer, `no-method` there, `limit` of requests under way, `stopped`, `bad-argument`; or with the signal's reason.
   * With `anyOf` the peer is found by the rule of the request's class, and another one is asked where no good answer
   * comes in the usual time: more than one may have done what was asked.
   */
  request(to: number | AnyOf, method: string, payload: Uint8Array, options?: DispatchOptions): Promise<Uint8Array>;
  /** A peer that drains gets no new requests, until `isDrained` is false. False if it gets none anyway. */
  drain(peer: number, isDrained?: boolean): boolean;
  /** The network as this node knows it, with a broadcast tree in which no node sends more than `fanout` copies. */
  topology(fanout?: number): TopologySnapshot;
  /** How work is spread over peers. */
  balancing(): BalancingSnapshot;
  /** Answers requests of a method until the handle is disposed. Throws LocalError if it has a handler, or after `stop`. */
  handle(method: string, handler: RequestHandler): Disposable;
  /** What applications did with this node since its start. */
  applications(): ApplicationsSnapshot;
}
