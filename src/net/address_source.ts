import type { Peer } from "../peer/peer.ts";
import type { OutboundKind } from "../peer/peer_options.ts";
import type { TcpEndpoint } from "../platform/types.ts";

/** The kinds of connection that we make of our own accord. */
export type SlotKind = Exclude<OutboundKind, "manual">;

/** Somebody who may be worth dialling. */
export interface Candidate {
  readonly endpoint: TcpEndpoint;
}

/**
 * Where outbound slots take their candidates from, and whom they tell what came of it. It never waits: what it has to
 * look up elsewhere (DNS) is there at a later call. `now` as by `env.now()`.
 */
export interface AddressSource {
  /**
   * Somebody for a slot of this kind, drawn at random: asked again after a refusal, it names somebody else sooner or
   * later. A feeler's is an address that was never reached. Undefined: nobody is known.
   */
  select(kind: SlotKind, now: number): Candidate | undefined;
  /** Named by the owner, as a way into the network: it may have addresses to give and nothing else. */
  isDoor(endpoint: TcpEndpoint): boolean;
  /** A dial begins. */
  attempted(endpoint: TcpEndpoint, now: number): void;
  /** The handshake of an outbound connection is done. */
  connected(peer: Peer, now: number): void;
  /** The dial or the handshake failed. */
  failed(endpoint: TcpEndpoint, now: number): void;
  /** Asks sources outside again (DNS seeds, fixed seeds): those who are known do not suffice. */
  reseed(now: number): void;
}
