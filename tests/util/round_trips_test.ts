import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { RoundTrips } from "../../src/util/round_trips.ts";

function after(samples: readonly number[], capacity = 64): RoundTrips {
  const trips = new RoundTrips(capacity);
  for (const ms of samples) trips.add(ms);
  return trips;
}

test("round trips: the median heeds no single one that was late, and forgets those of long ago", () => {
  assertEquals([[], [7], [2, 4_000], [4_000, 2, 3], [1, 2, 3, 4]].map((all) => after(all).median), [null, 7, 2, 3, 2]);
  assertEquals(after([9, 9, 9, 1, 2, 3], 3).median, 2);
  const trips = after([5]);
  assertEquals(trips.median, 5);
  trips.add(1);
  trips.add(1);
  assertEquals(trips.median, 1);
});

test("round trips: one in twenty may take longer than the 95th percentile", () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => count - i);
  assertEquals([[], [7], upTo(20), upTo(21), upTo(40)].map((all) => after(all).p95), [null, 7, 19, 20, 38]);
  const trips = after(upTo(20));
  assertEquals([trips.median, trips.p95], [10, 19]);
  trips.add(4_000);
  trips.add(4_000);
  assertEquals([trips.median, trips.p95], [11, 4_000]);
});
