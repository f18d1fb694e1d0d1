import { exp, ln } from "../util/portable_math.ts";

/** A number in [0, 1). */
export type Random = () => number;

/** A whole number from 0 to below `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

/** One of the items, which must not be none. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)]!;
}

/** Normally distributed with mean 0 and deviation 1 (G. Marsaglia's polar method: no sine, which engines round as they like). */
export function normal(random: Random): number {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt(-2 * ln(square) / square);
  }
}

/** So distributed that the logarithm is normal: half of all are below the median, and a few are far above. */
export function lognormal(random: Random, median: number, sigma: number): number {
  return median * exp(sigma * normal(random));
}
