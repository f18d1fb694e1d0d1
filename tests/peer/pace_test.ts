import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../src/peer/pace.ts";

const SECOND = 1_000;

test("pace: a young connection's rates are those of its whole life", () => {
  const pace = new Pace(0);
  pace.look(SECOND, 100, 50, () => [10, 5]);
  assertEquals(pace.rates, { bytesIn: 100, bytesOut: 50, messagesIn: 10, messagesOut: 5 });
  pace.look(2 * SECOND, 100, 50, () => [10, 5]);
  assertEquals(pace.rates, { bytesIn: 50, bytesOut: 25, messagesIn: 5, messagesOut: 2.5 });
});

test("pace: later the last seconds weigh most, and silence ends a rate", () => {
  const pace = new Pace(0);
  for (let at = 1; at <= 60; at++) pace.look(at * SECOND, at * 100, 0, () => [at, 0]);
  assert(Math.abs(pace.rates.bytesIn - 100) < 1e-6);
  for (let at = 61; at <= 80; at++) pace.look(at * SECOND, 6_000 + (at - 60) * 1_000, 0, () => [at, 0]);
  assert(pace.rates.bytesIn > 850 && pace.rates.bytesIn < 1_000, `${pace.rates.bytesIn}`);
  for (let at = 81; at <= 180; at++) pace.look(at * SECOND, 26_000, 0, () => [0, 0]);
  assert(pace.rates.bytesIn < 0.1);
});

test("pace: knows when something last went each way, and asks for messages only then", () => {
  const pace = new Pace(5 * SECOND);
  assertEquals([pace.receivedAt, pace.sentAt], [undefined, undefined]);
  pace.look(6 * SECOND, 0, 1, () => [0, 1]);
  pace.look(7 * SECOND, 1, 1, () => [1, 1]);
  pace.look(8 * SECOND, 1, 1, () => {
    throw new Error("nothing went");
  });
  assertEquals([pace.receivedAt, pace.sentAt], [7 * SECOND, 6 * SECOND]);
});

test("pace: two looks at one moment count once", () => {
  const pace = new Pace(0);
  pace.look(0, 10, 0, () => [1, 0]);
  pace.look(SECOND, 10, 0, () => [1, 0]);
  assertEquals(pace.rates.bytesIn, 10);
});
