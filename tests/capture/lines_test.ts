import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { readLines } from "../../src/capture/lines.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { memorySource } from "../support/memory_source.ts";

const MAX_BYTES = 200_000;

function read(text: string) {
  return [...readLines(memorySource(new TextEncoder().encode(text)), MAX_BYTES)];
}

test("lines: short, long, empty, and the last without its end", () => {
  const long = "x".repeat(MAX_BYTES);
  assertEquals(read(`a\n\n${long}\nb`).map(({ number, text, isWhole }) => [number, text.length, isWhole]), [
    [1, 1, true],
    [2, 0, true],
    [3, MAX_BYTES, true],
    [4, 1, false],
  ]);
  assertEquals(read(`ab\ncd\n`).map(({ offset, text }) => [offset, text]), [[0, "ab"], [3, "cd"]]);
  assertEquals(read(""), []);
});

test("lines: one that is too long is refused, those before it are read", () => {
  const lines = readLines(memorySource(new TextEncoder().encode(`a\n${"x".repeat(MAX_BYTES + 1)}\n`)), MAX_BYTES);
  assertEquals(lines.next().value?.text, "a");
  assertThrows(() => lines.next(), LocalError, "line 2 has more than 200000 bytes");
});
