import type { Evidence, Finding, HealthCheck } from "./diagnosis.ts";

const PERCENT = 100;
const TENTHS = 10;

/** By the name of a threshold: how grave it is when it is crossed, and where one sees more of it. */
const CROSSED: { readonly [name: string]: Pick<Finding, "level" | "advice"> | undefined } = {
  "block propagation p50": { level: "warning", advice: "p2p inspect balancing --sort time:desc: who delivers late" },
  "block propagation p99": { level: "warning", advice: "p2p inspect balancing --sort time:desc: who delivers late" },
  "memory of the largest peer": {
    level: "warning",
    advice: "p2p inspect peers --columns id,address,held,outbox --sort held:desc",
  },
  "CPU of the busiest peer": {
    level: "warning",
    advice: "p2p inspect peers --columns id,address,cpu,msg-in --sort cpu:desc",
  },
  // One who leaves a small network crosses it: good to know, and no more.
  "peer churn": { level: "note", advice: "p2p inspect events --types peer:disconnected: who leaves, and why" },
  "reorganisations": { level: "warning", advice: "p2p inspect chain --tips: which branches there are" },
  "orphans": { level: "note", advice: null },
};

/** Thresholds that are crossed, but for those of event channels, of which there are findings with a change. */
export function findCrossed(health: readonly HealthCheck[]): readonly Finding[] {
  return health.flatMap((check) => {
    const told = check.state === "bad" ? CROSSED[check.name] : undefined;
    if (!told) return [];
    const text = `${check.name} is over its limit`;
    return [{ id: "over-limit", peer: null, text, evidence: evidenceOf(check), change: null, ...told }];
  });
}

function evidenceOf({ value, limit, unit }: HealthCheck): Evidence {
  switch (unit) {
    case "ms":
      return { nowMs: value === null ? null : round(value), limitMs: limit };
    case "bytes":
      return { nowBytes: value, limitBytes: limit };
    case "share":
      return { nowPercent: value === null ? null : round(value * PERCENT), limitPercent: round(limit * PERCENT) };
    case "share/h":
      return {
        nowPercentPerHour: value === null ? null : round(value * PERCENT),
        limitPercentPerHour: round(limit * PERCENT),
      };
  }
}

function round(value: number): number {
  return Math.round(value * TENTHS) / TENTHS;
}
