import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Pace, type Talk } from "../../src/peer/pace.ts";

const SECOND = 1_000;

/** Traffic so far, as a peer counts it. */
function talk(bytesIn: number, bytesOut: number, messagesIn: number, messagesOut: number): Talk {
  return { bytesIn, bytesOut, messagesIn: { app: messagesIn }, messagesOut: { app: messagesOut } };
}

test("pace: a young connection's rates are those of its whole life", () => {
  const pace = new Pace(0);
  pace.look(SECOND, talk(100, 50, 10, 5));
  assertEquals(pace.rates, { bytesIn: 100, bytesOut: 50, messagesIn: 10, messagesOut: 5 });
  pace.look(2 * SECOND, talk(100, 50, 10, 5));
  assertEquals(pace.rates, { bytesIn: 50, bytesOut: 25, messagesIn: 5, messagesOut: 2.5 });
});

test("pace: later the last seconds weigh most, and silence ends a rate", () => {
  const pace = new Pace(0);
  for (let at = 1; at <= 60; at++) pace.look(at * SECOND, talk(at * 100, 0, at, 0));
  assert(Math.abs(pace.rates.bytesIn - 100) < 1e-6);
  for (let at = 61; at <= 80; at++) pace.look(at * SECOND, talk(6_000 + (at - 60) * 1_000, 0, at, 0));
  assert(pace.rates.bytesIn > 850 && pace.rates.bytesIn < 1_000, `${pace.rates.bytesIn}`);
  for (let at = 81; at <= 180; at++) pace.look(at * SECOND, talk(26_000, 0, 0, 0));
  assert(pace.rates.bytesIn < 0.1);
});

test("pace: knows when something last went each way, and asks for messages only then", () => {
  const pace = new Pace(5 * SECOND);
  assertEquals([pace.receivedAt, pace.sentAt], [undefined, undefined]);
  pace.look(6 * SECOND, talk(0, 1, 0, 1));
  pace.look(7 * SECOND, talk(1, 1, 1, 1));
  const silent: Talk = {
    ...talk(1, 1, 1, 1),
    get messagesIn(): never {
      throw new Error("nothing came");
    },
    get messagesOut(): never {
      throw new Error("nothing went");
    },
  };
  pace.look(8 * SECOND, silent);
  assertEquals([pace.receivedAt, pace.sentAt], [7 * SECOND, 6 * SECOND]);
});

test("pace: two looks at one moment count once", () => {
  const pace = new Pace(0);
  pace.look(0, talk(10, 0, 1, 0));
  pace.look(SECOND, talk(10, 0, 1, 0));
  assertEquals(pace.rates.bytesIn, 10);
});
