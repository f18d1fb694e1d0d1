// Kills the compiled node at random moments of its start, of syncs and of reorganisations, and looks each time whether
// it has what it had told (tests/support/torture.ts). Ends at the first thing that is missing, with exit code 1.
// Usage: node scripts/torture.ts [--kills N] [--seed S] [--parallel P] [--sources DIR]
//   DIR  a copy of src in which something may be broken, run by Bun instead of the compiled node

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import process from "node:process";
import { compiled, fromSource } from "../tests/support/binary.ts";
import { Site } from "../tests/support/site.ts";
import { torture } from "../tests/support/torture.ts";
import { parseWords, refuseWords } from "./words.ts";

const REPORT_EVERY = 100;
const USAGE = "usage: node scripts/torture.ts [--kills N] [--seed S] [--parallel P] [--sources DIR]";

const { values } = parseWords({
  options: {
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    parallel: { type: "string", default: String(availableParallelism()) },
    sources: { type: "string" },
  },
}, USAGE);
const [kills, seed, parallel] = [values.kills, values.seed, values.parallel].map(Number) as [number, number, number];
if (![kills, seed, parallel].every((value) => Number.isSafeInteger(value) && value > 0)) {
  refuseWords("--kills, --seed and --parallel take whole numbers above 0", USAGE);
}

const { sources } = values;
if (sources !== undefined && !existsSync(resolve(sources, "cli/main.ts"))) {
  refuseWords(`--sources takes a copy of src: there is no cli/main.ts in ${sources}`, USAGE);
}
const command = sources === undefined ? compiled() : { ...fromSource("bun"), args: [resolve(sources, "cli/main.ts")] };
const startedAt = performance.now();
let killed = 0;
const site = new Site();
try {
  const onKill = () => {
    if (++killed % REPORT_EVERY === 0) console.error(`${killed} kills, ${seconds()} s`);
  };
  const runs = Array.from({ length: parallel }, (_, i) => {
    return torture(site, { kills: Math.floor((kills + i) / parallel), seed: seed + i, command, onKill });
  });
  const counts = await Promise.all(runs);
  console.log(JSON.stringify({ seed, seconds: seconds(), directories: counts }, null, 2));
} catch (error) {
  console.error(`seed ${seed}, after ${killed} kills: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = 1;
} finally {
  await site.close();
}

function seconds(): number {
  return Math.round((performance.now() - startedAt) / 1000);
}
