import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SCENARIOS } from "../../src/simulation/scenarios.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { settingOf } from "../support/simulation.ts";

test("simulation: blocks spread at less than one and a half of the best time", { timeout: 60_000 }, async () => {
  const { broken, findings, propagation } = await simulate(
    SCENARIOS.spread,
    settingOf(SCENARIOS.spread, 1, { nodes: 25 }),
  );
  assertEquals([broken, propagation.count], [undefined, 10 * 24]);
  assert(findings.p50Ratio! >= 1 && findings.p50Ratio! < 1.5, `${findings.p50Ratio}`);
});

test("simulation: two branches of 120 and 130 blocks heal to one", { timeout: 60_000 }, async () => {
  const { broken, findings, deepest, orphans } = await simulate(SCENARIOS.branches, settingOf(SCENARIOS.branches, 1));
  assertEquals([broken, findings.tip, deepest, orphans], [undefined, 130, 120, 120]);
});

test("simulation: fifty blocks in a burst are soon at a hundred peers", { timeout: 60_000 }, async () => {
  const { broken, blocks, propagation } = await simulate(SCENARIOS.burst, settingOf(SCENARIOS.burst, 1));
  assertEquals([broken, blocks, propagation.count], [undefined, 50, 50 * 100]);
});
