import type { ChannelMode } from "../bus/channels.ts";
import type { ChannelUse } from "../bus/bus.ts";
import type { ProcessFigures } from "../platform/types.ts";
import type { BlockCounts, ChainSnapshot, InventorySnapshot, PoolSnapshot } from "../protocol/chain_snapshots.ts";
import type { DedupeMode } from "../protocol/dedupe.ts";
import type { ConnectionCounts, ShardSnapshot, TrafficSnapshot } from "../protocol/peer_snapshots.ts";
import type { TimesSnapshot } from "../util/recent_times.ts";

/** All figures of a node at one moment: counts since its start, and what is there now. No work of judging is done yet. */
export interface Vitals {
  /** By `env.now()`, in milliseconds. */
  readonly at: number;
  /** The same clock, when the node was made. */
  readonly startedAt: number;
  readonly peers: PeerFigures;
  readonly traffic: TrafficSnapshot;
  readonly connections: ConnectionCounts;
  readonly channels: readonly ChannelUse[];
  readonly channelMode: ChannelMode;
  readonly dedupe: DedupeMode;
  readonly inventory: InventorySnapshot;
  readonly pool: PoolSnapshot;
  readonly chain: Pick<ChainSnapshot, "height" | "headers" | "syncing" | "progress" | "medianTime">;
  /** Unix seconds, to compare with the chain's time. */
  readonly wallClockSeconds: number;
  /** Seconds between blocks by the rules of the network; null where they come as they like. */
  readonly spacingSeconds: number | null;
  readonly blocks: BlockCounts;
  readonly queues: QueueFigures;
  readonly times: TimeFigures;
  /** The threads that connections are in. */
  readonly shards: readonly ShardSnapshot[];
  /** What the process takes of the machine; null in a simulation. */
  readonly machine: ProcessFigures | null;
}

/** How many peers there are, came and went. */
export interface PeerFigures {
  readonly inbound: number;
  readonly outbound: number;
  readonly handshaking: number;
  readonly maxInbound: number;
  readonly maxOutbound: number;
  /** Handshakes done, and peers that left after theirs, since the start. */
  readonly joined: number;
  readonly left: number;
  /** Bytes held for peers: what waits in their queues, and what services remember of them. */
  readonly heldBytes: number;
  /** The most that is held for a single one. */
  readonly maxHeldBytes: number;
}

/** What waits, now. */
export interface QueueFigures {
  readonly mailboxBytes: number;
  /** Peers from which nothing is read, because too much of theirs waits. */
  readonly pausedPeers: number;
  readonly outboxBytes: number;
  readonly outboxFrames: number;
  /** To any of several peers, not begun yet. */
  readonly requests: number;
  readonly requestBytes: number;
  /** Of those, asked of a peer. */
  readonly requestsUnderWay: number;
  /** Since the start, because the queue was full. */
  readonly requestsRefused: number;
  readonly blocksInFlight: number;
}

/** How long things took of late. */
export interface TimeFigures {
  /** From the first word of a block, by any peer, to its connection. */
  readonly blockPropagation: TimesSnapshot;
  /** From a transaction's first announcement to its delivery. */
  readonly transactionDelivery: TimesSnapshot;
  /** What was left of a peer's messages after its turn, until the next one. */
  readonly turnWait: TimesSnapshot;
  /** A connection that took no more, until it did. */
  readonly writeWait: TimesSnapshot;
  /** Requests to any peer, until the first is asked. */
  readonly requestWait: TimesSnapshot;
}
