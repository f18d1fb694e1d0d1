import type { MessageType } from "./messages.ts";
import type { Permission } from "./permissions.ts";

/** One peer as its owner sees it: plain data, taken at one moment. */
export interface PeerSnapshot {
  /** Number of the connection, never used again while the node runs. */
  readonly id: number;
  /** `host:port`, or the path of a unix socket. */
  readonly address: string;
  /** `inbound`: it dialled us. */
  readonly direction: "inbound" | "outbound";
  /** What the connection is for; see `ConnectionKind`. */
  readonly kind: "inbound" | "manual" | "full" | "block-only" | "feeler";
  /** Only who is `ready` is sent anything but the handshake. */
  readonly state: "handshaking" | "ready";
  /** `native` or `bitcoin`. */
  readonly wire: string;
  /** `tcp` or `unix`. */
  readonly transport: string;
  /** The worker that its socket is in; null: none, the node has no workers. Its figures are then up to half a second old. */
  readonly shard: number | null;
  /** Protocol version, 0 before its version message. */
  readonly version: number;
  /** What it calls itself, in its own words: escape it before it is shown. */
  readonly userAgent: string;
  /** What it offers, by name; bits without a name as `BIT_n`. */
  readonly services: readonly string[];
  /** Best height known: as announced in the handshake, then as seen. */
  readonly height: number;
  /** As announced in the handshake, and as its headers showed since: 0 before it sent any that are new to it. */
  readonly claimedHeight: number;
  readonly provenHeight: number;
  /** Seconds since the connection was made. */
  readonly connectedSeconds: number;
  /** Milliseconds; null before the first pong. Median and 95th percentile are those of the last half hour or so. */
  readonly pingMs: { readonly [K in "last" | "min" | "mean" | "median" | "p95"]: number | null };
  /**
   * Seconds since it last sent something, was sent something, and gave us a block and a transaction that we lacked; null
   * for never.
   */
  readonly lastSeconds: { readonly [K in "received" | "sent" | "block" | "transaction"]: number | null };
  /** Of the last ten seconds or so, each second. */
  readonly rates: { readonly [K in "bytesIn" | "bytesOut" | "messagesIn" | "messagesOut"]: number };
  /** Bytes since then; what went out as it was queued. */
  readonly bytes: { readonly in: number; readonly out: number };
  /** Messages since then, by type. */
  readonly messages: {
    readonly in: { readonly [T in MessageType]?: number };
    readonly out: { readonly [T in MessageType]?: number };
  };
  /** What it sent and we have yet to handle; `paused`: nothing is read from it meanwhile. */
  readonly mailbox: { readonly bytes: number; readonly paused: boolean };
  /** What it has yet to take, and how many frames were dropped because it took too little. */
  readonly outbox: { readonly bytes: number; readonly frames: number; readonly dropped: number };
  /** Bytes, about, that are held for it: what waits in its queues, and what is remembered of it. */
  readonly heldBytes: number;
  /** Milliseconds that handling its messages took, by samples. */
  readonly cpuMs: number;
  /** What its address has done wrong of late: 0 to 100, where it is left alone for a day. */
  readonly score: number;
  /** What it may do beyond others. */
  readonly permissions: readonly Permission[];
}

/** One of the threads that connections are spread over. */
export interface ShardSnapshot {
  /** From 0; the same after a restart. */
  readonly id: number;
  /** `down`: it ended, and another one is being started in its place. */
  readonly state: "running" | "down";
  /** Connections in it. */
  readonly peers: number;
  /** Share of each ring that is full now, 0 to 1; null where threads share no memory. */
  readonly ringUse: { readonly toShard: number | null; readonly toMain: number | null };
  /** Bytes for the shard that wait for room in its ring. */
  readonly waitingBytes: number;
  /** How late its event loop was when it last reported. */
  readonly delayMs: number;
  /** How often it was replaced since the start. */
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
  /** Until it ends. */
  readonly secondsLeft: number;
  /** As it was given with the ban; empty if none was. */
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
  /** Its last fault, by its code. */
  readonly fault: string;
  /** How many there were. */
  readonly faults: number;
  /** Since the last one. */
  readonly secondsAgo: number;
  /** How long it is left alone, for what it did or by a ban; null where it is not. */
  readonly secondsLeft: number | null;
}

/** Messages and bytes since the start, by type; of what is sent, as it was queued. */
export type TrafficByType = { readonly [T in MessageType]?: { readonly messages: number; readonly bytes: number } };

/** What went over all connections since the start, those that ended included. */
export interface TrafficSnapshot {
  /** Received. */
  readonly in: TrafficByType;
  /** Sent. */
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
/** Why a connection was refused; see `REFUSAL_REASONS`. */
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** How connections came to nothing, since the start. */
export interface ConnectionCounts {
  /** Before a handshake. */
  readonly refused: RefusalCounts;
  /** Inbound peers that had to leave for others. */
  readonly evicted: number;
  /** Connections that ended, by the code of the reason. */
  readonly ended: Readonly<Record<string, number>>;
}
