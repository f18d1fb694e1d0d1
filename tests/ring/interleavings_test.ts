// The rings under every order of their atomic operations, in small sizes, and under all orders with few preemptions in
// larger ones. It is the real code that runs here; what the explorer can find is shown by mutants_test.ts.
// P2P_EXPLORE=deep explores for minutes instead of a second.

import process from "node:process";
import { test } from "node:test";
import { assert } from "@std/assert";
import { explore } from "../support/interleaving/explorer.ts";
import { aGhostReads } from "./ghost_program.ts";
import {
  aReaderDies,
  aWriterIsReplaced,
  oneReader,
  oneWriterDies,
  type Program,
  streamed,
  twoReaders,
} from "./ring_programs.ts";
import { REAL } from "./ring_threads.ts";

const isDeep = process.env.P2P_EXPLORE === "deep";

/** With how many preemptions each is explored, and with how many more in depth: 2, if that is left out. */
const PROGRAMS: readonly (readonly [program: Program, maxPreemptions: number, deeper?: number])[] = [
  [oneReader(REAL, { lengths: [20, 8], closes: false }), Infinity],
  [oneReader(REAL, { lengths: [28, 28, 0], closes: false, start: -36 }), 4],
  [oneReader(REAL, { lengths: [4, 0, 5] }), 3],
  [oneReader(REAL, { lengths: [12, 12, 12, 12, 4], start: -36 }), 2],
  [oneReader(REAL, { lengths: [28, 24, 28], start: 40 }), 3],
  [oneReader(REAL, { lengths: [20, 20, 20, 20], batch: 2 }), 3],
  [oneReader(REAL, { lengths: [20, 8], batch: 3 }), 3],
  [streamed(REAL, { lengths: [2, 70, 1] }), 1],
  [streamed(REAL, { lengths: [2, 70] }), 1],
  [streamed(REAL, { lengths: [70], closes: false }), 1],
  [twoReaders(REAL, { lengths: [28, 28, 28], closes: false }), 1],
  [twoReaders(REAL, { lengths: [28] }), 1],
  [aReaderDies(REAL, { lengths: [28, 28, 28], closes: false }), 0, 1],
  [oneWriterDies(REAL, { lengths: [20, 20, 20] }), 1],
  [aWriterIsReplaced(REAL, { lengths: [70] }), 0, 1],
  [aGhostReads(REAL, { lengths: [28, 28, 28, 28], successor: 1 }), 1],
];

for (const [program, preemptions, deeper = 2] of PROGRAMS) {
  test(`ring, every order: ${program.name}`, (context) => {
    const { states, runs } = explore({ ...program, maxPreemptions: preemptions + (isDeep ? deeper : 0) });
    context.diagnostic?.(`${states} states, ${runs} runs to the end`);
    assert(runs > 1);
  });
}
