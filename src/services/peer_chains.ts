import type { Chain } from "../chain/chain.ts";
import type { HeaderNode } from "../chain/header_tree.ts";
import type { Peer } from "../peer/peer.ts";
import type { Hash } from "../util/hash.ts";

/** What one peer is known to have of the chain. */
interface PeerChain {
  /** The best header that it showed itself. */
  shown: HeaderNode | undefined;
  /** That, or what we sent it and it should have by now. */
  best: HeaderNode | undefined;
  /** A hash that the peer announced and whose header we lack yet. */
  pending: Hash | undefined;
}

/** Knows which blocks each peer has, from what it announced, sent and accepted. Shared by the services that sync. */
export class PeerChains {
  readonly #chain: Chain;
  readonly #sighted: (hash: Hash) => void;
  readonly #known = new Map<Peer, PeerChain>();

  /** `sighted`: told of blocks that a peer has and we do not know. */
  constructor(chain: Chain, sighted: (hash: Hash) => void = () => {}) {
    this.#chain = chain;
    this.#sighted = sighted;
  }

  add(peer: Peer): void {
    this.#known.set(peer, { shown: undefined, best: undefined, pending: undefined });
  }

  remove(peer: Peer): void {
    this.#known.delete(peer);
  }

  /** The best header that the peer is known to have. */
  best(peer: Peer): HeaderNode | undefined {
    const known = this.#known.get(peer);
    if (known?.pending !== undefined) this.#resolve(known);
    if (known?.best?.invalid) known.best = undefined;
    return known?.best;
  }

  /** The best header that the peer showed itself: what we sent it does not count. */
  shown(peer: Peer): HeaderNode | undefined {
    const known = this.#known.get(peer);
    if (known?.pending !== undefined) this.#resolve(known);
    if (known?.shown?.invalid) known.shown = undefined;
    return known?.shown;
  }

  /** Whether the peer is known to have this block, being on the chain to its best one. */
  has(peer: Peer, node: HeaderNode): boolean {
    const best = this.best(peer);
    return best !== undefined && best.height >= node.height && best.ancestor(node.height) === node;
  }

  /** The peer shows that it has this header, and with it all below. */
  learn(peer: Peer, node: HeaderNode): void {
    const known = this.#known.get(peer);
    if (known) show(known, node);
  }

  /** We send the peer this header or block, which it need not be told of again. */
  assume(peer: Peer, node: HeaderNode): void {
    const known = this.#known.get(peer);
    if (known) known.best = better(known.best, node);
  }

  /** The peer says that it has a block of which we may not know the header yet. */
  learnHash(peer: Peer, hash: Hash): void {
    const known = this.#known.get(peer);
    if (!known) return;
    known.pending = hash;
    this.#resolve(known);
    if (known.pending === hash) this.#sighted(hash);
  }

  /** Whether the peer announced a block whose header we lack. */
  hasPending(peer: Peer): boolean {
    const known = this.#known.get(peer);
    if (known?.pending !== undefined) this.#resolve(known);
    return known?.pending !== undefined;
  }

  #resolve(known: PeerChain): void {
    const node = this.#chain.get(known.pending!);
    if (!node) return;
    known.pending = undefined;
    show(known, node);
  }
}

function show(known: PeerChain, node: HeaderNode): void {
  known.shown = better(known.shown, node);
  known.best = better(known.best, node);
}

/** An invalid block counts for nothing, however much work lies on it. */
function better(known: HeaderNode | undefined, node: HeaderNode): HeaderNode {
  return !known || known.invalid || node.chainWork > known.chainWork ? node : known;
}
