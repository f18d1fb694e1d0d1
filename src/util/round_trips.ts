/** Gains of the smoothed mean and deviation (RFC 6298, section 2). */
const MEAN_GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;
const DEVIATIONS = 4;
const PERCENTILE_95 = 0.95;

/** Of all who have none yet. Nothing is ever written to it. */
const NO_SAMPLES: number[] = [];

/** Bounds between which a timeout adapts, in milliseconds. */
export interface TimeoutBounds {
  /** Used until a round trip was measured. */
  readonly initialMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Round-trip times of one peer, or of many: what they were, and how long an answer may take. All in milliseconds. */
export class RoundTrips {
  #recent = NO_SAMPLES;
  readonly #capacity: number;
  #next = 0;
  #count = 0;
  #sum = 0;
  #last: number | null = null;
  #min: number | null = null;
  #smoothed = 0;
  #deviation = 0;
  /** Of the samples kept; null once there are others. */
  #median: number | null = null;

  /** Keeps the last `capacity` samples for the median and the percentile. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(sampleMs: number): void {
    if (this.#count === 0) this.#recent = [];
    this.#recent[this.#next] = sampleMs;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#last = sampleMs;
    this.#median = null;
    this.#min = this.#min === null ? sampleMs : Math.min(this.#min, sampleMs);
    this.#sum += sampleMs;
    this.#count++;
    if (this.#count === 1) {
      this.#smoothed = sampleMs;
      this.#deviation = sampleMs / 2;
      return;
    }
    this.#deviation += DEVIATION_GAIN * (Math.abs(this.#smoothed - sampleMs) - this.#deviation);
    this.#smoothed += MEAN_GAIN * (sampleMs - this.#smoothed);
  }

  get last(): number | null {
    return this.#last;
  }

  get min(): number | null {
    return this.#min;
  }

  get mean(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }

  /** The middle one of the samples kept, or the lower of two: one that came late for a reason of ours changes nothing. */
  get median(): number | null {
    if (this.#recent.length === 0) return null;
    return this.#median ??= this.#recent.toSorted((a, b) => a - b)[(this.#recent.length - 1) >> 1]!;
  }

  /** Smoothed mean, which follows changes; undefined before the first sample. */
  get smoothed(): number | undefined {
    return this.#count === 0 ? undefined : this.#smoothed;
  }

  /** 95th percentile of the samples kept. */
  get p95(): number | null {
    if (this.#recent.length === 0) return null;
    const sorted = this.#recent.toSorted((a, b) => a - b);
    return sorted[Math.ceil(PERCENTILE_95 * sorted.length) - 1]!;
  }

  /** How long an answer may take: so many smoothed round trips and four deviations, within the bounds. */
  timeoutMs(roundTrips: number, bounds: TimeoutBounds): number {
    if (this.#count === 0) return bounds.initialMs;
    const adapted = roundTrips * this.#smoothed + DEVIATIONS * this.#deviation;
    return Math.min(bounds.maxMs, Math.max(bounds.minMs, adapted));
  }
}
