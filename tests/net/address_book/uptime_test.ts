import { test } from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Uptime } from "../../../src/net/address_book/uptime.ts";

const START = 1_750_000_000;
const QUARTER_SECONDS = 900;

/** Probes every quarter of an hour. */
function probe(uptime: Uptime, count: number, answers: (i: number) => boolean): Uptime {
  const start = uptime.lastProbe || START;
  for (let i = 1; i <= count; i++) uptime.record(answers(i), start + i * QUARTER_SECONDS);
  return uptime;
}

test("uptime: one success is no proof, three are", { timeout: 60_000 }, () => {
  const uptime = probe(new Uptime(), 1, () => true);
  assertEquals(uptime.isReliable, false);
  assertEquals(probe(uptime, 2, () => true).isReliable, true);
});

test(
  "uptime: a node that is always there is so in every window, one that never is in none",
  { timeout: 60_000 },
  () => {
    const always = probe(new Uptime(), 200, () => true);
    const never = probe(new Uptime(), 200, () => false);
    for (const window of [0, 1, 2, 3]) {
      assertAlmostEquals(always.reliability(window), 1, 1e-9);
      assertEquals(never.reliability(window), 0);
    }
    assertEquals([always.isReliable, never.isReliable], [true, false]);
  },
);

test("uptime: a long history outlasts a short absence, and not a long one", { timeout: 60_000 }, () => {
  const uptime = probe(new Uptime(), 4 * 24 * 7, () => true);
  probe(uptime, 8, () => false);
  assert(uptime.reliability(0) < 0.5, "two hours of absence are seen in the shortest window");
  assert(uptime.reliability(3) > 0.9);
  assertEquals(uptime.isReliable, true);
  assertEquals(probe(uptime, 4 * 24 * 7, () => false).isReliable, false);
});

test("uptime: a window says which share of its time the node was there", { timeout: 60_000 }, () => {
  const uptime = probe(new Uptime(), 4 * 24 * 30, (i) => i % 4 === 0);
  assertAlmostEquals(uptime.reliability(3), 0.25, 0.02);
});

test("uptime: a clock that goes back does no harm", { timeout: 60_000 }, () => {
  const uptime = probe(new Uptime(), 10, () => true);
  uptime.record(true, START - 10_000_000);
  uptime.record(true, START);
  for (const number of uptime.toNumbers()) assert(Number.isFinite(number));
  assertEquals(probe(uptime, 3, () => true).isReliable, true);
});

test("uptime: comes back from its numbers as it was", { timeout: 60_000 }, () => {
  const uptime = probe(new Uptime(), 30, (i) => i % 3 > 0);
  assertEquals(new Uptime(uptime.toNumbers()).toNumbers(), uptime.toNumbers());
});
