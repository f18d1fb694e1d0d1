import type { Chain } from "../chain/chain.ts";
import type { HeaderNode } from "../chain/header_tree.ts";
import type { Peer } from "../peer/peer.ts";
import { LAG_ANSWER_MS, LAG_TIMEOUT_MS, MAX_SPARED_LAGGARDS } from "../protocol/sync_params.ts";
import type { PeerChains } from "./peer_chains.ts";
import type { Handlers, Service } from "./service.ts";

export interface LaggardsDeps {
  readonly chain: Pick<Chain, "tip">;
  readonly peerChains: Pick<PeerChains, "shown">;
  /** Asks a peer what it has above a header. */
  readonly askAbove: (peer: Peer, node: HeaderNode) => void;
}

/** What a peer has to show, by when. */
interface Term {
  readonly goal: HeaderNode;
  readonly endsAt: number;
  readonly isAsked: boolean;
}

/**
 * Ends outbound peers of our own choice that do not show a chain as good as ours for long, so that their places go to
 * somebody who follows it. Who reaches what ours was gets a new term; some who once were level stay in any case.
 */
export class Laggards implements Service {
  readonly name = "laggards";
  readonly handles: Handlers = {};
  readonly #deps: LaggardsDeps;
  /** Outbound peers; without a term those who are level. */
  readonly #terms = new Map<Peer, Term | undefined>();
  readonly #spared = new Set<Peer>();

  constructor(deps: LaggardsDeps) {
    this.#deps = deps;
  }

  peerReady(peer: Peer): void {
    if (peer.direction === "outbound") this.#terms.set(peer, undefined);
  }

  peerClosed(peer: Peer): void {
    this.#terms.delete(peer);
    this.#spared.delete(peer);
  }

  tick(now: number): void {
    for (const [peer, term] of this.#terms) {
      const isOurChoice = peer.kind === "full" || peer.kind === "block-only";
      if (isOurChoice && !this.#spared.has(peer)) this.#judge(peer, term, now);
    }
  }

  #judge(peer: Peer, term: Term | undefined, now: number): void {
    const { chain: { tip }, peerChains, askAbove } = this.#deps;
    const shown = peerChains.shown(peer);
    // The first block of all is everybody's, and nobody shows it.
    if (!tip.parent || isAsGood(shown, tip)) return this.#onLevel(peer, shown);
    if (!term || isAsGood(shown, term.goal)) {
      this.#terms.set(peer, { goal: tip, endsAt: now + LAG_TIMEOUT_MS, isAsked: false });
      return;
    }
    if (now < term.endsAt) return;
    if (term.isAsked) return peer.close("its chain stays behind ours");
    this.#terms.set(peer, { ...term, endsAt: now + LAG_ANSWER_MS, isAsked: true });
    // From the parent: who is level has something to answer.
    askAbove(peer, term.goal.parent ?? term.goal);
  }

  #onLevel(peer: Peer, shown: HeaderNode | undefined): void {
    this.#terms.set(peer, undefined);
    if (shown && peer.kind === "full" && this.#spared.size < MAX_SPARED_LAGGARDS) this.#spared.add(peer);
  }
}

function isAsGood(shown: HeaderNode | undefined, goal: HeaderNode): boolean {
  return shown !== undefined && shown.chainWork >= goal.chainWork;
}
