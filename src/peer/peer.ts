import type { Endpoint } from "../platform/types.ts";
import type { RemoteFault } from "../protocol/errors.ts";
import type { Agreement } from "../protocol/handshake.ts";
import type { Lane } from "../protocol/lanes.ts";
import type { Message, MessageType } from "../protocol/messages.ts";
import type { Permissions } from "../protocol/permissions.ts";
import type { RoundTrips } from "../util/round_trips.ts";
import type { Pace } from "./pace.ts";
import type { ConnectionKind, Direction, OutboundKind } from "./peer_options.ts";

export type PeerState = "new" | "handshaking" | "ready" | "closing" | "closed";

/** Messages by type. */
export type TypeCounts = { [T in MessageType]?: number };

/** One remote node as services and the registry see it, wherever its socket is: in this thread or in a shard. */
export interface Peer {
  readonly id: number;
  readonly direction: Direction;
  readonly kind: ConnectionKind;
  readonly state: PeerState;
  /** Whether the connection is ending or has ended: nothing is sent or handled any more. */
  readonly isOver: boolean;
  readonly permissions: Permissions;
  /** Neither addresses nor transactions are spoken of: they are not sent, and not taken either. */
  readonly isBlockOnly: boolean;
  readonly remote: Endpoint;
  /** The endpoint as it was dialled; the same as `remote` for inbound peers. */
  readonly dialled: Endpoint;
  readonly local: Endpoint;
  readonly wire: string;
  /** The shard that its socket is in; undefined: in this thread. */
  readonly shard: number | undefined;
  /** When the connection opened, by `env.now()`. */
  readonly connectedAt: number;
  /** What the handshake agreed on; undefined before it is done. */
  readonly agreement: Agreement | undefined;
  /** How fast it talks of late. */
  readonly pace: Pick<Pace, "rates" | "receivedAt" | "sentAt">;
  readonly liveness: { readonly roundTrips: RoundTrips };
  readonly messagesIn: Readonly<TypeCounts>;
  readonly messagesOut: Readonly<TypeCounts>;
  /** Bytes of frames by type: of those read, and of those queued to be written. */
  readonly bytesInOf: Readonly<TypeCounts>;
  readonly bytesOutOf: Readonly<TypeCounts>;
  /** Milliseconds that handling its messages took so far, by samples. */
  readonly cpuMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** When it last gave us a block, and a transaction, that we lacked, by `env.now()`. */
  readonly usefulAt: { readonly block: number; readonly transaction: number };
  /** What it sent and nobody handled yet. */
  readonly mailbox: { readonly bytes: number; readonly paused: boolean };
  /** What waits for it to take. */
  readonly outbox: { readonly bytes: number; readonly frames: number; readonly dropped: number };
  /** What waits of one lane. */
  waiting(lane: Lane): { readonly bytes: number; readonly frames: number };
  /** Begins the handshake. Call it once. */
  start(): void;
  /** Keeps an outbound connection for another purpose than it was made for; what the handshake said stays said. */
  become(kind: OutboundKind): void;
  /** The peer gave us something that we lacked. */
  noteUseful(what: "block" | "transaction"): void;
  /** Queues a message. False if it was not queued: the peer is closed, or its lane is full. */
  send(message: Message): boolean;
  /** Queues a frame that was encoded for this peer's wire; it may be shared between peers and never changes. */
  sendFrame(type: MessageType, frame: Uint8Array): boolean;
  /** Asks for one call of the observer's `writable`, once the outbox has room for bulk data. */
  awaitRoom(): void;
  /**
   * Handling its last message costs as much as so many bytes of small ones do: its turn, and the round of all peers, end
   * the sooner.
   */
  charge(sizeBytes: number): void;
  /** Stops handling this peer's messages until `release`: a service has taken all of its work that it can hold. */
  hold(): void;
  release(): void;
  /** Ends the connection because of what the remote did. */
  blame(fault: RemoteFault): void;
  /** Sends what is queued, then ends the connection. */
  close(detail: string): void;
  /** Cuts the connection without sending what is queued. */
  abort(detail: string): void;
  /** Looks at the clock: a handshake or a pong that is overdue ends the peer; a ping may be due. */
  tick(now: number): void;
}
