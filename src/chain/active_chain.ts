import { LOCATOR_DENSE_BLOCKS, MAX_LOCATOR_ENTRIES } from "../protocol/consensus.ts";
import type { Hash } from "../util/hash.ts";
import type { HeaderNode, HeaderTree } from "./header_tree.ts";

/** Blocks that left and joined the active chain: from the old tip down, then up to the new one. */
export interface TipMove {
  readonly disconnected: readonly HeaderNode[];
  readonly connected: readonly HeaderNode[];
}

/** One path through the tree from the genesis block to the tip, by height. */
export class ActiveChain {
  readonly #path: HeaderNode[];

  constructor(genesis: HeaderNode) {
    this.#path = [genesis];
  }

  get tip(): HeaderNode {
    return this.#path[this.#path.length - 1]!;
  }

  at(height: number): HeaderNode | undefined {
    return this.#path[height];
  }

  contains(node: HeaderNode): boolean {
    return this.#path[node.height] === node;
  }

  moveTo(tip: HeaderNode): TipMove {
    const connected: HeaderNode[] = [];
    let fork = tip;
    for (; !this.contains(fork); fork = fork.parent!) connected.push(fork);
    connected.reverse();
    const disconnected = this.#path.splice(fork.height + 1).reverse();
    for (const node of connected) this.#path.push(node);
    return { disconnected, connected };
  }

  /**
   * Up to `max` blocks after the newest one that the asker has in common with us, up to and including `stop`. Without
   * a locator: the block named by `stop`, whatever branch it is on.
   */
  after(tree: HeaderTree, locator: readonly Hash[], stop: Hash, max: number): HeaderNode[] {
    if (locator.length === 0) {
      const single = tree.get(stop);
      return single === undefined || max < 1 ? [] : [single];
    }
    const first = this.#commonWith(tree, locator).height + 1;
    const last = tree.get(stop);
    const end = last !== undefined && last.height >= first && this.contains(last) ? last.height + 1 : Infinity;
    return this.#path.slice(first, Math.min(first + max, end));
  }

  #commonWith(tree: HeaderTree, locator: readonly Hash[]): HeaderNode {
    for (const hash of locator.slice(0, MAX_LOCATOR_ENTRIES)) {
      const node = tree.get(hash);
      if (node === undefined) continue;
      if (this.contains(node)) return node;
      if (node.height > this.tip.height && node.ancestor(this.tip.height) === this.tip) return this.tip;
    }
    return this.#path[0]!;
  }
}

/** Hashes that tell another node where the chain up to `from` runs: dense near its end, then ever wider apart. */
export function locatorFrom(from: HeaderNode): Hash[] {
  const locator: Hash[] = [];
  let step = 1;
  let height = from.height;
  for (let node = from; height > 0; height -= step) {
    node = node.ancestor(height);
    locator.push(node.hash);
    if (locator.length >= LOCATOR_DENSE_BLOCKS) step *= 2;
  }
  locator.push(from.ancestor(0).hash);
  return locator;
}
