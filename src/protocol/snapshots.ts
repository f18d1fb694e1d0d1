import type { Hash } from "../util/hash.ts";
import type { MessageType } from "./messages.ts";
import type { Permission } from "./permissions.ts";

/** One peer as its owner sees it: plain data, taken at one moment. */
export interface PeerSnapshot {
  readonly id: number;
  /** `host:port`, or the path of a unix socket. */
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  /** What the connection is for; see `ConnectionKind`. */
  readonly kind: "inbound" | "manual" | "full" | "block-only" | "feeler";
  readonly state: "handshaking" | "ready";
  readonly wire: string;
  readonly transport: string;
  /** The worker that its socket is in; null: none, the node has no workers. Its figures are then up to half a second old. */
  readonly shard: number | null;
  readonly version: number;
  readonly userAgent: string;
  readonly services: readonly string[];
  /** Best height known: as announced in the handshake, then as seen. */
  readonly height: number;
  /** As announced in the handshake, and as its headers showed since: 0 before it sent any that are new to it. */
  readonly claimedHeight: number;
  readonly provenHeight: number;
  readonly connectedSeconds: number;
  /** Milliseconds; null before the first pong. The median is that of the last half hour or so. */
  readonly pingMs: { readonly [K in "last" | "min" | "mean" | "median"]: number | null };
  /**
   * Seconds since it last sent something, was sent something, and gave us a block and a transaction that we lacked; null
   * for never.
   */
  readonly lastSeconds: { readonly [K in "received" | "sent" | "block" | "transaction"]: number | null };
  /** Of the last ten seconds or so, each second. */
  readonly rates: { readonly [K in "bytesIn" | "bytesOut" | "messagesIn" | "messagesOut"]: number };
  readonly bytes: { readonly in: number; readonly out: number };
  readonly messages: {
    readonly in: { readonly [T in MessageType]?: number };
    readonly out: { readonly [T in MessageType]?: number };
  };
  readonly mailbox: { readonly bytes: number; readonly paused: boolean };
  readonly outbox: { readonly bytes: number; readonly frames: number; readonly dropped: number };
  /** Bytes, about, that are held for it: what waits in its queues, and what is remembered of it. */
  readonly heldBytes: number;
  /** Milliseconds that handling its messages took, by samples. */
  readonly cpuMs: number;
  /** What its address has done wrong of late: 0 to 100, where it is left alone for a day. */
  readonly score: number;
  readonly permissions: readonly Permission[];
}

/** One of the threads that connections are spread over. */
export interface ShardSnapshot {
  readonly id: number;
  readonly state: "running" | "down";
  readonly peers: number;
  /** Share of each ring that is full now, 0 to 1; null where threads share no memory. */
  readonly ringUse: { readonly toShard: number | null; readonly toMain: number | null };
  /** Bytes for the shard that wait for room in its ring. */
  readonly waitingBytes: number;
  /** How late its event loop was when it last reported. */
  readonly delayMs: number;
  readonly restarts: number;
}

/** A ban as its owner sees it. */
export interface BanSnapshot {
  /** Names it to `DELETE /v1/bans/ID`: the subnet. */
  readonly id: string;
  /** An address, or `ADDRESS/BITS`. */
  readonly subnet: string;
  /** Unix seconds. */
  readonly until: number;
  readonly secondsLeft: number;
  readonly reason: string;
  /** Of a new ban: what keeps it from having all of its effect. */
  readonly warning?: string;
}

/** An address that broke rules of late, connected or not. */
export interface OffenderSnapshot {
  /** An address, or the subnet that counts as one. */
  readonly address: string;
  /** What is left of what it did: 0 to 100, where it is left alone for a day. */
  readonly score: number;
  /** Its last fault, as `peer:disconnected` names it. */
  readonly fault: string;
  /** How many there were. */
  readonly faults: number;
  readonly secondsAgo: number;
  /** How long it is left alone, for what it did or by a ban; null where it is not. */
  readonly secondsLeft: number | null;
}

/** Messages and bytes since the start, by type; of what is sent, as it was queued. */
export type TrafficByType = { readonly [T in MessageType]?: { readonly messages: number; readonly bytes: number } };

/** What went over all connections since the start, those that ended included. */
export interface TrafficSnapshot {
  readonly in: TrafficByType;
  readonly out: TrafficByType;
  /** Milliseconds that handling the peers' messages took. */
  readonly cpuMs: number;
  /** Frames that were dropped because a peer's outbox was full. */
  readonly dropped: number;
}

/** Connections refused before a handshake, since the start, by reason. */
export type RefusalCounts = { readonly [R in RefusalReason]: number };

/**
 * `full`: nobody had to leave for it. `address`, `group`: others of its address or network group have their share.
 * `duplicate`: it led where another connection of ours leads already.
 */
export const REFUSAL_REASONS = ["full", "address", "group", "banned", "discouraged", "duplicate"] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** How connections came to nothing, since the start. */
export interface ConnectionCounts {
  readonly refused: RefusalCounts;
  /** Inbound peers that had to leave for others. */
  readonly evicted: number;
  /** Connections that ended, by the code of the reason. */
  readonly ended: Readonly<Record<string, number>>;
}

/** The chain at one moment. */
export interface ChainSnapshot {
  /** Height and hash of the best chain whose blocks we hold. */
  readonly height: number;
  readonly bestHash: Hash;
  /** Height and hash of the best header, whose block may not be here yet. */
  readonly headers: number;
  readonly bestHeaderHash: Hash;
  /** Total work of the best chain, hex without prefix. */
  readonly work: string;
  readonly syncing: boolean;
  /** Share of the known blocks that we hold, 0 to 1. */
  readonly progress: number;
  /** Median time past of the tip, Unix seconds. */
  readonly medianTime: number;
  /** When the tip's miner says that it was made, Unix seconds. */
  readonly tipTime: number;
  readonly forks: readonly ForkSnapshot[];
}

/** The end of a branch other than the best chain. */
export interface ForkSnapshot {
  readonly height: number;
  readonly hash: Hash;
  /** Blocks that the best chain lacks. */
  readonly length: number;
  /** Whether its blocks were accepted. Else only its headers are here: they were not fetched, or not what they claim. */
  readonly complete: boolean;
}

/** What became of blocks since the start. */
export interface BlockCounts {
  /** Became part of the best chain, and left it. */
  readonly connected: number;
  readonly disconnected: number;
  readonly reorganisations: number;
  /** Came before the blocks that they follow. */
  readonly orphans: number;
  /** Of those, still waiting for their parents. */
  readonly orphansHeld: number;
  readonly refused: number;
}

/** What peers announced since the start, in items. */
export interface InventorySnapshot {
  readonly announced: number;
  /** Announced before, within seconds; always 0 where they are not looked for. */
  readonly duplicates: number;
  /** In announcements that were dropped because they told nothing new. */
  readonly dropped: number;
}

/** One address of the book. Times are Unix seconds, 0 for never. */
export interface AddressSnapshot {
  /** `host:port`. */
  readonly address: string;
  readonly services: readonly string[];
  /** Whether it answered us once. */
  readonly tried: boolean;
  /** When it was last heard of, as far as we were told. */
  readonly time: number;
  readonly lastTry: number;
  readonly lastSuccess: number;
  /** Failed dials since the last success. */
  readonly attempts: number;
  /** Who told us first. */
  readonly source: string;
  /** Whether a seed's probes found it there often enough; null where there were none. */
  readonly reliable: boolean | null;
  /** Share of the time, 0 to 1, for each window; null where nobody probed it. */
  readonly uptime: Readonly<Record<string, number>> | null;
}

/** The address book. */
export interface AddressesSnapshot {
  readonly total: number;
  readonly new: number;
  readonly tried: number;
  readonly networks: Readonly<Record<string, { readonly new: number; readonly tried: number }>>;
  /** Addresses that peers told us since the start. */
  readonly gossip: {
    readonly received: number;
    /** Beyond what one peer may tell, and not looked at. */
    readonly limited: number;
    /** Passed on, once for each peer that got them. */
    readonly relayed: number;
  };
  /** Some of them, the latest successes first. */
  readonly addresses: readonly AddressSnapshot[];
}

/** What became of an offered block. */
export type BlockVerdict =
  | { readonly kind: "extended"; readonly height: number }
  /** Valid, kept, not on the best chain. */
  | { readonly kind: "side"; readonly height: number }
  | { readonly kind: "known"; readonly height: number }
  | { readonly kind: "orphan" }
  | { readonly kind: "refused"; readonly reason: string };

/** The transactions that wait for a block. */
export interface PoolSnapshot {
  readonly count: number;
  /** Of the serialised transactions. */
  readonly bytes: number;
  /** Transactions that peers announced and that are asked for or will be. */
  readonly requested: number;
}

/** What became of an offered transaction. */
export type TransactionVerdict =
  | { readonly kind: "accepted" | "known"; readonly txid: Hash; readonly wtxid: Hash }
  /** A word for the rule of form that it breaks; `settled`: it was here before, and left. */
  | { readonly kind: "refused"; readonly reason: string };

/** A message that a peer published, or passed on, to a topic. */
export interface TopicMessage {
  readonly topic: string;
  /** By which copies are recognised. */
  readonly id: bigint;
  /** Shared by all who get the message: do not change it. */
  readonly payload: Uint8Array;
  /** Id of the peer that it came from, who need not be who published it. */
  readonly from: number;
}

/** A topic that is open here; messages since it was opened. */
export interface TopicSnapshot {
  readonly name: string;
  /** Peers that are subscribed. */
  readonly peers: number;
  /** By this node. */
  readonly published: number;
  /** Delivered and passed on. */
  readonly accepted: number;
  readonly duplicates: number;
  /** By the validator, `failed` ones included. */
  readonly ignored: number;
  readonly rejected: number;
  /** Judgements that threw or took too long. */
  readonly failed: number;
  /** Not even judged: too many were being judged. */
  readonly dropped: number;
  /** Missed by slow listeners, as far as they were told. */
  readonly lag: number;
}

/** Requests of applications, both ways. */
export interface RequestsSnapshot {
  /** Methods that are answered here. */
  readonly methods: readonly string[];
  /** Requests of ours that wait. */
  readonly pending: number;
  /** Responses that matched no request of ours: too late, or never asked for. */
  readonly unmatched: number;
  /** Handlers at work. */
  readonly running: number;
  readonly answered: number;
  readonly failed: number;
  /** Refused because too many handlers were at work, or the asker had too many answers to read. */
  readonly busy: number;
  /** Answers that were dropped because the peer took no more data. */
  readonly unanswered: number;
  readonly unknownCancels: number;
}

/** Requests of ours that any of several peers may answer. */
export interface DispatchSnapshot {
  /** Not begun yet. */
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly underWay: number;
  /** Because the queue was full. */
  readonly refused: number;
  readonly answered: number;
  readonly failed: number;
  /** Asked again elsewhere. */
  readonly retries: number;
  /** Retries that the budget allows now, and those that it refused. */
  readonly retriesLeft: number;
  readonly retriesRefused: number;
}

/** How one peer does one kind of work. */
export interface WorkerSnapshot {
  readonly peer: number;
  readonly name: string;
  readonly work: "blocks" | "requests";
  /** Under way. */
  readonly outstanding: number;
  readonly answered: number;
  readonly failures: number;
  /** Smoothed, of one answer; null before the first. */
  readonly latencyMs: number | null;
  /** Share of good ones among recent answers. */
  readonly health: number;
  readonly breaker: "closed" | "open" | "half-open";
  readonly draining: boolean;
  readonly region: string;
  readonly load: number;
}

/** How work is spread over peers. */
export interface BalancingSnapshot {
  readonly requests: DispatchSnapshot;
  readonly workers: readonly WorkerSnapshot[];
}

/** A node of the network, as far as we know it. */
export interface TopologyNodeSnapshot {
  readonly id: string;
  /** Where it is or was connected to us, or what gossip says; null if we have no address of it. */
  readonly address: string | null;
  readonly region: string;
  readonly capabilities: readonly string[];
  readonly load: number;
  readonly draining: boolean;
  /** Ourselves, a peer of ours, heard of in topology gossip, or known by an address alone. */
  readonly source: "self" | "peer" | "gossip" | "address";
  /** Since it was heard of; 0 for ourselves and our peers. */
  readonly ageSeconds: number;
  /** Peers that told of it. */
  readonly reporters: number;
  /** The quickest way from here; null if none is known. */
  readonly path: { readonly via: string | null; readonly hops: number; readonly rttMs: number } | null;
}

export interface TopologyLinkSnapshot {
  readonly from: string;
  readonly to: string;
  readonly rttMs: number | null;
  /** Measured by us, told by both ends, or told by one. */
  readonly known: "measured" | "confirmed" | "claimed";
}

/** The network, as one node knows it. */
export interface TopologySnapshot {
  readonly self: string;
  readonly nodes: readonly TopologyNodeSnapshot[];
  readonly links: readonly TopologyLinkSnapshot[];
  readonly metrics: {
    readonly nodes: number;
    readonly links: number;
    readonly components: number;
    readonly meanLinks: number;
    readonly diameter: number;
    /** Nodes by region; those that do not say where they are under the empty name. */
    readonly regions: Readonly<Record<string, number>>;
  };
  /** A tree from us in which no node sends more than `fanout` copies: who gets a message from whom. */
  readonly broadcast: {
    readonly fanout: number;
    readonly reached: number;
    readonly depth: number;
    readonly edges: readonly (readonly [from: string, to: string])[];
  };
}

/** Raw messages of applications. */
export interface AppMessagesSnapshot {
  readonly received: number;
  /** Nobody listened. */
  readonly unheard: number;
}

/** What applications do with this node. */
export interface ApplicationsSnapshot {
  readonly topics: readonly TopicSnapshot[];
  readonly requests: RequestsSnapshot;
  readonly appMessages: AppMessagesSnapshot;
}

/**
 * `no-peers`: nobody is connected. `disagreement`: peers follow different chains, and our own does not grow.
 * `split-view`: much of the network vanished at once, as far as topology tells. `stale-tip`: no block came for far longer than the network takes for one.
 */
export type PartitionReason = "no-peers" | "disagreement" | "split-view" | "stale-tip";

/** `reseed`: ask for addresses outside. `extra-peer`: dial more than the usual number. `rotate`: replace the slowest. */
export type PartitionStep = "reseed" | "extra-peer" | "rotate";

/** What happened, as the node's owner is told. */
export interface NodeEvents {
  /** The node can no longer do its work, because its store failed: stop it. */
  "node:failed": { readonly error: Error };
  /** We suspect that we are cut off from the rest of the network, or parts of it from each other. */
  "partition:suspected": { readonly reason: PartitionReason };
  /** What is done about it. */
  "partition:step": { readonly reason: PartitionReason; readonly step: PartitionStep };
  /** The reason is gone. */
  "partition:healed": { readonly reason: PartitionReason; readonly seconds: number };
  /** A worker thread ended, and its peers with it; another one takes its place. */
  "shard:failed": { readonly shard: number; readonly reason: string; readonly peers: number };
  "shard:started": { readonly shard: number };
  /** Advice of the doctor was followed. */
  "autotune:applied": {
    readonly reason: string;
    readonly change: string;
    readonly evidence: { readonly [name: string]: string | number | null };
  };
  "peer:connected": { readonly peer: PeerSnapshot };
  "peer:disconnected": { readonly peer: PeerSnapshot; readonly reason: string };
  /** We asked a peer whether it is there; and its answer, with the round trip. */
  "peer:ping": { readonly peer: number };
  "peer:pong": { readonly peer: number; readonly roundTripMs: number };
  /** A peer whose outbox was too full for `send` takes more again. */
  "peer:writable": { readonly peer: number };
  "block:connected": { readonly hash: Hash; readonly height: number };
  "block:disconnected": { readonly hash: Hash; readonly height: number };
  "chain:reorganised": { readonly from: Hash; readonly to: Hash; readonly forkHeight: number; readonly depth: number };
  /** The tip of the best chain changed; published once a change, after the events of its blocks. */
  "chain:tip": { readonly hash: Hash; readonly height: number };
  /** A transaction joined the pool; `peer`: who sent it, undefined if it is our own. */
  "transaction:seen": {
    readonly txid: Hash;
    readonly wtxid: Hash;
    readonly sizeBytes: number;
    readonly peer: number | undefined;
  };
  "sync:progress": { readonly height: number; readonly headers: number };
  /** Bytes of a peer's application. */
  "app:message": { readonly peer: number; readonly payload: Uint8Array };
  /** A message of an open topic was accepted. */
  [topic: `topic:${string}`]: TopicMessage;
  "sync:done": { readonly height: number; readonly hash: Hash };
}
