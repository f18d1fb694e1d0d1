import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { RecentIds, SharedRoom } from "../../src/util/recent_ids.ts";
import { fc } from "../support/properties.ts";

const SECRET = Uint8Array.from({ length: 16 }, (_, i) => 37 * i + 11);
const RETAIN_MS = 1_000;

function memory(room = new SharedRoom(1_024)): RecentIds {
  return new RecentIds({ ownIds: 16, maxIds: 256, room, retainMs: RETAIN_MS, secret: SECRET });
}

/** Adds the numbers from `from` on, all at `now`; true if each was new. */
function addAll(ids: RecentIds, from: number, count: number, now: number): boolean {
  return Array.from({ length: count }, (_, i) => ids.add(BigInt(from + i), now)).every(Boolean);
}

test("recent ids: any ids are new once, zero and the largest too", () => {
  const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(fc.property(fc.uniqueArray(fc.oneof(id, fc.constantFrom(0n, 1n, 2n ** 32n, 2n ** 64n - 1n))), (all) => {
    const ids = memory();
    assert(all.every((each) => !ids.has(each) && ids.add(each, 0) && ids.has(each) && !ids.add(each, 0)));
  }));
});

test("recent ids: it grows rather than forget what is young, up to its bound", () => {
  const ids = memory();
  assert(addAll(ids, 0, 256, 0));
  assert(Array.from({ length: 256 }, (_, i) => ids.has(BigInt(i))).every(Boolean));
  assert(addAll(ids, 256, 257, 0));
  assertEquals([ids.has(255n), ids.has(256n), ids.has(512n)], [false, true, true]);
});

test("recent ids: what is old makes room instead, a generation at a time", () => {
  const ids = memory();
  addAll(ids, 0, 16, 0);
  addAll(ids, 16, 16, 2 * RETAIN_MS);
  assertEquals([ids.has(0n), ids.has(31n)], [true, true], "the last one was full and old");
  addAll(ids, 32, 1, 4 * RETAIN_MS);
  assertEquals([ids.has(0n), ids.has(31n), ids.has(32n)], [false, true, true]);
});

test("recent ids: what is added again takes no room, be it full and old", () => {
  const ids = memory();
  addAll(ids, 0, 32, 0);
  addAll(ids, 32, 32, 2 * RETAIN_MS);
  for (const again of [32n, 63n]) assertEquals(ids.add(again, 4 * RETAIN_MS), false);
  assertEquals([ids.has(0n), ids.has(63n)], [true, true]);
});

test("recent ids: a busy memory cannot take what others hold, and gives back what it took", () => {
  const room = new SharedRoom(256);
  const [busy, quiet] = [memory(room), memory(room)];
  addAll(quiet, 0, 16, 0);
  addAll(busy, 0, 10_000, 0);
  assertEquals([quiet.has(0n), quiet.has(15n), busy.has(9_999n)], [true, true, true]);
  busy.close();
  assertEquals([busy.has(9_999n), room.take(256), room.take(1)], [false, true, false]);
});
