import * as hdr from "hdr-histogram-js";
import type { TimeCount, TimeSink } from "./time_counts.ts";

// A CommonJS package: the runtimes differ in where its names are.
const { build } = "build" in hdr ? hdr : (hdr as { readonly default: typeof hdr }).default;

const US_PER_MS = 1000;
const P50 = 50;
const P90 = 90;
const P99 = 99;

export interface RecentTimesOptions {
  /** The quantiles cover between one and two of these. */
  readonly windowMs: number;
  /** Anything longer counts as that. */
  readonly maxMs: number;
  /** Significant digits of a quantile. */
  readonly digits: 1 | 2 | 3;
}

/** Quantiles in milliseconds, null where nothing was measured; `count` and `sumMs` are since the start. */
export interface TimesSnapshot {
  readonly count: number;
  readonly sumMs: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/**
 * How long something took of late: HDR histograms of the present window and of the one before. Each is made when there is
 * something to put into it, takes a kilobyte then, and grows with the times that it is told, up to some kilobytes.
 */
export class RecentTimes implements TimeSink {
  readonly #options: RecentTimesOptions;
  #current: hdr.Histogram | undefined;
  #previous: hdr.Histogram | undefined;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;
  #sumMs = 0;

  constructor(options: RecentTimesOptions) {
    this.#options = options;
  }

  add(ms: number, now: number): void {
    this.#add(ms, 1, now);
  }

  /** Times that were counted elsewhere, and are taken for those of `now`. */
  addAll(counts: readonly TimeCount[], now: number): void {
    for (const [us, count] of counts) this.#add(us / US_PER_MS, count, now);
  }

  snapshot(now: number): TimesSnapshot {
    this.#turn(now);
    const [count, sumMs, recent] = [this.#count, this.#sumMs, this.#recent()];
    if (!recent) return { count, sumMs, p50Ms: null, p90Ms: null, p99Ms: null, maxMs: null };
    const at = (percentile: number) => recent.getValueAtPercentile(percentile) / US_PER_MS;
    return { count, sumMs, p50Ms: at(P50), p90Ms: at(P90), p99Ms: at(P99), maxMs: recent.maxValue / US_PER_MS };
  }

  #add(ms: number, count: number, now: number): void {
    this.#turn(now);
    const bounded = Math.min(this.#options.maxMs, Math.max(0, ms));
    this.#count += count;
    this.#sumMs += bounded * count;
    this.#current ??= this.#build();
    this.#current.recordValueWithCount(Math.round(bounded * US_PER_MS), count);
  }

  /** Both windows together; undefined if there is nothing in them. */
  #recent(): hdr.Histogram | undefined {
    const filled = [this.#previous, this.#current].filter((times) => times !== undefined && times.totalCount > 0);
    if (filled.length === 0) return undefined;
    const merged = this.#build();
    for (const times of filled) merged.add(times!);
    return merged;
  }

  #turn(now: number): void {
    const { windowMs } = this.#options;
    if (now - this.#since < windowMs) return;
    const isStale = now - this.#since >= 2 * windowMs;
    [this.#current, this.#previous] = [this.#previous, this.#current];
    this.#current?.reset();
    if (isStale) this.#previous?.reset();
    this.#since = now;
  }

  #build(): hdr.Histogram {
    return build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: 2,
      autoResize: true,
      numberOfSignificantValueDigits: this.#options.digits,
      bitBucketSize: 32,
      useWebAssembly: false,
    });
  }
}
