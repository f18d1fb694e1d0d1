import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { test } from "node:test";
import { createEnv } from "../../src/platform/env.ts";

test("now stands still within a turn and never goes back", async () => {
  const env = createEnv();
  const first = env.now();
  let spent = 0;
  for (const start = performance.now(); spent < 2; spent = performance.now() - start);
  assertEquals(env.now(), first);
  await new Promise<void>((resolve) => env.nextTurn(resolve));
  assert(env.now() >= first + 2);
});

test("soon runs before nextTurn, and both after the present turn", async () => {
  const env = createEnv();
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    env.nextTurn(() => {
      order.push("next turn");
      resolve();
    });
    env.soon(() => order.push("soon"));
    order.push("now");
  });
  assertEquals(order, ["now", "soon", "next turn"]);
});

test("timers run in the order of their delays, and not before", async () => {
  const env = createEnv();
  const order: number[] = [];
  const start = performance.now();
  await keptAlive((resolve) => {
    env.after(20, () => {
      order.push(20);
      resolve();
    });
    env.after(1, () => order.push(1));
  });
  assertEquals(order, [1, 20]);
  assert(performance.now() - start >= 19);
});

test("a cancelled timer does not run, and cancelling it again does nothing", async () => {
  const env = createEnv();
  let runs = 0;
  const timer = env.after(1, () => runs++);
  timer.cancel();
  timer.cancel();
  await keptAlive((resolve) => env.after(5, resolve));
  assertEquals(runs, 0);
});

test("a timer longer than JavaScript's longest does not run at once", async () => {
  const env = createEnv();
  let runs = 0;
  const thirtyDays = 30 * 24 * 3600 * 1000;
  const timer = env.after(thirtyDays, () => runs++);
  await keptAlive((resolve) => env.after(5, resolve));
  timer.cancel();
  assertEquals(runs, 0);
});

test("random numbers lie in [0, 1), differ, and fill the range", () => {
  const env = createEnv();
  const numbers = Array.from({ length: 5000 }, () => env.random());
  assert(numbers.every((number) => number >= 0 && number < 1));
  assertEquals(new Set(numbers).size, numbers.length);
  for (let tenth = 0; tenth < 10; tenth++) {
    assert(numbers.filter((number) => Math.floor(number * 10) === tenth).length > 300);
  }
});

test("random bytes have the size that was asked for", () => {
  const env = createEnv();
  assertEquals(env.randomBytes(0).length, 0);
  assertEquals(env.randomBytes(100_000).length, 100_000);
  assertNotEquals(env.randomBytes(16), env.randomBytes(16));
});

test("the wall clock tells the present time", () => {
  assert(Math.abs(createEnv().wallClock() - Date.now()) < 1000);
});

/** Timers of an environment let the process end; this one keeps it alive until they ran. */
async function keptAlive(start: (resolve: () => void) => void): Promise<void> {
  const keeper = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => start(resolve));
  clearInterval(keeper);
}
