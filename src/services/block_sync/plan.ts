import type { Chain } from "../../chain/chain.ts";
import type { HeaderNode } from "../../chain/header_tree.ts";
import type { Peer } from "../../peer/peer.ts";
import { hasServices, servesBlocks, SERVICE_NETWORK } from "../../protocol/service_flags.ts";
import { BLOCK_WINDOW, PRUNE_KEEP_BLOCKS } from "../../protocol/sync_params.ts";
import type { Hash } from "../../util/hash.ts";
import type { PeerChains } from "../peer_chains.ts";

export interface PlanDeps {
  readonly chain: Chain;
  readonly peerChains: PeerChains;
  /** Whether somebody was asked for the block and has not brought it yet. */
  readonly isOwed: (hash: Hash) => boolean;
}

/** Blocks that a pruned peer may have got, and forgotten as many for, since it told us of its best one (BIP159). */
const PRUNE_RACE_BLOCKS = 2;

/** Which blocks to ask for next, and which of them of a peer. */
export class Plan {
  readonly #deps: PlanDeps;
  /** Lowest first, as they were when the plan was made. */
  #nodes: HeaderNode[] = [];

  constructor(deps: PlanDeps) {
    this.#deps = deps;
  }

  /** What it rests on has changed: it is made anew when it is needed. */
  discard(): void {
    this.#nodes = [];
  }

  /** Makes the plan, unless there is one. */
  prepare(): void {
    if (this.#nodes.length > 0) return;
    const missing = this.#deps.chain.missingBlocks(BLOCK_WINDOW);
    this.#nodes = missing.filter(({ hash }) => !this.#deps.isOwed(hash));
  }

  /** Takes up to `count` blocks that the peer has and nobody owes. */
  take(peer: Peer, count: number): HeaderNode[] {
    const { chain, peerChains } = this.#deps;
    const best = peerChains.best(peer);
    if (!best) return [];
    const oldest = oldestHeld(peer, best);
    const taken: HeaderNode[] = [];
    const left: HeaderNode[] = [];
    for (const node of this.#nodes) {
      if (taken.length < count && node.height >= oldest && peerChains.has(peer, node)) taken.push(node);
      else left.push(node);
    }
    this.#nodes = left;
    const wanted = taken.filter((node) => !node.hasBlock && !chain.isActive(node));
    return wanted.length > 0 ? wanted : this.#ofBranch(best, oldest, count);
  }

  /** Of a peer whose chain beats ours though another has the best headers: nobody may have the blocks of that one. */
  #ofBranch(best: HeaderNode, oldest: number, count: number): HeaderNode[] {
    const { chain, isOwed } = this.#deps;
    if (best.chainWork <= chain.tip.chainWork || best.forkWith(chain.bestHeader) === best) return [];
    const missing = chain.missingBlocks(BLOCK_WINDOW, best);
    return missing.filter(({ height, hash }) => height >= oldest && !isOwed(hash)).slice(0, count);
  }
}

/** Whether a peer has blocks for us at all. */
export function canServe(peer: Peer): boolean {
  return servesBlocks(servicesOf(peer), true);
}

/** The height of the oldest block that a peer with this best one holds: a pruned one promises the newest only (BIP159). */
function oldestHeld(peer: Peer, best: HeaderNode): number {
  return hasServices(servicesOf(peer), SERVICE_NETWORK) ? 0 : best.height - PRUNE_KEEP_BLOCKS + PRUNE_RACE_BLOCKS;
}

function servicesOf(peer: Peer): bigint {
  return peer.agreement?.version.services ?? 0n;
}
