import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../src/platform/seeded_random.ts";
import { Beat } from "../../src/util/beat.ts";
import { ManualEnv } from "../support/manual_env.ts";

class RandomEnv extends ManualEnv {
  readonly #random = new SeededRandom(5);

  override random(): number {
    return this.#random.number();
  }
}

test("beat: it comes once however often it is armed, and again only when armed again", () => {
  const env = new ManualEnv();
  let beats = 0;
  const beat = new Beat(env, 100, () => void beats++);
  beat.arm();
  beat.arm();
  env.advance(10_000);
  env.advance(10_000);
  assertEquals(beats, 1);
  beat.arm();
  env.advance(10_000);
  assertEquals(beats, 2);
});

test("beat: with a mean of 0 it comes at the end of the turn", () => {
  const env = new ManualEnv();
  let beats = 0;
  const beat = new Beat(env, 0, () => void beats++);
  beat.arm();
  assertEquals(beats, 0);
  env.endTurn();
  assertEquals(beats, 1);
});

test("beat: a cancelled one does not come, and can be armed again", () => {
  for (const meanMs of [0, 100]) {
    const env = new ManualEnv();
    let beats = 0;
    const beat = new Beat(env, meanMs, () => void beats++);
    beat.arm();
    beat.cancel();
    env.endTurn();
    env.advance(10_000);
    assertEquals(beats, 0);
    beat.arm();
    env.endTurn();
    env.advance(10_000);
    assertEquals(beats, 1);
  }
});

test("beat: the intervals have the given mean, and most are shorter", () => {
  const env = new RandomEnv();
  const intervals: number[] = [];
  let armedAt = 0;
  const beat = new Beat(env, 100, () => void intervals.push(env.now() - armedAt));
  while (intervals.length < 2000) {
    armedAt = env.now();
    beat.arm();
    for (const count = intervals.length; intervals.length === count;) env.advance(1);
  }
  const mean = intervals.reduce((sum, each) => sum + each, 0) / intervals.length;
  const shorter = intervals.filter((each) => each < 100).length / intervals.length;
  assert(mean > 90 && mean < 110, `mean ${mean}`);
  assert(shorter > 0.6 && shorter < 0.67, `${shorter} are shorter than the mean`);
});
