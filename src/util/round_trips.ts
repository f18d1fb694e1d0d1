/** Gains of the smoothed mean and deviation (RFC 6298, section 2). */
const MEAN_GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;
const DEVIATIONS = 4;
/** Of the samples kept, so many are at most as long as the median and as the 95th percentile. */
const MEDIAN_SHARE = 1 / 2;
const P95_SHARE = 0.95;

/** Of all who have none yet. Nothing is ever written to it. */
const NO_SAMPLES: number[] = [];

/** Bounds between which a timeout adapts, in milliseconds. */
export interface TimeoutBounds {
  /** Used until a round trip was measured. */
  readonly initialMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

interface Quantiles {
  readonly median: number;
  readonly p95: number;
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
  /** Of the samples kept; undefined once there are others, until somebody asks. */
  #quantiles: Quantiles | undefined;

  /** Keeps the last `capacity` samples for the median and the percentile. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(sampleMs: number): void {
    if (this.#count === 0) this.#recent = [];
    this.#recent[this.#next] = sampleMs;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#last = sampleMs;
    this.#quantiles = undefined;
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
    return this.#recent.length === 0 ? null : (this.#quantiles ??= quantilesOf(this.#recent)).median;
  }

  /** Smoothed mean, which follows changes; undefined before the first sample. */
  get smoothed(): number | undefined {
    return this.#count === 0 ? undefined : this.#smoothed;
  }

  /** 95th percentile of the samples kept. */
  get p95(): number | null {
    return this.#recent.length === 0 ? null : (this.#quantiles ??= quantilesOf(this.#recent)).p95;
  }

  /** How long an answer may take: so many smoothed round trips and four deviations, within the bounds. */
  timeoutMs(roundTrips: number, bounds: TimeoutBounds): number {
    if (this.#count === 0) return bounds.initialMs;
    const adapted = roundTrips * this.#smoothed + DEVIATIONS * this.#deviation;
    return Math.min(bounds.maxMs, Math.max(bounds.minMs, adapted));
  }
}

function quantilesOf(samples: readonly number[]): Quantiles {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { median: at(MEDIAN_SHARE), p95: at(P95_SHARE) };
}
