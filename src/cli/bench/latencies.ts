import * as hdr from "hdr-histogram-js";
import { NS_PER_MS } from "./clock.ts";

// A CommonJS package: the runtimes differ in where its names are.
const { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } = "build" in hdr
  ? hdr
  : (hdr as { readonly default: typeof hdr }).default;

/** 1 µs to 1 min with three digits. */
const SCALE = {
  lowestDiscernibleValue: 1_000,
  highestTrackableValue: 60_000_000_000,
  numberOfSignificantValueDigits: 3,
} as const;
const DIGITS = 3;
/** A tail thinner than a thousandth is not drawn; the summary has it. */
const QUANTILES = 1_000;
const PERCENT = 100;
const P50 = 50;
const P90 = 90;
const P99 = 99;
const P999 = 99.9;

/** Percentiles in milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface Bucket {
  readonly fromMs: number;
  readonly toMs: number;
  /** Of all, 0 to 1. */
  readonly share: number;
}

/** How long something took, over and over: an HDR histogram. */
export class Latencies {
  readonly #histogram = build({ ...SCALE, bitBucketSize: 32, useWebAssembly: false });

  /** A time below zero is that of two processes' clocks, a microsecond apart. */
  add(ms: number): void {
    this.#histogram.recordValue(Math.min(SCALE.highestTrackableValue, Math.max(0, Math.round(ms * NS_PER_MS))));
  }

  merge(encoded: string): void {
    this.#histogram.add(decodeFromCompressedBase64(encoded));
  }

  /** For another process. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  reset(): void {
    this.#histogram.reset();
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** How they spread over buckets that double: what a terminal draws. */
  buckets(): readonly Bucket[] {
    if (this.count === 0) return [];
    const exponents = Array.from(
      { length: QUANTILES },
      (_, i) => Math.floor(Math.log2(this.#at(PERCENT * (i + 1) / QUANTILES))),
    );
    const [first, last] = [exponents[0]!, exponents.at(-1)!];
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const exponent = first + i;
      const share = exponents.filter((other) => other === exponent).length / QUANTILES;
      return { fromMs: 2 ** exponent, toMs: 2 ** (exponent + 1), share };
    });
  }

  summary(): LatencySummary {
    const at = (percentile: number) => Number(this.#at(percentile).toFixed(DIGITS));
    return {
      count: this.count,
      p50Ms: at(P50),
      p90Ms: at(P90),
      p99Ms: at(P99),
      p999Ms: at(P999),
      maxMs: Number((this.#histogram.maxValue / NS_PER_MS).toFixed(DIGITS)),
    };
  }

  #at(percentile: number): number {
    return Math.max(SCALE.lowestDiscernibleValue, this.#histogram.getValueAtPercentile(percentile)) / NS_PER_MS;
  }
}
