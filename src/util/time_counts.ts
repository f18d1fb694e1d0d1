/** So many times of this length, in whole microseconds. */
export type TimeCount = readonly [us: number, count: number];

/** Whatever takes note of how long something took: `ms`, at `now`. */
export interface TimeSink {
  add(ms: number, now: number): void;
}

const US_PER_MS = 1000;
/** Times are kept to three digits: 900 different ones per power of ten, and those of a node lie in a few of these. */
const DIGITS = 3;

/** Counts times by length until they are taken to another thread: a bounded list, however many times there were. */
export class TimeCounts implements TimeSink {
  readonly #maxMs: number;
  readonly #counts = new Map<number, number>();

  /** `maxMs`: anything longer counts as that. */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  add(ms: number): void {
    const us = Math.round(Math.min(this.#maxMs, Math.max(0, ms)) * US_PER_MS);
    const rounded = Number(us.toPrecision(DIGITS));
    this.#counts.set(rounded, (this.#counts.get(rounded) ?? 0) + 1);
  }

  /** All that was counted since the last call. */
  take(): TimeCount[] {
    const counts = [...this.#counts];
    this.#counts.clear();
    return counts;
  }
}
