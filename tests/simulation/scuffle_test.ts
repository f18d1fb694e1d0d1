import { test } from "node:test";
import process from "node:process";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { SCENARIOS } from "../../src/simulation/scenarios.ts";
import { shrink, simulate } from "../../src/simulation/simulate.ts";
import { settingOf } from "../support/simulation.ts";

const SEEDS = 70;
/** Where all is well, more can be asked for: nobody gives anybody up, and requests of whoever has peers are answered. */
const CALM_SEEDS = 20;
/** Each runtime plays other seeds: together they are a few hundred. */
const FIRST_SEED = "Bun" in globalThis ? 1000 : "Deno" in globalThis ? 2000 : 3000;
const scenario = SCENARIOS.scuffle;

test(`simulation: ${SEEDS} seeds of a scuffle break nothing`, { timeout: 120_000 }, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const setting = settingOf(scenario, seed);
    const report = await simulate(scenario, setting);
    if (!report.broken) continue;
    const { nodes, faults } = await shrink(scenario, setting, report);
    const replay = `p2p bench sim --scenario scuffle --nodes ${nodes} --seed ${seed}`;
    throw new Error(`${report.broken.message}\n${replay} --faults ${faults?.join() || "none"}`);
  }
});

test("simulation: one seed is one story, whatever ran before; another seed another", { timeout: 60_000 }, async () => {
  const { wallMs: _, ...first } = await simulate(scenario, settingOf(scenario, 7));
  await simulate(scenario, settingOf(scenario, 8));
  const { wallMs: __, ...again } = await simulate(scenario, settingOf(scenario, 7));
  assertEquals(again, first);
  assertNotEquals((await simulate(scenario, settingOf(scenario, 8))).traceHash, first.traceHash);
  assertNotEquals(first.messages, 0);
});

test("simulation: faults that are left out do not happen", { timeout: 60_000 }, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CALM_SEEDS; seed++) {
    const report = await simulate(scenario, settingOf(scenario, seed, { faults: new Set() }));
    const { requests, answers } = report.findings;
    assertEquals([report.broken, report.crashes, report.faults], [undefined, 0, []], `seed ${seed}`);
    assert(answers! > requests! / 2, `seed ${seed}: ${answers} answers of ${requests}`);
  }
  assertEquals(process.exitCode, undefined);
});
