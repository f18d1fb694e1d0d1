import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SeenItems } from "../../../src/services/inventory/seen_items.ts";

const TTL_MS = 5000;
const A = { kind: 1, hash: "a" };
const B = { kind: 1, hash: "b" };

function makeSeen(capacity = 100): SeenItems {
  return new SeenItems({ ttlMs: TTL_MS, capacity }, 0);
}

test("seen items: an item is seen within the time to live, which repetitions do not prolong", () => {
  const seen = makeSeen();
  assertEquals([seen.note(A, 0), seen.note(B, 1000), seen.note(A, TTL_MS)], [false, false, true]);
  assertEquals([seen.note(A, TTL_MS + 1), seen.note(B, TTL_MS + 1)], [false, true]);
  assertEquals([seen.note(A, 2 * TTL_MS + 1), seen.note(A, 2 * TTL_MS + 2)], [true, false]);
});

test("seen items: equal hashes of different kinds are different items", () => {
  const seen = makeSeen();
  seen.note(A, 0);
  assertEquals([seen.note({ kind: 5, hash: "a" }, 0), seen.note(A, 0)], [false, true]);
});

test("seen items: no more than two generations are held, and what was seen last survives", () => {
  const seen = makeSeen(10);
  for (let i = 0; i < 1000; i++) {
    assertEquals(seen.note({ kind: i % 3, hash: `${i}` }, 0), false);
    assert(seen.size <= 20, `${seen.size} held`);
  }
  assertEquals([999, 995, 990].map((i) => seen.note({ kind: i % 3, hash: `${i}` }, 0)), [true, true, true]);
  assertEquals(seen.note({ kind: 979 % 3, hash: "979" }, 0), false);
});

test("seen items: in time nothing is left, though nothing else is announced", () => {
  const seen = makeSeen();
  seen.note(A, 0);
  seen.tick(TTL_MS + 1);
  assertEquals(seen.size, 1);
  seen.tick(2 * TTL_MS + 2);
  assertEquals(seen.size, 0);
});
