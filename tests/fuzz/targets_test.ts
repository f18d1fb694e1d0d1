import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fuzz } from "./engine.ts";
import { TARGETS } from "./targets.ts";
import { type FuzzTarget, texts } from "./target.ts";

/** A look at each in every run of the tests; `node scripts/fuzz.ts` is for hours. */
const SHORT = { seed: 1, maxInputs: 4_000, maxMs: 500 };
const TIMEOUT = { timeout: 120_000 };
/** What a corpus takes to make, of one that is slow. */
const SLOW_MS = 40;
/** Words that come of inputs: a fuzzer whose inputs all die at the door, or all pass, tests nothing. */
const MIN_OUTCOMES = 2;

for (const target of TARGETS) {
  test(`fuzz: ${target.name}`, TIMEOUT, async () => {
    const { inputs, outcomes } = await fuzz(target, SHORT);
    assert(inputs > 0 && outcomes.length >= MIN_OUTCOMES, JSON.stringify({ inputs, outcomes }));
  });
}

/** Fails at a byte that none of its good inputs has. */
const BROKEN: FuzzTarget = {
  name: "broken",
  corpus: () => texts("a good input of some length"),
  open: () => (input) => {
    if (input.includes(0)) throw new Error("a zero");
    return "fine";
  },
};

test(
  "fuzz: a failure comes with the smallest input that still fails, the seed, and what does it again",
  TIMEOUT,
  async () => {
    const { message } = await assertRejects(() => fuzz(BROKEN, { seed: 3, maxInputs: 10_000, maxMs: 60_000 }), Error);
    assertStringIncludes(message, "fuzz broken, seed 3: Error: a zero");
    assertStringIncludes(message, "1 bytes: node scripts/fuzz.ts broken --input 00");
  },
);

test("fuzz: however long its corpus takes, a target has its inputs", TIMEOUT, async () => {
  const slow: FuzzTarget = {
    ...BROKEN,
    corpus() {
      const endsAt = performance.now() + SLOW_MS;
      while (performance.now() < endsAt);
      return BROKEN.corpus();
    },
    open: () => () => "fine",
  };
  const { inputs } = await fuzz(slow, { seed: 1, maxInputs: 10, maxMs: SLOW_MS / 2 });
  assert(inputs > 0);
});

test("fuzz: the same seed gives the same inputs", TIMEOUT, async () => {
  const record = async (seed: number) => {
    const inputs: string[] = [];
    const target = { ...BROKEN, open: () => (input: Uint8Array) => `${inputs.push(String(input)) % 7}` };
    await fuzz(target, { seed, maxInputs: 500, maxMs: 60_000 });
    return inputs;
  };
  const first = await record(1);
  assertEquals(await record(1), first);
  assert(first.join() !== (await record(2)).join());
});
