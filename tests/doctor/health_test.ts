import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { Observation } from "../../src/doctor/diagnosis.ts";
import { diagnose } from "../../src/doctor/diagnose.ts";
import { figuresOf } from "../../src/doctor/figures.ts";
import { checkHealth } from "../../src/doctor/health.ts";
import { channelsWith, observation, peerWith, times, vitals } from "../support/observations.ts";

function stateOf(name: string, seen: Observation): string {
  const check = checkHealth(seen).find((candidate) => candidate.name === name);
  if (!check) throw new Error(`no check of ${name}`);
  return check.state;
}

/** Each threshold with a value below it and one at it. */
const BOTH_SIDES: readonly (readonly [name: string, below: Observation, at: Observation])[] = [
  [
    "channel lag",
    observation({ channels: channelsWith({ offered: 1_000, lag: 9 }) }),
    observation({ channels: channelsWith({ offered: 1_000, lag: 10 }) }),
  ],
  [
    "channel use",
    observation({ channels: channelsWith({ usage: 0.79 }) }),
    observation({ channels: channelsWith({ usage: 0.8 }) }),
  ],
  [
    "block propagation p50",
    observation({ times: { blockPropagation: times(99, 400) } }),
    observation({ times: { blockPropagation: times(100, 400) } }),
  ],
  [
    "block propagation p99",
    observation({ times: { blockPropagation: times(50, 499) } }),
    observation({ times: { blockPropagation: times(50, 500) } }),
  ],
  [
    "memory of the largest peer",
    observation({ peers: { maxHeldBytes: 10_485_759 } }),
    observation({ peers: { maxHeldBytes: 10_485_760 } }),
  ],
  [
    "CPU of the busiest peer",
    observation({}, { peers: [peerWith(1, { cpuMs: 599 })] }),
    observation({}, { peers: [peerWith(1, { cpuMs: 600 })] }),
  ],
  [
    "reorganisations",
    observation({ blocks: { connected: 2_001, reorganisations: 2 } }),
    observation({ blocks: { connected: 2_000, reorganisations: 2 } }),
  ],
  [
    "orphans",
    observation({ blocks: { connected: 991, orphans: 10 } }),
    observation({ blocks: { connected: 990, orphans: 10 } }),
  ],
];

for (const [name, below, at] of BOTH_SIDES) {
  test(`health: ${name}, on both sides of the threshold`, () => {
    assertEquals([stateOf(name, below), stateOf(name, at)], ["ok", "bad"]);
    assertEquals([diagnose(below).healthy, diagnose(at).healthy], [true, false]);
  });
}

/** So many minutes with 100 peers of which so many left. */
function churn(left: number, minutes = 15): Observation {
  const peers = { inbound: 100, outbound: 0 };
  const past = vitals({ peers });
  const now = vitals({ at: minutes * 60_000, peers: { ...peers, left } });
  return { ...observation(), now, figures: figuresOf([past, now], [past]) };
}

test("health: peer churn, on both sides of the threshold", () => {
  assertEquals([stateOf("peer churn", churn(1)), stateOf("peer churn", churn(2))], ["ok", "bad"]);
  assertEquals(stateOf("peer churn", churn(50, 4)), "unknown", "too early to tell");
});

test("health: what cannot be told yet is unknown, and no reason to worry", () => {
  const { health, healthy } = diagnose(observation({}, { peers: [] }));
  assertEquals(healthy, true);
  const unknown = health.filter(({ state }) => state === "unknown").map(({ name }) => name);
  assertEquals(unknown.includes("block propagation p50"), true);
  assertEquals(unknown.includes("peer churn"), true);
});

test("health: one mishap is chance, and a sync keeps peers as busy as it should", () => {
  assertEquals(stateOf("reorganisations", observation({ blocks: { connected: 3, reorganisations: 1 } })), "ok");
  assertEquals(stateOf("orphans", observation({ blocks: { connected: 3, orphans: 1 } })), "ok");
  const busy = { peers: [peerWith(1, { cpuMs: 30_000 })] };
  assertEquals(stateOf("CPU of the busiest peer", observation({ chain: { syncing: true } }, busy)), "unknown");
});

test("health: each threshold that is crossed is a finding, with both numbers", () => {
  for (const [name, below, at] of BOTH_SIDES) {
    const over = (seen: Observation) => diagnose(seen).findings.filter(({ id }) => id === "over-limit");
    assertEquals(over(below), [], name);
    // Those have findings of their own, with what to change.
    if (name.startsWith("channel ")) assertEquals(over(at), [], name);
    else assertEquals(over(at).map(({ text }) => text), [`${name} is over its limit`]);
  }
  const [gone] = diagnose(churn(2)).findings.filter(({ id }) => id === "over-limit");
  assertEquals([gone?.level, gone?.evidence], ["note", { nowPercentPerHour: 8, limitPercentPerHour: 5 }]);
});
