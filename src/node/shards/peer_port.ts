import type { OfferOutcome } from "../../peer/outbox.ts";
import type { CloseReason, ConnectionKind } from "../../peer/peer_options.ts";
import type { Agreement } from "../../protocol/handshake.ts";
import type { Message, MessageOf } from "../../protocol/messages.ts";
import type { LaneTotal, PeerFigures, ToShard } from "./records.ts";

/** The way from a peer to its shard. */
export interface PeerPort {
  readonly shard: number;
  tell(note: ToShard): void;
  /** The connection becomes this peer, which introduces itself by this version message. */
  adopt(peer: RemoteEnd, socket: number, version: MessageOf<"version">): void;
  /** Encodes a message for a peer; `admit` says whether a frame of that size may be sent. */
  encode(peer: number, message: Message, admit: (sizeBytes: number) => OfferOutcome): OfferOutcome;
  /** Sends a frame that others get too. */
  share(peer: number, frame: Uint8Array): void;
}

/** The way from a shard to its peer. */
export interface RemoteEnd {
  readonly id: number;
  readonly kind: ConnectionKind;
  /** The handshake is done. */
  onReady(agreement: Agreement): void;
  /** Whole frames, which the shard has verified; lent until this returns. */
  onFrames(frames: Uint8Array): void;
  onPing(): void;
  onPong(roundTripMs: number): void;
  onTaken(lanes: readonly LaneTotal[]): void;
  onFigures(figures: PeerFigures): void;
  /** Last call, exactly once. */
  onClosed(reason: CloseReason): void;
}
