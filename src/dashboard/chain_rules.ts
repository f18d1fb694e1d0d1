import type { ForkSnapshot } from "../protocol/chain_snapshots.ts";

/** What tells whether blocks follow each other. */
export interface Linked {
  readonly height: number;
  readonly hash: string;
  readonly previous: string;
}

/** A branch and the row that it is drawn in, from 0. */
export interface PlacedFork<F> {
  readonly fork: F;
  readonly row: number;
}

/** Whether these blocks, in the order of their heights, are one chain that ends at the best block. */
export function isOneChain(blocks: readonly Linked[], bestHash: string): boolean {
  return blocks.every(({ previous }, at) => at === 0 || previous === blocks[at - 1]!.hash) &&
    (blocks.length === 0 || blocks.at(-1)!.hash === bestHash);
}

/**
 * The branches, each in the first row that has room for it. The latest are placed first: what joins an earlier one to
 * the chain then passes on the left of all that stands above it.
 */
export function placeForks<F extends Pick<ForkSnapshot, "height" | "length">>(
  forks: readonly F[],
): readonly PlacedFork<F>[] {
  const firstOf = ({ height, length }: F) => height - length + 1;
  /** Of each row, the lowest height that is taken. */
  const taken: number[] = [];
  return [...forks].sort((left, right) => firstOf(right) - firstOf(left) || right.height - left.height).map((fork) => {
    const free = taken.findIndex((height) => fork.height < height);
    const row = free < 0 ? taken.length : free;
    taken[row] = firstOf(fork);
    return { fork, row };
  });
}
