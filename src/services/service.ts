import type { MessageOf, MessageType } from "../protocol/messages.ts";
import type { Peer } from "../peer/peer.ts";

/** Handlers by message type. A type has one claimant among all services of a node. */
export type Handlers = { readonly [T in MessageType]?: (peer: Peer, message: MessageOf<T>) => void };

/**
 * One behaviour of a node. It reacts to messages and ticks; it never loops, waits, sleeps or touches a socket. A
 * RemoteFault thrown by a handler ends the peer that sent the message; anything else is a bug and ends it too.
 */
export interface Service {
  readonly name: string;
  readonly handles: Handlers;
  /** The handshake with a peer is done. */
  peerReady?(peer: Peer): void;
  /** A peer that was ready is gone. */
  peerClosed?(peer: Peer): void;
  /** A peer's outbox has room for bulk data again. */
  peerWritable?(peer: Peer): void;
  /** Once a second: timeouts. `now` as by `env.now()`. */
  tick?(now: number): void;
}
