import type { Chain } from "../chain/chain.ts";
import type { HeaderNode } from "../chain/header_tree.ts";
import type { Peer } from "../peer/peer.ts";
import type { Hash } from "../util/hash.ts";

/** What one peer is known to have of the chain. */
interface PeerChain {
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
    this.#known.set(peer, { best: undefined, pending: undefined });
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

  /** Whether the peer is known to have this block, being on the chain to its best one. */
  has(peer: Peer, node: HeaderNode): boolean {
    const best = this.best(peer);
    return best !== undefined && best.height >= node.height && best.ancestor(node.height) === node;
  }

  /** The peer has this header, and with it all below. */
  learn(peer: Peer, node: HeaderNode): void {
    const known = this.#known.get(peer);
    if (known) raise(known, node);
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
    raise(known, node);
  }
}

/** An invalid block counts for nothing, however much work lies on it. */
function raise(known: PeerChain, node: HeaderNode): void {
  if (!known.best || known.best.invalid || node.chainWork > known.best.chainWork) known.best = node;
}
