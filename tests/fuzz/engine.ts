import { bytesToHex } from "../../src/util/hex.ts";
import { createSeededRandom } from "../support/random.ts";
import { mutate, type Pick } from "./mutate.ts";
import type { FuzzTarget, Subject } from "./target.ts";

/** Inputs that taught something new are kept up to so many. */
const MAX_KEPT = 1_000;
/** Entries of a corpus that are cut at every byte have at most so many. */
const MAX_CUT_BYTES = 400;
/** One input may take so long, in milliseconds of an otherwise busy machine. */
const MAX_INPUT_MS = 10_000;
/** Tries to make a failing input smaller. */
const MAX_SHRINKS = 300;
/** A failing input is printed up to this size. */
const MAX_PRINTED_BYTES = 20_000;
/** Inputs between two looks at the clock. */
const CLOCK_EVERY = 16;

export interface FuzzOptions {
  readonly seed: number;
  /** It ends at the first of both. */
  readonly maxInputs: number;
  readonly maxMs: number;
}

export interface FuzzCounts {
  readonly inputs: number;
  readonly bytes: number;
  readonly ms: number;
  /** How often each word came, the most frequent first. */
  readonly outcomes: readonly (readonly [outcome: string, count: number])[];
}

/** Changes good inputs by chance and gives them to the target. Throws at the first that goes wrong, with its replay. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzCounts> {
  try {
    return await run(target, options);
  } finally {
    target.close?.();
  }
}

/** One input again, as a failure's replay has it. */
export async function replay(target: FuzzTarget, input: Uint8Array): Promise<string> {
  return await (await target.open())(input);
}

async function run(target: FuzzTarget, { seed, maxInputs, maxMs }: FuzzOptions): Promise<FuzzCounts> {
  const subject = await target.open();
  const corpus = [...target.corpus()];
  const outcomes = new Map<string, number>();
  // What good inputs take to make is not their time: on a busy machine it is all that a short run has.
  const startedAt = performance.now();
  let [inputs, bytes] = [0, 0];
  for (const { input, keep } of inputsOf(target, corpus, seed)) {
    if (inputs >= maxInputs || (inputs % CLOCK_EVERY === 0 && performance.now() - startedAt > maxMs)) break;
    inputs++;
    bytes += input.length;
    const outcome = await attempt(target, subject, input, seed);
    const count = outcomes.get(outcome) ?? 0;
    outcomes.set(outcome, count + 1);
    if (count === 0) keep();
  }
  const ms = performance.now() - startedAt;
  return { inputs, bytes, ms, outcomes: [...outcomes].sort(([, left], [, right]) => right - left) };
}

interface Offer {
  readonly input: Uint8Array;
  keep(): void;
}

/** The corpus as it is, then cut at every byte, then changed for ever. */
function* inputsOf(target: FuzzTarget, corpus: Uint8Array[], seed: number): Generator<Offer> {
  const random = createSeededRandom(seed * 0x9e37_79b1);
  const pick: Pick = (limit) => Math.floor(random() * limit);
  const offer = (input: Uint8Array): Offer => ({
    input,
    keep: () => void (corpus.length < MAX_KEPT && corpus.push(input)),
  });
  for (const input of [...corpus]) yield { input, keep() {} };
  for (const input of corpus.filter(({ length }) => length <= MAX_CUT_BYTES)) {
    // Some of the cuts in each run: all of them would be all that a short run does.
    for (let cut = pick(8); cut < input.length; cut += 1 + pick(16)) yield { input: input.slice(0, cut), keep() {} };
  }
  for (;;) {
    const changed = mutate(corpus[pick(corpus.length)]!, pick, corpus);
    yield offer(target.repair && pick(4) > 0 ? target.repair(changed) : changed);
  }
}

async function attempt(target: FuzzTarget, subject: Subject, input: Uint8Array, seed: number): Promise<string> {
  const startedAt = performance.now();
  try {
    // Most subjects answer at once: waiting for each would take longer than they do.
    const answer = subject(input);
    const outcome = typeof answer === "string" ? answer : await answer;
    const tookMs = performance.now() - startedAt;
    if (tookMs > MAX_INPUT_MS) throw new Error(`took ${Math.round(tookMs)} ms`);
    return outcome;
  } catch (error) {
    const smallest = await shrink(target, input, error);
    throw new Error(describe(target, smallest, seed, error), { cause: error });
  }
}

/** The same failure from less, where that is found soon. What needs what came before it stays as it is. */
async function shrink(target: FuzzTarget, input: Uint8Array, error: unknown): Promise<Uint8Array> {
  let [smallest, tries] = [input, 0];
  const failsAlike = async (candidate: Uint8Array) => {
    tries++;
    try {
      await replay(target, candidate);
      return false;
    } catch (again) {
      return kindOf(again) === kindOf(error);
    }
  };
  for (let size = Math.ceil(input.length / 2); size >= 1 && tries < MAX_SHRINKS; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length && tries < MAX_SHRINKS;) {
      const candidate = Uint8Array.from([...smallest.subarray(0, at), ...smallest.subarray(at + size)]);
      if (await failsAlike(candidate)) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}

/** Where it was thrown, which tells one failure from another better than its words. */
function kindOf(error: unknown): string {
  return error instanceof Error ? `${error.name} ${error.stack?.split("\n").find((line) => /^\s+at /.test(line))}` : "";
}

function describe(target: FuzzTarget, input: Uint8Array, seed: number, error: unknown): string {
  const hex = bytesToHex(input.subarray(0, MAX_PRINTED_BYTES));
  const what = error instanceof Error ? error.stack ?? error.message : String(error);
  const whole = input.length <= MAX_PRINTED_BYTES;
  // A part of an input would do something else.
  const again = whole ? `--input ${hex}` : `--seed ${seed}, beginning with ${hex}`;
  return `fuzz ${target.name}, seed ${seed}: ${what}\n${input.length} bytes: node scripts/fuzz.ts ${target.name} ${again}`;
}
