import {
  MAX_CHANNEL_USE,
  MAX_CHURN_PER_HOUR,
  MAX_LAG_SHARE,
  MAX_ORPHAN_SHARE,
  MAX_PEER_CPU_SHARE,
  MAX_PEER_MEMORY_BYTES,
  MAX_PROPAGATION_P50_MS,
  MAX_PROPAGATION_P99_MS,
  MAX_REORGANISATION_SHARE,
  MIN_BLOCK_MISHAPS,
} from "../protocol/doctor_params.ts";
import type { HealthCheck, Observation } from "./diagnosis.ts";
import { cpuShares } from "./peer_rates.ts";

interface Threshold {
  readonly name: string;
  readonly limit: number;
  readonly unit: HealthCheck["unit"];
  readonly value: (observation: Observation) => number | null;
}

const THRESHOLDS: readonly Threshold[] = [
  { name: "channel lag", limit: MAX_LAG_SHARE, unit: "share", value: ({ figures }) => figures.lag?.share ?? null },
  {
    name: "channel use",
    limit: MAX_CHANNEL_USE,
    unit: "share",
    value: ({ figures }) => figures.channelUse?.share ?? null,
  },
  {
    name: "block propagation p50",
    limit: MAX_PROPAGATION_P50_MS,
    unit: "ms",
    value: ({ now }) => now.times.blockPropagation.p50Ms,
  },
  {
    name: "block propagation p99",
    limit: MAX_PROPAGATION_P99_MS,
    unit: "ms",
    value: ({ now }) => now.times.blockPropagation.p99Ms,
  },
  {
    name: "memory of the largest peer",
    limit: MAX_PEER_MEMORY_BYTES,
    unit: "bytes",
    value: ({ now, peers }) => peers.length > 0 ? now.peers.maxHeldBytes : null,
  },
  { name: "CPU of the busiest peer", limit: MAX_PEER_CPU_SHARE, unit: "share", value: busiestPeer },
  {
    name: "peer churn",
    limit: MAX_CHURN_PER_HOUR,
    unit: "share/h",
    value: ({ figures }) => figures.churnPerHour,
  },
  {
    name: "reorganisations",
    limit: MAX_REORGANISATION_SHARE,
    unit: "share",
    value: ({ figures, now }) => moreThanChance(figures.reorganisationShare, now.blocks.reorganisations),
  },
  {
    name: "orphans",
    limit: MAX_ORPHAN_SHARE,
    unit: "share",
    value: ({ figures, now }) => moreThanChance(figures.orphanShare, now.blocks.orphans),
  },
];

/** Every threshold that is watched, crossed or not. A value at its limit is crossed. */
export function checkHealth(observation: Observation): readonly HealthCheck[] {
  return THRESHOLDS.map(({ name, limit, unit, value: read }) => {
    const value = read(observation);
    return { name, value, limit, unit, state: value === null ? "unknown" : value < limit ? "ok" : "bad" };
  });
}

/** While a chain is fetched, peers are busy as they should be. */
function busiestPeer(observation: Observation): number | null {
  const shares = cpuShares(observation);
  return shares.length === 0 || observation.now.chain.syncing ? null : Math.max(...shares);
}

function moreThanChance(share: number | null, count: number): number | null {
  return share === null || count >= MIN_BLOCK_MISHAPS ? share : 0;
}
