import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import type { Scenario } from "../../src/simulation/scenario.ts";
import { shrink, simulate } from "../../src/simulation/simulate.ts";
import { World } from "../../src/simulation/world.ts";
import { settingOf } from "../support/simulation.ts";

/** Breaks where there are three nodes at least and faults 1 and 4 happen together. */
const fragile: Scenario = {
  summary: "for this test",
  nodes: 6,
  faults: 5,
  build: ({ seed, nodes, hasher }) => new World({ seed, nodes, hasher }),
  play: (world, { nodes, faults }) => {
    const happens = (fault: number) => faults?.has(fault) ?? true;
    if (nodes >= 3 && happens(1) && happens(4)) world.watch.report("one-tip", "there are two");
    else if (happens(0)) world.watch.report("counts-agree", "one and one is three");
    world.watch.throwIfBroken();
    return Promise.resolve({});
  },
};

test("shrink: what is left is what it takes to break the same invariant", async () => {
  const setting = settingOf(fragile, 1);
  const report = await simulate(fragile, setting);
  assertEquals(report.broken?.invariant, "one-tip");
  const { nodes, faults, broken } = await shrink(fragile, setting, report);
  assertEquals([nodes, faults, broken?.invariant], [3, [1, 4], "one-tip"]);
});

test("simulate: an interruption ends a run with its reason", async () => {
  const patient: Scenario = {
    ...fragile,
    play: async (world) => {
      await world.run(1_000_000_000);
      return {};
    },
  };
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  await assertRejects(() => simulate(patient, settingOf(patient, 1, { signal: stop.signal })), Error, "enough");
});
