import type { BestChainChange } from "../ledger/ledger.ts";
import type { InvItem, Message, MessageOf, MessageType } from "../protocol/messages.ts";
import type { Peer } from "../peer/peer.ts";

/** Handlers by message type. A type has one claimant among all services of a node. */
export type Handlers = { readonly [T in MessageType]?: (peer: Peer, message: MessageOf<T>) => void };

/**
 * What a service has to do with items of some kinds of inventory. Whatever part it takes, a kind has one claimant of
 * that part among all services of a node.
 */
export interface InventoryPart {
  readonly kinds: readonly number[];
  /** The peer says that it has these. */
  announced?(peer: Peer, items: readonly InvItem[]): void;
  /** The same, of items that nobody lacks and that were announced moments ago: this much may be noted and no more. */
  repeated?(peer: Peer, items: readonly InvItem[]): void;
  /** Whether the item's data is still to come: while it is, no announcement of it is dropped. */
  lacks?(item: InvItem): boolean;
  /** What answers the request for one item; undefined if it is not held. Called when the peer takes more data. */
  serve?(peer: Peer, item: InvItem): Message | undefined;
  /** The peer was asked for these and does not have them. */
  missing?(peer: Peer, items: readonly InvItem[]): void;
}

/** An answer that is not of the inventory and is made when its turn comes. */
export interface DeferredAnswer {
  /** What it counts for in the bound, in items. */
  readonly items: number;
  /** Throws RemoteFault where the question turns out to be none. */
  readonly make: () => Message;
}

/**
 * One behaviour of a node. It reacts to messages and ticks; it never loops, waits, sleeps or touches a socket. A
 * RemoteFault thrown by a handler ends the peer that sent the message; anything else is a bug and ends it too.
 */
export interface Service {
  readonly name: string;
  readonly handles: Handlers;
  readonly inventory?: InventoryPart;
  /** The handshake with a peer is done. */
  peerReady?(peer: Peer): void;
  /** A peer that was ready is gone. */
  peerClosed?(peer: Peer): void;
  /** A peer's outbox has room for bulk data, after somebody called its `awaitRoom`. */
  peerWritable?(peer: Peer): void;
  /** Bytes, about, that are held for this peer alone; its own queues count elsewhere. */
  heldBytes?(peer: Peer): number;
  /** The best chain is another one, and that is durable. Nothing is left out, and the order is that of the changes. */
  chainChanged?(change: BestChainChange): void;
  /** Once a second: timeouts. `now` as by `env.now()`. */
  tick?(now: number): void;
}
