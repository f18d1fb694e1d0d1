import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Deadlines } from "../../src/util/deadlines.ts";
import { ManualEnv } from "../support/manual_env.ts";

function watched(): { env: ManualEnv; due: string[]; deadlines: Deadlines<string> } {
  const env = new ManualEnv();
  const due: string[] = [];
  return { env, due, deadlines: new Deadlines(env, (item) => void due.push(item)) };
}

test("deadlines: items fall due in their time, each once", () => {
  const { env, due, deadlines } = watched();
  deadlines.set("late", 1000);
  deadlines.set("early", 100);
  env.advance(99);
  assertEquals(due, []);
  env.advance(1);
  assertEquals(due, ["early"]);
  env.advance(899);
  assertEquals(due, ["early"]);
  env.advance(1);
  env.advance(10_000);
  assertEquals([due, deadlines.size], [["early", "late"], 0]);
});

test("deadlines: what is cleared in time never falls due; what is set again has the new time", () => {
  const { env, due, deadlines } = watched();
  for (const item of ["a", "b", "c"]) deadlines.set(item, 100);
  assertEquals([deadlines.clear("a"), deadlines.clear("a")], [true, false]);
  env.advance(50);
  deadlines.set("b", 100);
  env.advance(50);
  assertEquals(due, ["c"]);
  assertEquals(deadlines.clear("c"), false);
  env.advance(50);
  assertEquals(due, ["c", "b"]);
});

test("deadlines: many with the same time cost one timer", () => {
  let timers = 0;
  class CountingEnv extends ManualEnv {
    override after(delayMs: number, task: () => void) {
      timers++;
      return super.after(delayMs, task);
    }
  }
  const env = new CountingEnv();
  const deadlines = new Deadlines<number>(env, () => {});
  for (let i = 0; i < 1000; i++) deadlines.set(i, 500);
  assertEquals(timers, 1);
});

test("deadlines: whoever is called back may clear others and set new ones", () => {
  const env = new ManualEnv();
  const due: string[] = [];
  const deadlines = new Deadlines<string>(env, (item) => {
    due.push(item);
    deadlines.clear("b");
    if (item === "a") deadlines.set("again", 20);
  });
  deadlines.set("a", 10);
  deadlines.set("b", 10);
  deadlines.set("c", 40);
  env.advance(10);
  assertEquals(due, ["a"]);
  env.advance(20);
  env.advance(10);
  assertEquals(due, ["a", "again", "c"]);
});

test("deadlines: nothing falls due after the end", () => {
  const { env, due, deadlines } = watched();
  deadlines.set("a", 100);
  deadlines.close();
  env.advance(1000);
  assertEquals([due, deadlines.size], [[], 0]);
});
