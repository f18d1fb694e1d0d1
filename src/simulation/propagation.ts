import type { Hash } from "../util/hash.ts";
import type { MadeBlock } from "./block_maker.ts";

export interface Spreading {
  readonly block: MadeBlock;
  /** Who made it. */
  readonly maker: number;
  readonly madeAt: number;
  /** Milliseconds until each node had it first, by the node, in order. */
  readonly delays: Map<number, number>;
}

const MEDIAN = 0.5;
const TAIL = 0.99;

/** Middle and tail of a distribution, in milliseconds. */
export interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly count: number;
}

/** How soon the blocks that were made are at the nodes. */
export class Propagation {
  readonly #now: () => number;
  #blocks = new Map<Hash, Spreading>();

  constructor(now: () => number) {
    this.#now = now;
  }

  made(block: MadeBlock, maker: number): void {
    this.#blocks.set(block.hash, { block, maker, madeAt: this.#now(), delays: new Map() });
  }

  /** A node has the block now. */
  arrived(hash: Hash, node: number): void {
    const spreading = this.#blocks.get(hash);
    if (!spreading || spreading.delays.has(node)) return;
    spreading.delays.set(node, this.#now() - spreading.madeAt);
  }

  /** Forgets all blocks so far, which warmed the network up. */
  clear(): void {
    this.#blocks = new Map();
  }

  /** Every block, and how soon it was where. */
  blocks(): Iterable<Spreading> {
    return this.#blocks.values();
  }

  /** Over all blocks and all nodes but the block's maker. */
  spread(): Spread {
    const all: number[] = [];
    for (const { maker, delays } of this.#blocks.values()) {
      for (const [node, delay] of delays) if (node !== maker) all.push(delay);
    }
    return spreadOf(all);
  }
}

export function spreadOf(delaysMs: readonly number[]): Spread {
  const sorted = Float64Array.from(delaysMs).sort();
  return { p50Ms: percentile(sorted, MEDIAN), p99Ms: percentile(sorted, TAIL), count: sorted.length };
}

function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
