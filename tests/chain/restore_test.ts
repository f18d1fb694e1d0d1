import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { test } from "node:test";
import { Chain } from "../../src/chain/chain.ts";
import type { RestoredHeader } from "../../src/chain/restore.ts";
import { encodeBlockHeader } from "../../src/protocol/block_header.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { MAIN, REGTEST } from "../../src/protocol/networks.ts";
import { type MinedBlock, Miner, NOW } from "../support/mining.ts";
import { testHasher } from "../support/test_hasher.ts";

const GENESIS: RestoredHeader = {
  hash: REGTEST.genesisHash,
  raw: encodeBlockHeader(REGTEST.genesis),
  invalid: false,
  blockSize: REGTEST.genesisBlock!.length,
};

function recordOf(block: MinedBlock, held: boolean, invalid = false): RestoredHeader {
  return { hash: block.hash, raw: block.raw.slice(0, 80), invalid, blockSize: held ? block.raw.length : 0 };
}

function restored(records: readonly RestoredHeader[], tip?: string): Chain {
  const chain = new Chain({ params: REGTEST, hasher: testHasher });
  chain.restore(records, tip);
  return chain;
}

test("restore: an empty store is a new chain", () => {
  assertEquals(restored([]).tip.hash, REGTEST.genesisHash);
  assertEquals(restored([GENESIS], REGTEST.genesisHash).tip.hasBlock, true);
});

test("restore: blocks that were pruned below the tip are not missing, those ahead of it are", () => {
  const blocks = new Miner().mineMany(5);
  const records = blocks.map((block, i) => recordOf(block, i === 2));
  const chain = restored([GENESIS, ...records], blocks[2]!.hash);
  assertEquals([chain.tip.height, chain.bestHeader.height], [3, 5]);
  assertEquals(chain.missingBlocks(10).map((node) => node.height), [4, 5]);
});

test("restore: without a stored tip, only blocks that are held from the genesis block on count", () => {
  const blocks = new Miner().mineMany(4);
  const chain = restored(blocks.map((block, i) => recordOf(block, i !== 2)));
  assertEquals(chain.tip.height, 2);
  assertEquals(chain.acceptBlock(blocks[2]!.raw, NOW).kind, "extended");
  assertEquals(chain.tip.height, 4);
});

test("restore: blocks stored after the tip was move it on, and equal work does not", () => {
  const miner = new Miner();
  const blocks = miner.mineMany(3);
  const rival = miner.mineMany(2);
  const records = [...blocks, ...rival].map((block) => recordOf(block, true));
  assertEquals(restored(records, blocks[0]!.hash).tip.hash, blocks[2]!.hash);
  assertEquals(restored(records.filter((_, i) => i !== 2), rival[1]!.hash).tip.hash, rival[1]!.hash);
});

test("restore: what descends from an invalid block is invalid", () => {
  const miner = new Miner();
  const blocks = miner.mineMany(3);
  const other = miner.mine();
  const records = [...blocks.map((block, i) => recordOf(block, true, i === 1)), recordOf(other, true)];
  const chain = restored(records, blocks[2]!.hash);
  assertEquals([chain.tip.hash, chain.bestHeader.hash], [blocks[0]!.hash, blocks[0]!.hash]);
  assertEquals(chain.get(blocks[2]!.hash)!.invalid, true);
});

test("restore: an invalid block that was stored before its parent is never connected", () => {
  const blocks = new Miner().mineMany(2);
  const chain = restored([recordOf(blocks[0]!, false), recordOf(blocks[1]!, true, true)]);
  assertEquals(chain.acceptBlock(blocks[0]!.raw, NOW).kind, "extended");
  assertEquals(chain.tip.height, 1);
});

function assertRefused(code: string, part: string, records: readonly RestoredHeader[], tip?: string): void {
  const error = assertThrows(() => restored(records, tip), LocalError);
  assertEquals(error.code, code);
  assertStringIncludes(error.message, part);
}

test("restore: a damaged or foreign store is refused in words", () => {
  const [first, second] = new Miner().mineMany(2).map((block) => recordOf(block, true));
  assertRefused("store-corrupt", "80 bytes: received 79", [{ ...first!, raw: first!.raw.slice(0, 79) }]);
  assertRefused("store-corrupt", `received no header ${first!.hash}`, [second!]);
  assertRefused("store-corrupt", "header of the tip", [first!], second!.hash);
  assertRefused("store-corrupt", "received bits 0x0", [{ ...first!, raw: first!.raw.map((b, i) => i < 72 ? b : 0) }]);
  const foreign = { ...GENESIS, hash: MAIN.genesisHash, raw: encodeBlockHeader(MAIN.genesis) };
  assertRefused("store-mismatch", REGTEST.genesisHash, [foreign]);
});

test("restore: only into a chain that has nothing yet", () => {
  const chain = restored([]);
  chain.acceptBlock(new Miner().mine().raw, NOW);
  assertThrows(() => chain.restore([]), LocalError, "has headers already");
});
