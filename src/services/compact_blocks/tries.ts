import type { HeaderNode } from "../../chain/header_tree.ts";
import { MAX_COMPACT_TRIES_PER_BLOCK, MAX_COMPACT_TRIES_PER_PEER } from "../../protocol/sync_params.ts";
import type { Peer } from "../../peer/peer.ts";

/**
 * Which blocks each peer brought in compact form. Comparing one with the pool takes milliseconds, and a copy takes a
 * hundred bytes: so each peer has one try at a block, and few that come to nothing.
 */
export class Tries {
  readonly #byPeer = new Map<Peer, Set<HeaderNode>>();
  readonly #isOver: (node: HeaderNode) => boolean;

  /** `isOver`: whether copies of a block are not looked at any more. */
  constructor(isOver: (node: HeaderNode) => boolean) {
    this.#isOver = isOver;
  }

  has(peer: Peer, node: HeaderNode): boolean {
    return this.#byPeer.get(peer)?.has(node) ?? false;
  }

  /** Notes the try. False if the peer, or all together at this block, had as many as they may. */
  add(peer: Peer, node: HeaderNode): boolean {
    let ofPeer = this.#byPeer.get(peer);
    if (!ofPeer) this.#byPeer.set(peer, ofPeer = new Set());
    if (ofPeer.size >= MAX_COMPACT_TRIES_PER_PEER) this.#sweep(ofPeer);
    if (ofPeer.size >= MAX_COMPACT_TRIES_PER_PEER || this.#countOf(node) >= MAX_COMPACT_TRIES_PER_BLOCK) return false;
    ofPeer.add(node);
    return true;
  }

  removePeer(peer: Peer): void {
    this.#byPeer.delete(peer);
  }

  #countOf(node: HeaderNode): number {
    let count = 0;
    for (const nodes of this.#byPeer.values()) if (nodes.has(node)) count++;
    return count;
  }

  #sweep(nodes: Set<HeaderNode>): void {
    for (const node of nodes) if (this.#isOver(node)) nodes.delete(node);
  }
}
