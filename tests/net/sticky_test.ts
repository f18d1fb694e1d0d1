import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Sticky } from "../../src/net/sticky.ts";

test("sticky: a session keeps its peer until it was idle for too long", { timeout: 60_000 }, () => {
  const sticky = new Sticky(10);
  sticky.bind("s", "peer", 100, 0);
  assertEquals([sticky.get("s", 99), sticky.get("s", 100)], ["peer", undefined]);
  sticky.bind("s", "peer", 100, 90);
  assertEquals(sticky.get("s", 189), "peer");
  sticky.bind("s", "other", 100, 95);
  assertEquals(sticky.get("s", 100), "other");
});

test("sticky: it is bounded, and the idlest session leaves first", { timeout: 60_000 }, () => {
  const sticky = new Sticky(2);
  sticky.bind("a", "1", 100, 0);
  sticky.bind("b", "2", 100, 1);
  sticky.bind("a", "1", 100, 2);
  sticky.bind("c", "3", 100, 3);
  assertEquals(["a", "b", "c"].map((session) => sticky.get(session, 4)), ["1", undefined, "3"]);
});

test("sticky: sweeping forgets what has expired, also after the clock leapt", { timeout: 60_000 }, () => {
  const sticky = new Sticky(10);
  sticky.bind("a", "1", 100, 0);
  sticky.bind("b", "2", 1000, 0);
  sticky.sweep(500);
  assertEquals([sticky.size, sticky.get("b", 500)], [1, "2"]);
  sticky.sweep(1e12);
  assertEquals(sticky.size, 0);
});
