import type { Connection, Endpoint } from "../platform/types.ts";
import type { FaultCode } from "../protocol/errors.ts";
import type { HandshakeOptions } from "../protocol/handshake.ts";
import type { Message, MessageOf, MessageType } from "../protocol/messages.ts";
import type { Permissions } from "../protocol/permissions.ts";
import type { Env } from "../util/env.ts";
import type { RoundTrips } from "../util/round_trips.ts";
import type { Decoder, WireCodec } from "../wire/codec.ts";
import type { PeerTimes } from "./peer_times.ts";
import type { Turns } from "./turns.ts";

export type Direction = "inbound" | "outbound";

/**
 * What an outbound connection is for. `manual`: the owner wants it. `full`: everything is relayed. `block-only`: blocks
 * and nothing else, so that who watches transactions and addresses does not learn that it exists. `feeler`: tries an
 * address; it is then kept as the warm spare until the next feeler, and takes the place of a `full` one that was lost.
 */
export type OutboundKind = "manual" | "full" | "block-only" | "feeler";

export type ConnectionKind = "inbound" | OutboundKind;

/** Why a connection ended: a fault of the remote, or one of the ordinary ends. */
export interface CloseReason {
  readonly code: FaultCode | "closed-by-remote" | "connection-lost" | "closed-by-us" | "internal-error";
  readonly detail: string;
}

/** A message as a decoder hands it out: open, or in a shard as a closed frame. */
export interface Typed {
  readonly type: MessageType;
}

/** Who wants to know what a peer (of type P: `Peer`) does. Called from within the peer's own turn. */
export interface PeerObserver<P, M = Message> {
  /** The handshake is done. */
  ready(peer: P): void;
  /** A message after the handshake, except ping and pong, which the peer answers itself. */
  message(peer: P, message: M): void;
  /** All was handled that could be in this turn; a chunk that was lent to the decoder is given back after this call. */
  turnEnded?(peer: P): void;
  /** Once after `awaitRoom`: the outbox has room for bulk data. */
  writable(peer: P): void;
  /** Last call, exactly once. */
  closed(peer: P, reason: CloseReason): void;
  /** It asked whether we are there. True: somebody else answers. */
  pinged?(peer: P, ping: MessageOf<"ping">): boolean;
  /** It was asked whether it is there. */
  ping?(peer: P): void;
  /** A round trip was measured, in milliseconds. */
  pong?(peer: P, roundTripMs: number): void;
}

/** What the registry decides about a connection. */
export interface PeerOptions<P, M = Message> {
  readonly id: number;
  readonly kind: ConnectionKind;
  readonly permissions?: Permissions;
  /** Neither addresses nor transactions are spoken of on this connection. */
  readonly isBlockOnly?: boolean;
  /** What was dialled, by name perhaps; `remote` of the connection where nobody dialled. */
  readonly dialled?: Endpoint;
  readonly handshake: Omit<HandshakeOptions, "role">;
  /** Round trips of all peers together. */
  readonly networkRoundTrips: RoundTrips;
  readonly observer: PeerObserver<P, M>;
  /** How long queues make something wait, over all peers; undefined: not measured. */
  readonly times?: PeerTimes;
}

/** What a peer of this thread stands on besides. */
export interface LocalPeerOptions<P, M> extends PeerOptions<P, M> {
  readonly connection: Connection;
  readonly codec: WireCodec;
  /** It opens messages of the handshake, pings and pongs at least. */
  readonly decoder: Decoder<M>;
  readonly env: Env;
  readonly turns: Turns;
}
