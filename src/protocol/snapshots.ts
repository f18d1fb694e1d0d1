import type { Hash } from "../util/hash.ts";
import type { MessageType } from "./messages.ts";

/** One peer as its owner sees it: plain data, taken at one moment. */
export interface PeerSnapshot {
  readonly id: number;
  /** `host:port`, or the path of a unix socket. */
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  readonly state: "handshaking" | "ready";
  readonly wire: string;
  readonly transport: string;
  readonly version: number;
  readonly userAgent: string;
  readonly services: readonly string[];
  /** Best height known: as announced in the handshake, then as seen. */
  readonly height: number;
  readonly connectedSeconds: number;
  /** Milliseconds; null before the first pong. */
  readonly pingMs: { readonly last: number | null; readonly min: number | null; readonly mean: number | null };
  readonly bytes: { readonly in: number; readonly out: number };
  readonly messages: {
    readonly in: { readonly [T in MessageType]?: number };
    readonly out: { readonly [T in MessageType]?: number };
  };
  readonly mailbox: { readonly bytes: number; readonly paused: boolean };
  readonly outbox: { readonly bytes: number; readonly frames: number; readonly dropped: number };
}

/** The chain at one moment. */
export interface ChainSnapshot {
  /** Height and hash of the best chain whose blocks we hold. */
  readonly height: number;
  readonly bestHash: Hash;
  /** Height of the best header. */
  readonly headers: number;
  /** Total work of the best chain, hex without prefix. */
  readonly work: string;
  readonly syncing: boolean;
  /** Share of the known blocks that we hold, 0 to 1. */
  readonly progress: number;
  /** Median time past of the tip, Unix seconds. */
  readonly medianTime: number;
  readonly forks: readonly { readonly height: number; readonly hash: Hash; readonly length: number }[];
}

/** What peers announced since the start, in items. */
export interface InventorySnapshot {
  readonly announced: number;
  /** Announced before, within seconds; always 0 where they are not looked for. */
  readonly duplicates: number;
  /** In announcements that were dropped because they told nothing new. */
  readonly dropped: number;
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

/** What happened, as the node's owner is told. */
export interface NodeEvents {
  /** The node can no longer do its work, because its store failed: stop it. */
  "node:failed": { readonly error: Error };
  "peer:connected": { readonly peer: PeerSnapshot };
  "peer:disconnected": { readonly peer: PeerSnapshot; readonly reason: string };
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
  "sync:done": { readonly height: number; readonly hash: Hash };
}
