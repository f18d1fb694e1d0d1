import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { RecentTimes } from "../../src/util/recent_times.ts";
import { Stopwatch } from "../../src/util/stopwatch.ts";
import { ManualEnv } from "../support/manual_env.ts";

const WINDOW_MS = 1_000;
const OPTIONS = { windowMs: WINDOW_MS, maxMs: 60_000, digits: 2 } as const;

function within1Percent(actual: number | null, expected: number): void {
  assert(actual !== null && Math.abs(actual - expected) <= expected / 100, `${actual} is not about ${expected}`);
}

test("recent times: nothing measured has no quantiles", () => {
  assertEquals(new RecentTimes(OPTIONS).snapshot(0), {
    count: 0,
    sumMs: 0,
    p50Ms: null,
    p90Ms: null,
    p99Ms: null,
    maxMs: null,
  });
});

test("recent times: quantiles are right to a hundredth", () => {
  const times = new RecentTimes(OPTIONS);
  for (let ms = 1; ms <= 1_000; ms++) times.add(ms, 0);
  const { count, sumMs, p50Ms, p90Ms, p99Ms, maxMs } = times.snapshot(1);
  assertEquals([count, sumMs], [1_000, 500_500]);
  within1Percent(p50Ms, 500);
  within1Percent(p90Ms, 900);
  within1Percent(p99Ms, 990);
  within1Percent(maxMs, 1_000);
});

test("recent times: below zero and beyond the longest are the ends of the scale", () => {
  const times = new RecentTimes(OPTIONS);
  times.add(-5, 0);
  times.add(1e9, 0);
  const { sumMs, p50Ms, maxMs } = times.snapshot(0);
  assertEquals([sumMs, p50Ms], [60_000, 0]);
  within1Percent(maxMs, 60_000);
});

test("recent times: what is older than two windows counts in the sum only", () => {
  const times = new RecentTimes(OPTIONS);
  times.add(100, 0);
  times.add(1, WINDOW_MS);
  within1Percent(times.snapshot(WINDOW_MS + 1).maxMs, 100);
  within1Percent(times.snapshot(2 * WINDOW_MS + 1).maxMs, 1);
  const late = times.snapshot(10 * WINDOW_MS);
  assertEquals([late.count, late.sumMs, late.p50Ms], [2, 101, null]);
});

test("stopwatch: one in so many is measured and stands for the others", () => {
  const env = new ManualEnv();
  const watch = new Stopwatch(env, 4);
  for (let i = 0; i < 8; i++) {
    const startedAt = watch.start();
    env.advance(3);
    watch.stop(startedAt);
  }
  assertEquals(watch.ms, 24);
});

test("stopwatch: a phase chooses which one", () => {
  const env = new ManualEnv();
  const watch = new Stopwatch(env, 4, 7);
  const startedAt = watch.start();
  env.advance(3);
  watch.stop(startedAt);
  assertEquals(watch.ms, 12);
});
