import type { Diagnosis, Finding, Observation } from "./diagnosis.ts";
import { checkHealth } from "./health.ts";
import { findNode } from "./node_findings.ts";
import { findPeers } from "./peer_findings.ts";
import { findShards } from "./shard_findings.ts";
import { findCrossed } from "./threshold_findings.ts";
import { findTuning } from "./tuning.ts";

const GRAVITY: { readonly [L in Finding["level"]]: number } = { problem: 0, warning: 1, note: 2, ok: 3 };

/** What a node's figures show and what to do about it: a pure function of them. */
export function diagnose(observation: Observation): Diagnosis {
  const health = checkHealth(observation);
  const findings = [
    ...findNode(observation),
    ...findShards(observation),
    ...findTuning(observation),
    ...findPeers(observation),
    ...findCrossed(health),
  ];
  return {
    windowSeconds: observation.figures.windowSeconds,
    healthy: health.every(({ state }) => state !== "bad"),
    health,
    findings: findings.toSorted((left, right) => GRAVITY[left.level] - GRAVITY[right.level]),
    figures: observation.figures,
  };
}
