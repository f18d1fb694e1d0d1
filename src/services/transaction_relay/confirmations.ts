import type { HeaderNode } from "../../chain/header_tree.ts";
import type { BestChainChange, Ledger } from "../../ledger/ledger.ts";
import type { TransactionPool } from "../../ledger/transaction_pool.ts";
import { TURN_BYTES } from "../../protocol/connection_params.ts";
import { CONFIRMED_BLOCKS, CONFIRMED_BLOCKS_PER_TURN } from "../../protocol/relay_params.ts";
import type { Env } from "../../util/env.ts";

export interface ConfirmationsDeps {
  readonly env: Env;
  readonly ledger: Ledger;
  readonly pool: TransactionPool;
}

/**
 * Lets the pool follow the best chain, block by block: what a block holds leaves, what a block held that left the chain
 * waits again. All that it remembers is how far it came, so that no change is lost however many come at once; and of
 * many it takes some a turn.
 */
export class Confirmations {
  readonly #deps: ConfirmationsDeps;
  /** The last block that the pool heard of. */
  #at: HeaderNode | undefined;
  #isScheduled = false;
  #isClosed = false;

  constructor(deps: ConfirmationsDeps) {
    this.#deps = deps;
  }

  chainChanged({ disconnected, connected }: BestChainChange): void {
    this.#at ??= disconnected[0] ?? connected[0]?.parent;
    if (!this.#isScheduled) this.#follow();
  }

  /** The store is about to close. */
  close(): void {
    this.#isClosed = true;
  }

  #follow(): void {
    const { env, ledger } = this.#deps;
    let bytes = 0;
    for (let count = 0; !this.#isClosed && this.#at !== ledger.chain.tip; count++) {
      if (count < CONFIRMED_BLOCKS_PER_TURN && bytes < TURN_BYTES) bytes += this.#step(this.#at!);
      else return this.#schedule(env);
    }
  }

  #schedule(env: Env): void {
    this.#isScheduled = true;
    env.nextTurn(() => {
      this.#isScheduled = false;
      this.#follow();
    });
  }

  /** One block nearer to the tip, down to the fork first. Answers the bytes that were looked at. */
  #step(at: HeaderNode): number {
    const { env, ledger, pool } = this.#deps;
    const { tip } = ledger.chain;
    const isOnBestChain = at.forkWith(tip) === at;
    this.#at = isOnBestChain ? this.#next(at, tip) : at.parent!;
    const block = ledger.parsedBlock((isOnBestChain ? this.#at : at).hash);
    if (!block) return 0;
    if (isOnBestChain) pool.blockConnected(block);
    else pool.blockDisconnected(block, env.now());
    return block.raw.length;
  }

  /** During a sync each block would be read back for nothing. */
  #next(at: HeaderNode, tip: HeaderNode): HeaderNode {
    const first = this.#deps.pool.count === 0 ? tip.height - CONFIRMED_BLOCKS + 1 : 0;
    return tip.ancestor(Math.max(at.height + 1, first));
  }
}
