// Changes good inputs by chance and gives them to everything that takes bytes from strangers, files or users
// (tests/fuzz). Ends at the first that goes wrong, printed with the command that does it again, with exit code 1.
// Usage: node scripts/fuzz.ts [TARGET…] [--minutes N] [--seed S]   N: for each target
//        node scripts/fuzz.ts TARGET --input HEX                     one input again

import process from "node:process";
import { fuzz, replay } from "../tests/fuzz/engine.ts";
import { TARGETS } from "../tests/fuzz/targets.ts";
import { hexToBytes } from "../src/util/hex.ts";
import { parseWords, refuseWords } from "./words.ts";

const MS_PER_MINUTE = 60_000;
const SHOWN_OUTCOMES = 8;

const USAGE = `usage: node scripts/fuzz.ts [TARGET…] [--minutes N] [--seed S]
       node scripts/fuzz.ts TARGET --input HEX
targets: ${TARGETS.map(({ name }) => name).join(", ")}`;

const { values, positionals } = parseWords({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    input: { type: "string" },
  },
}, USAGE);
const unknown = positionals.find((name) => !TARGETS.some((target) => target.name === name));
if (unknown !== undefined) refuseWords(`there is no target ${unknown}`, USAGE);
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0)) refuseWords(`--minutes takes a number above 0: received ${values.minutes}`, USAGE);
if (!Number.isSafeInteger(seed)) refuseWords(`--seed takes a whole number: received ${values.seed}`, USAGE);
const { input } = values;
if (input !== undefined && !/^(?:[0-9a-f]{2})*$/i.test(input)) refuseWords("--input takes bytes in hex", USAGE);
if (input !== undefined && positionals.length !== 1) refuseWords("--input is for one target", USAGE);
const chosen = TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
process.on("unhandledRejection", (error) => {
  throw error;
});

for (const target of chosen) {
  try {
    if (input !== undefined) {
      console.log(`${target.name}: ${await replay(target, hexToBytes(input))}`);
      target.close?.();
      continue;
    }
    const { inputs, bytes, ms, outcomes } = await fuzz(target, {
      seed,
      maxInputs: Infinity,
      maxMs: minutes * MS_PER_MINUTE,
    });
    const rate = Math.round((inputs / ms) * 1000);
    console.log(`${target.name}: ${inputs} inputs, ${rate} a second, ${bytes} bytes, ${outcomes.length} outcomes`);
    for (const [outcome, count] of outcomes.slice(0, SHOWN_OUTCOMES)) {
      console.log(`  ${count} ${JSON.stringify(outcome)}`);
    }
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
// Nodes in virtual time have nothing to wait for any more.
process.exit();
