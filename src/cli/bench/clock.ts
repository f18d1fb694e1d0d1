/** Ticks of the wall clock that are waited for: one of them is seen within a microsecond of its edge. */
const TICKS = 5;
export const NS_PER_MS = 1_000_000;

/**
 * A clock that all processes of a machine share, in milliseconds with fractions. Monotonic clocks begin anywhere, and
 * runtimes round the wall-clock time of their start; so the clock is set where the wall clock ticks.
 */
export function createSharedClock(): () => number {
  let offset = Number.NEGATIVE_INFINITY;
  for (let tick = 0; tick < TICKS; tick++) {
    const before = Date.now();
    let now = before;
    while (now === before) now = Date.now();
    // Whoever looks late sees too small an offset: the largest is the best.
    offset = Math.max(offset, now - performance.now());
  }
  return () => performance.now() + offset;
}

/** Resolves after so many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
