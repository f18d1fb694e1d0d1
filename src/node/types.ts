import type { BlockHeader } from "../protocol/block_header.ts";
import type { MessageType } from "../protocol/messages.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { Endpoint, Store, TcpEndpoint, Transport } from "../platform/types.ts";
import type { Env } from "../util/env.ts";
import type { Hash, Hasher } from "../util/hash.ts";

/** What a node stands on: one runtime's adapters, or a simulation's. */
export interface NodeParts {
  readonly env: Env;
  readonly transport: Transport;
  readonly hasher: Hasher;
  readonly store: Store;
}

/** What a node's owner decides. */
export interface NodeOptions {
  readonly network: NetworkParams;
  /** Addresses to accept peers on; none: do not listen. */
  readonly listen: readonly Endpoint[];
  /** Bootstrap through these, then discover. */
  readonly join: readonly TcpEndpoint[];
  /** Connect to these and to nobody else. */
  readonly connect: readonly TcpEndpoint[];
  /** Serve short connections of strangers; do not dial for blocks. */
  readonly seed: boolean;
  readonly maxInbound: number;
  readonly maxOutbound: number;
  readonly userAgent: string;
  /** Keep at most so many bytes of blocks; undefined: all. */
  readonly pruneBytes: number | undefined;
  /** Produce a block every so many seconds on average; undefined: never. Only where the network has no difficulty. */
  readonly mineSeconds: number | undefined;
}

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

export interface BlockSnapshot {
  readonly hash: Hash;
  readonly height: number;
  readonly header: BlockHeader;
  /** Whether the block lies on the best chain. */
  readonly active: boolean;
  /** The serialised block, or undefined if only the header is held. */
  readonly raw: Uint8Array | undefined;
}

/** What happened, as the node's owner is told. */
export interface NodeEvents {
  "peer:connected": { readonly peer: PeerSnapshot };
  "peer:disconnected": { readonly peer: PeerSnapshot; readonly reason: string };
  "block:connected": { readonly hash: Hash; readonly height: number };
  "block:disconnected": { readonly hash: Hash; readonly height: number };
  "chain:reorganised": { readonly from: Hash; readonly to: Hash; readonly forkHeight: number; readonly depth: number };
  "sync:progress": { readonly height: number; readonly headers: number };
  "sync:done": { readonly height: number; readonly hash: Hash };
}

/** A running (or not yet started, or stopped) node. */
export interface P2PNode {
  readonly network: NetworkParams;
  /** Addresses in use, with real ports; empty before `start`. */
  readonly listening: readonly Endpoint[];
  readonly userAgent: string;
  /** Loads the chain, listens, starts to dial. Rejects with LocalError if an address cannot be had. */
  start(): Promise<void>;
  /** Stops accepting, drains queues, closes peers, commits the store. Idempotent. */
  stop(): Promise<void>;
  peers(): readonly PeerSnapshot[];
  chain(): ChainSnapshot;
  /** A block of any known header, by hash or by height on the best chain. */
  block(id: Hash | number): BlockSnapshot | undefined;
  /** Dials a peer. Resolves once the handshake is done; rejects with LocalError or RemoteFault. */
  connect(endpoint: TcpEndpoint): Promise<PeerSnapshot>;
  /** Offers one serialised block as if a peer had sent it. The answer says what became of it. */
  submitBlock(raw: Uint8Array): BlockVerdict;
  /** Calls `listener` for each event of the type until the returned handle is disposed. */
  on<T extends keyof NodeEvents>(type: T, listener: (event: NodeEvents[T]) => void): Disposable;
}

export type BlockVerdict =
  | { readonly kind: "extended"; readonly height: number }
  /** Valid, kept, not on the best chain. */
  | { readonly kind: "side"; readonly height: number }
  | { readonly kind: "known"; readonly height: number }
  | { readonly kind: "orphan" }
  | { readonly kind: "refused"; readonly reason: string };
