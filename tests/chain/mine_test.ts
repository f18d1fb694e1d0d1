import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseBlock } from "../../src/chain/block.ts";
import { Chain } from "../../src/chain/chain.ts";
import { buildBlock, solveBlock } from "../../src/chain/mine.ts";
import { MAIN, REGTEST } from "../../src/protocol/networks.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { transaction } from "../support/blocks.ts";
import { Miner, NOW, solve } from "../support/mining.ts";
import { testHasher } from "../support/test_hasher.ts";

function planOn(chain: Chain) {
  return { params: chain.params, hasher: testHasher, parent: chain.tip, time: NOW, extraNonce: 1n };
}

test("mine: a block of given transactions is accepted by a chain of its network", () => {
  const chain = new Chain({ params: REGTEST, hasher: testHasher });
  const spends = [transaction(), transaction({ inputs: [{ index: 5, witness: [Uint8Array.of(1)] }] })];
  const { raw, hash } = solve(buildBlock({ ...planOn(chain), transactions: spends }));
  assertEquals(chain.acceptBlock(raw, NOW).kind, "extended");
  assertEquals(chain.tip.hash, hash);
  const { transactions } = parseBlock(raw);
  assertEquals(transactions.slice(1).map(({ start, end }) => raw.slice(start, end)), spends);
});

test("mine: commits to witnesses where asked to or where there are any", () => {
  const chain = new Chain({ params: REGTEST, hasher: testHasher });
  const outputs = (raw: Uint8Array) => parseBlock(raw).transactions[0]!.outputCount;
  assertEquals(outputs(buildBlock(planOn(chain))), 1);
  const committed = buildBlock({ ...planOn(chain), commit: true });
  assertEquals(outputs(committed), 2);
  assertEquals(chain.acceptBlock(solve(committed).raw, NOW).kind, "extended");
});

test("mine: the time is never at or before the parent's median, and the extra nonce keeps blocks apart", () => {
  const chain = new Chain({ params: REGTEST, hasher: testHasher });
  const early = parseBlock(buildBlock({ ...planOn(chain), time: 0 }));
  assertEquals(early.header.time, REGTEST.genesis.time + 1);
  const other = parseBlock(buildBlock({ ...planOn(chain), time: 0, extraNonce: 2n }));
  assert(early.header.merkleRoot !== other.header.merkleRoot);
});

test("mine: heights of one to three bytes are stated as BIP34 wants them", () => {
  const miner = new Miner();
  for (const { raw } of miner.mineMany(300)) void raw;
  assertEquals(miner.chain.tip.height, 300);
});

test("mine: follows the difficulty of the network through retargets", () => {
  const params: NetworkParams = { ...REGTEST, difficulty: "main", retargetInterval: 4, spacingSeconds: 1_200 };
  const miner = new Miner(params);
  const blocks = miner.mineMany(16);
  assertEquals(miner.chain.tip.height, 16);
  const bits = blocks.map((block) => block.header.bits.toString(16));
  // Blocks come in half the time wanted, over three gaps of four: the target shrinks to 3/8 each time.
  assertEquals([bits[2], bits[3], bits[7], bits[11], bits[15]], [
    "207fffff",
    "202fffff",
    "2011ffff",
    "2006bfff",
    "200287ff",
  ]);
});

test("mine: a search is bounded and goes on where it stopped", () => {
  const hard = buildBlock(planOn(new Chain({ params: MAIN, hasher: testHasher })));
  assertEquals(solveBlock(testHasher, hard, 10), { kind: "unsolved", nextNonce: 10 });
  assertEquals(solveBlock(testHasher, hard, 10, 10), { kind: "unsolved", nextNonce: 20 });
  assertEquals(solveBlock(testHasher, hard, 10, 2 ** 32 - 5), { kind: "unsolved", nextNonce: undefined });
});
