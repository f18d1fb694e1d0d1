import type { Chain } from "../chain/chain.ts";
import { PRUNE_KEEP_BLOCKS } from "../protocol/sync_params.ts";
import type { GuardedStore } from "./guarded_store.ts";

export interface PrunerOptions {
  readonly chain: Chain;
  readonly store: GuardedStore;
  /** Bytes of blocks to keep at most, if the blocks that must stay allow it. */
  readonly maxBytes: number;
}

/** Forgets the oldest blocks of the best chain when they take too much room; the newest stay for reorganisations. */
export class Pruner {
  readonly #options: PrunerOptions;
  #bytes = 0;
  /** Every block of the best chain below this height was forgotten. */
  #nextHeight = 1;

  constructor(options: PrunerOptions) {
    this.#options = options;
  }

  /** States what the store holds at the start, in bytes. */
  begin(bytes: number): void {
    this.#bytes = bytes;
    this.prune();
  }

  added(bytes: number): void {
    this.#bytes += bytes;
  }

  prune(): void {
    const { chain, store, maxBytes } = this.#options;
    while (!store.failure && this.#bytes > maxBytes && this.#nextHeight <= chain.tip.height - PRUNE_KEEP_BLOCKS) {
      const node = chain.nodeAt(this.#nextHeight++)!;
      if (!node.hasBlock) continue;
      this.#bytes -= store.block(node.hash)?.length ?? 0;
      store.removeBlock(node.hash);
      chain.prune(node);
    }
  }
}
