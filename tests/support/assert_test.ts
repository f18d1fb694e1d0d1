import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

test("assert: a false condition throws with the message", () => {
  assertThrows(() => assert(false, "why"), Error, "why");
});

test("assertRejects: hands back the error", async () => {
  const error = await assertRejects(() => Promise.reject(new TypeError("no")), TypeError, "no");
  assertEquals(error.message, "no");
});
