import { exp } from "../../util/portable_math.ts";

/** How a node answered over one span of time: what lies further back counts exponentially less. */
interface Window {
  readonly seconds: number;
  /** Counts as reliable from this share of answered probes on … */
  readonly leastReliability: number;
  /** … if it was probed so often within the span. */
  readonly leastCount: number;
}

const HOUR_SECONDS = 3600;

/** 2 hours, 8 hours, a day, a week: the longer a node is known, the more absence is forgiven. */
const WINDOWS: readonly Window[] = [
  { seconds: 2 * HOUR_SECONDS, leastReliability: 0.85, leastCount: 2 },
  { seconds: 8 * HOUR_SECONDS, leastReliability: 0.7, leastCount: 4 },
  { seconds: 24 * HOUR_SECONDS, leastReliability: 0.55, leastCount: 8 },
  { seconds: 168 * HOUR_SECONDS, leastReliability: 0.45, leastCount: 16 },
];

/** Names of the windows in dumps, shortest first. */
export const UPTIME_WINDOWS = ["2h", "8h", "1d", "1w"] as const;

/** Numbers that an uptime is stored as: its last probe, then reliability, weight and count of each window. */
export const UPTIME_NUMBERS = 1 + WINDOWS.length * 3;

const FIELDS = 3;

/** Success of one node over windows of growing length, from probes at any pace. */
export class Uptime {
  /** As `UPTIME_NUMBERS` says. */
  readonly #numbers: Float64Array;

  constructor(numbers: readonly number[] = []) {
    this.#numbers = new Float64Array(UPTIME_NUMBERS);
    this.#numbers.set(numbers.slice(0, UPTIME_NUMBERS));
  }

  /** Unix seconds of the last probe; 0: none. */
  get lastProbe(): number {
    return this.#numbers[0]!;
  }

  /** Whether some window says that the node is there. */
  get isReliable(): boolean {
    return WINDOWS.some(({ leastReliability, leastCount }, i) => {
      return this.reliability(i) >= leastReliability && this.#numbers[this.#at(i) + 2]! >= leastCount;
    });
  }

  /** Notes one probe. It speaks for the time since the one before it, the first one for an hour. */
  record(isSuccess: boolean, now: number): void {
    const numbers = this.#numbers;
    // A clock that went back tells nothing about the time between.
    const age = this.lastProbe === 0 ? HOUR_SECONDS : Math.max(1, now - this.lastProbe);
    numbers[0] = now;
    WINDOWS.forEach(({ seconds }, i) => {
      const at = this.#at(i);
      const kept = exp(-age / seconds);
      numbers[at] = numbers[at]! * kept + (isSuccess ? 1 - kept : 0);
      numbers[at + 1] = numbers[at + 1]! * kept + (1 - kept);
      numbers[at + 2] = numbers[at + 2]! * kept + 1;
    });
  }

  /** Share of the window's time in which the node answered, 0 to 1, as far as it was probed. */
  reliability(window: number): number {
    const weight = this.#numbers[this.#at(window) + 1]!;
    return weight > 0 ? this.#numbers[this.#at(window)]! / weight : 0;
  }

  toNumbers(): readonly number[] {
    return [...this.#numbers];
  }

  #at(window: number): number {
    return 1 + window * FIELDS;
  }
}
