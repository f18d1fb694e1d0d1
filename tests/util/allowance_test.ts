import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Allowance } from "../../src/util/allowance.ts";

test("allowance: so much at once, then so much a second, and never more than at once", () => {
  const allowance = new Allowance(10, 2, 0);
  assertEquals([allowance.take(10, 0), allowance.take(1, 0)], [true, false]);
  assertEquals([allowance.take(2, 999), allowance.take(2, 1000), allowance.take(1, 1000)], [false, true, false]);
  assertEquals([allowance.take(11, 1_000_000), allowance.take(10, 1_000_000)], [false, true]);
});
