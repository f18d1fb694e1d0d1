import { test } from "node:test";
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { RecentTimes } from "../../src/util/recent_times.ts";
import { TimeCounts } from "../../src/util/time_counts.ts";

test("time counts: what was counted in one place is, elsewhere, as if it had been measured there", () => {
  const options = { windowMs: 1000, maxMs: 600_000, digits: 2 } as const;
  const [here, there, counts] = [new RecentTimes(options), new RecentTimes(options), new TimeCounts(600_000)];
  for (let i = 0; i < 10_000; i++) {
    const ms = (i * 7919 % 10_000) / 40;
    here.add(ms, 1);
    counts.add(ms);
  }
  there.addAll(counts.take(), 1);
  const [direct, carried] = [here.snapshot(1), there.snapshot(1)];
  assertEquals(carried.count, direct.count);
  for (const key of ["sumMs", "p50Ms", "p90Ms", "p99Ms", "maxMs"] as const) {
    assertLessOrEqual(Math.abs(carried[key]! - direct[key]!), direct[key]! / 50, key);
  }
});

test("time counts: they are bounded, whatever is put in, and taken once", () => {
  const counts = new TimeCounts(10);
  for (let i = 0; i < 100_000; i++) counts.add(i / 50);
  for (const ms of [-1, 1e12, Infinity]) counts.add(ms);
  const taken = counts.take();
  assertLessOrEqual(taken.length, 4 * 900);
  assertEquals(taken.reduce((sum, [, count]) => sum + count, 0), 100_003);
  assertEquals([Math.min(...taken.map(([us]) => us)), Math.max(...taken.map(([us]) => us))], [0, 10_000]);
  assertEquals(counts.take(), []);
});
