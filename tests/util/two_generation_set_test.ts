import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { TwoGenerationSet } from "../../src/util/two_generation_set.ts";

test("two-generation set: a value is new once, and known until two generations passed", () => {
  const set = new TwoGenerationSet<number>(3);
  assertEquals([set.add(1), set.add(1), set.has(1), set.has(2)], [true, false, true, false]);
  for (const value of [2, 3, 4, 5, 6]) set.add(value);
  assert(set.has(1), "at least the last three are remembered, here six");
  set.add(7);
  assertEquals([set.has(1), set.has(2), set.has(3), set.has(4), set.has(7)], [false, false, false, true, true]);
});

test("two-generation set: a value that is added again counts as the newest", () => {
  const set = new TwoGenerationSet<number>(2);
  for (const value of [1, 2, 3]) set.add(value);
  assertEquals(set.add(1), false);
  for (const value of [4, 5]) set.add(value);
  assertEquals([set.has(1), set.has(2)], [true, false]);
});

test("two-generation set: it never holds more than two generations", () => {
  const set = new TwoGenerationSet<number>(100);
  for (let value = 0; value < 10_000; value++) {
    set.add(value);
    assert(set.size <= 200);
  }
});

test("two-generation set: a deleted value is new again, whichever generation held it", () => {
  const set = new TwoGenerationSet<number>(1);
  set.add(1);
  set.add(2);
  set.delete(1);
  set.delete(2);
  assertEquals([set.has(1), set.has(2), set.add(1)], [false, false, true]);
});
