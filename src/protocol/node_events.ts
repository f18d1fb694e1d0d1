import type { Hash } from "../util/hash.ts";
import type { PeerSnapshot } from "./peer_snapshots.ts";

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
  /** One runs: at the start, or in the place of another whose listeners it has opened again. */
  "shard:started": { readonly shard: number };
  /** Advice of the doctor was followed. */
  "autotune:applied": {
    readonly reason: string;
    readonly change: string;
    readonly evidence: { readonly [name: string]: string | number | null };
  };
  /** The handshake with a peer is done. */
  "peer:connected": { readonly peer: PeerSnapshot };
  /**
   * A peer that was connected is gone; the reason is a word of ours, never of the remote. Whose handshake was never done
   * has no events: anybody could fill the channel with them. They are counted (`connectionCounts`), and logged.
   */
  "peer:disconnected": { readonly peer: PeerSnapshot; readonly reason: string };
  /** We asked a peer whether it is there; and its answer, with the round trip. */
  "peer:ping": { readonly peer: number };
  "peer:pong": { readonly peer: number; readonly roundTripMs: number };
  /** A peer whose outbox was too full for `send` takes more again. */
  "peer:writable": { readonly peer: number };
  /** A block joined the best chain, or left it for a better one; in the order of the changes. */
  "block:connected": { readonly hash: Hash; readonly height: number };
  "block:disconnected": { readonly hash: Hash; readonly height: number };
  /** The best chain changed to another branch: the tips before and after, and how many blocks left it. */
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
  /** Some blocks of a sync came: the height of the best chain, and of the best header. */
  "sync:progress": { readonly height: number; readonly headers: number };
  /** Bytes of a peer's application. */
  "app:message": { readonly peer: number; readonly payload: Uint8Array };
  /** A message of an open topic was accepted. */
  [topic: `topic:${string}`]: TopicMessage;
  /** All known blocks are here; the tip. */
  "sync:done": { readonly height: number; readonly hash: Hash };
}
