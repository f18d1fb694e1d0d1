import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Turns } from "../../src/peer/turns.ts";
import { BULK_READ_BYTES, ROUND_BYTES } from "../../src/protocol/connection_params.ts";
import { ManualEnv } from "../support/manual_env.ts";

function makeTurns() {
  const env = new ManualEnv();
  return { env, turns: new Turns(env) };
}

test("turns: everyone who waits has one turn a round, in order", () => {
  const { env, turns } = makeTurns();
  const taken: number[] = [];
  const workers = [0, 1, 2].map((id) => ({
    takeTurn() {
      taken.push(id);
      if (taken.length < 7) turns.enlist(workers[id]!);
    },
  }));
  for (const worker of workers) turns.enlist(worker);
  env.runTurns();
  assertEquals(taken, [0, 1, 2]);
  env.runTurns();
  assertEquals(taken, [0, 1, 2, 0, 1, 2]);
});

test("turns: readers of bulk are stopped once the round's bytes are read, and read on in the next round", () => {
  const { env, turns } = makeTurns();
  assertEquals([turns.spend(ROUND_BYTES), turns.spend(BULK_READ_BYTES)], [true, false]);
  env.runTurns();
  assertEquals(turns.spend(BULK_READ_BYTES), true);
});

test("turns: small reads are free, even in a round that has no more to give", () => {
  const { turns } = makeTurns();
  turns.spend(2 * ROUND_BYTES);
  assertEquals(turns.spend(BULK_READ_BYTES - 1), true);
});

test("turns: a round lets as many read on as it has bytes for; the others come first in the next ones", () => {
  const { env, turns } = makeTurns();
  const share = ROUND_BYTES / 2;
  const granted: number[] = [];
  for (let id = 0; id < 5; id++) {
    turns.enlist({
      takeTurn() {
        turns.spend(share);
        granted.push(id);
      },
    });
  }
  const rounds = [2, 4, 5].map((count) => {
    env.runTurns();
    return [granted.length, count];
  });
  assertEquals(rounds, [[2, 2], [4, 4], [5, 5]]);
  assertEquals(granted, [0, 1, 2, 3, 4]);
});
