import type { LinkOptions } from "../platform/memory.ts";
import { SeededRandom } from "../platform/seeded_random.ts";
import { lognormal, pick } from "./chance.ts";
import { BANDWIDTHS, JITTER_SHARE, LATENCY_SIGMA, LOSS_RATE } from "./params.ts";

/** Regions, and how many of a hundred nodes are there; roughly as Bitcoin's reachable nodes are spread. */
const REGIONS = [
  { name: "north-america", share: 36 },
  { name: "europe", share: 44 },
  { name: "asia", share: 14 },
  { name: "south-america", share: 3 },
  { name: "oceania", share: 3 },
] as const;
const SHARES = REGIONS.reduce((sum, { share }) => sum + share, 0);

/** Median time one way between two regions, in milliseconds: half of the usual round trips between large cities. */
const LATENCIES_MS: readonly (readonly number[])[] = [
  [20, 48, 80, 70, 85],
  [48, 12, 85, 100, 130],
  [80, 85, 30, 140, 65],
  [70, 100, 140, 18, 150],
  [85, 130, 65, 150, 12],
];

/** How far apart hosts are: the way between two of them is drawn once, in each direction, from what is usual for their regions. */
export class Geography {
  readonly #seed: number;
  readonly #regions = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The name of the region that a host is in. */
  regionOf(host: string): string {
    return REGIONS[this.#regionOf(host)]!.name;
  }

  /** Does not depend on what was asked before: every pair has its own chance. */
  linkOf(from: string, to: string): LinkOptions {
    const random = new SeededRandom(this.#seed, `way ${from} ${to}`);
    const number = () => random.number();
    const median = LATENCIES_MS[this.#regionOf(from)]![this.#regionOf(to)]!;
    const latencyMs = lognormal(number, median, LATENCY_SIGMA);
    return {
      latencyMs,
      jitterMs: latencyMs * JITTER_SHARE,
      lossRate: LOSS_RATE,
      bandwidthBytesPerSecond: pick(number, BANDWIDTHS),
    };
  }

  #regionOf(host: string): number {
    const known = this.#regions.get(host);
    if (known !== undefined) return known;
    let left = new SeededRandom(this.#seed, `region ${host}`).number() * SHARES;
    let region = 0;
    while (region < REGIONS.length - 1 && left >= REGIONS[region]!.share) left -= REGIONS[region++]!.share;
    this.#regions.set(host, region);
    return region;
  }
}
