import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { editDistance, nearest, suggestion } from "../../src/util/nearest.ts";

test("editDistance: insertions, deletions, replacements and swaps of neighbours", () => {
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("node", "node"), 0);
  assertEquals(editDistance("ndoe", "node"), 1);
  assertEquals(editDistance("kitten", "sitting"), 3);
});

test("nearest: the closest candidate, or none if all are other words", () => {
  const commands = ["node", "connect", "inspect", "bench"];
  assertEquals(nearest("nod", commands), "node");
  assertEquals(nearest("conect", commands), "connect");
  assertEquals(nearest("INSPECT", commands), "inspect");
  assertEquals(nearest("x", commands), undefined);
  assertEquals(suggestion("bnech", commands), " (did you mean bench?)");
  assertEquals(suggestion("frobnicate", commands), "");
});
