import { assert, assertEquals, assertFalse } from "@std/assert";
import { test } from "node:test";
import { type DifficultyNode, isPermittedTransition, requiredBits, workOfTarget } from "../../src/chain/difficulty.ts";
import { targetFromBits } from "../../src/protocol/compact_target.ts";
import { MAIN, REGTEST, TESTNET3, TESTNET4 } from "../../src/protocol/networks.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";

const PERIOD = 2016;

/** A chain of headers by their times and bits alone; the first one has height `firstHeight`. */
function chainOf(firstHeight: number, blocks: readonly { time: number; bits: number }[]): DifficultyNode {
  const nodes: DifficultyNode[] = [];
  for (const [i, { time, bits }] of blocks.entries()) {
    const ancestor = (height: number) => nodes[height - firstHeight]!;
    nodes.push({ height: firstHeight + i, time, bits, parent: nodes[i - 1], ancestor });
  }
  return nodes.at(-1)!;
}

/** A whole period of blocks, evenly spaced from `firstTime` to `lastTime`; the last one is where a retarget is due. */
function period(lastHeight: number, firstTime: number, lastTime: number, bits: number): DifficultyNode {
  const spacing = (lastTime - firstTime) / (PERIOD - 1);
  const blocks = Array.from({ length: PERIOD }, (_, i) => ({ time: Math.round(firstTime + i * spacing), bits }));
  return chainOf(lastHeight - PERIOD + 1, blocks);
}

// Real retargets of main: time of the period's first block, then height, time and bits of its last one.
const RETARGETS = [
  {
    what: "an ordinary one",
    first: 1_261_130_161,
    height: 32_255,
    last: 1_262_152_739,
    bits: 0x1d00ffff,
    next: 0x1d00d86a,
  },
  {
    what: "easier than the limit",
    first: 1_231_006_505,
    height: 2_015,
    last: 1_233_061_996,
    bits: 0x1d00ffff,
    next: 0x1d00ffff,
  },
  {
    what: "more than four times harder",
    first: 1_279_008_237,
    height: 68_543,
    last: 1_279_297_671,
    bits: 0x1c05a3f4,
    next: 0x1c0168fd,
  },
  {
    what: "more than four times easier",
    first: 1_263_163_443,
    height: 46_367,
    last: 1_269_211_443,
    bits: 0x1c387f6f,
    next: 0x1d00e1fd,
  },
];

for (const { what, first, height, last, bits, next } of RETARGETS) {
  test(`difficulty: main retargets at height ${height + 1}, ${what}`, () => {
    assertEquals(requiredBits(MAIN, period(height, first, last, bits), last + 600), next);
    assert(isPermittedTransition(MAIN, height + 1, bits, next));
  });
}

test("difficulty: between retargets main keeps the parent's", () => {
  const parent = chainOf(100, [{ time: 1_000_000, bits: 0x1c05a3f4 }]);
  assertEquals(requiredBits(MAIN, parent, 9_000_000), 0x1c05a3f4);
});

test("difficulty: testnet3 allows the least after 20 minutes, and then returns to the last that was not such an exception", () => {
  const hard = 0x1c05a3f4;
  const parent = chainOf(2_016, [
    { time: 1_000, bits: 0x1c0168fd },
    { time: 1_600, bits: hard },
    { time: 3_000, bits: TESTNET3.powLimitBits },
    { time: 5_000, bits: TESTNET3.powLimitBits },
  ]);
  assertEquals(requiredBits(TESTNET3, parent, 5_000 + 1_201), TESTNET3.powLimitBits);
  assertEquals(requiredBits(TESTNET3, parent, 5_000 + 1_200), hard);
});

test("difficulty: the walk back on testnet3 ends at the first block of the period, whatever it has", () => {
  const parent = chainOf(2_016, [
    { time: 1_000, bits: TESTNET3.powLimitBits },
    { time: 3_000, bits: TESTNET3.powLimitBits },
  ]);
  assertEquals(requiredBits(TESTNET3, parent, 3_100), TESTNET3.powLimitBits);
});

test("difficulty: an exceptional last block resets testnet3 but not testnet4", () => {
  const hard = 0x1c05a3f4;
  const blocks = Array.from({ length: PERIOD }, (_, i) => ({ time: 1_000_000 + 600 * i, bits: hard }));
  blocks[PERIOD - 1] = { time: 1_000_000 + 600 * (PERIOD - 1), bits: TESTNET4.powLimitBits };
  const last = chainOf(PERIOD, blocks);
  assertEquals(requiredBits(TESTNET3, last, last.time + 600), 0x1d00ffde);
  assertEquals(requiredBits(TESTNET4, last, last.time + 600), 0x1c05a33c);
});

test("difficulty: without a rule every block has its parent's", () => {
  const parent = period(2 * PERIOD - 1, 1_000, 2_000, REGTEST.powLimitBits);
  assertEquals(requiredBits(REGTEST, parent, 3_000_000), REGTEST.powLimitBits);
});

test("difficulty: the work of a block", () => {
  assertEquals(workOfTarget(targetFromBits(0x1d00ffff)!), 0x1_0001_0001n);
  assertEquals(workOfTarget(targetFromBits(0x207fffff)!), 2n);
});

test("difficulty: transitions that no times can explain", () => {
  const permitted = (params: NetworkParams, height: number, from: number, to: number) =>
    isPermittedTransition(params, height, from, to);
  assertFalse(permitted(MAIN, PERIOD, 0x1c05a3f4, 0x1c0168fc), "just beyond four times harder");
  assert(permitted(MAIN, PERIOD, 0x1c05a3f4, 0x1c0168fd));
  assertFalse(permitted(MAIN, PERIOD, 0x1c387f6f, 0x1d00e1fe), "just beyond four times easier");
  assertFalse(permitted(MAIN, PERIOD + 1, 0x1c05a3f4, 0x1c05a3f3), "any change between retargets");
  assertFalse(permitted(MAIN, PERIOD, 0x1c05a3f4, 0x04923456), "a negative target");
  assert(permitted(TESTNET3, PERIOD + 1, 0x1c05a3f4, 0x1d00ffff));
  assertFalse(permitted(REGTEST, PERIOD, 0x207fffff, 0x1d00ffff));
});
