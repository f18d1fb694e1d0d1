import type { Connection, Endpoint } from "../platform/types.ts";
import type { FaultCode } from "../protocol/errors.ts";
import type { HandshakeOptions } from "../protocol/handshake.ts";
import type { Message } from "../protocol/messages.ts";
import type { Env } from "../util/env.ts";
import type { RoundTrips } from "../util/round_trips.ts";
import type { WireCodec } from "../wire/codec.ts";
import type { Turns } from "./turns.ts";

export type Direction = "inbound" | "outbound";

/** Why a connection ended: a fault of the remote, or one of the ordinary ends. */
export interface CloseReason {
  readonly code: FaultCode | "closed-by-remote" | "connection-lost" | "closed-by-us" | "internal-error";
  readonly detail: string;
}

/** Who wants to know what a peer (of type P: `Peer`) does. Called from within the peer's own turn. */
export interface PeerObserver<P> {
  /** The handshake is done. */
  ready(peer: P): void;
  /** A message after the handshake, except ping and pong, which the peer answers itself. */
  message(peer: P, message: Message): void;
  /** The outbox has room for bulk data again. */
  writable(peer: P): void;
  /** Last call, exactly once. */
  closed(peer: P, reason: CloseReason): void;
  /** A round trip was measured, in milliseconds. */
  pong?(peer: P, roundTripMs: number): void;
}

export interface PeerOptions<P> {
  readonly id: number;
  readonly direction: Direction;
  readonly connection: Connection;
  /** What was dialled, by name perhaps; `remote` of the connection where nobody dialled. */
  readonly dialled?: Endpoint;
  readonly codec: WireCodec;
  readonly env: Env;
  readonly turns: Turns;
  readonly handshake: Omit<HandshakeOptions, "role">;
  /** Round trips of all peers together. */
  readonly networkRoundTrips: RoundTrips;
  readonly observer: PeerObserver<P>;
}
