import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { checkBlock } from "../../src/chain/block_rules.ts";
import { Chain } from "../../src/chain/chain.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { MAIN, REGTEST } from "../../src/protocol/networks.ts";
import { hash256 } from "../../src/util/hash.ts";
import { NOW } from "../support/mining.ts";
import { testData } from "../support/test_data.ts";

const hasher = createHasher();

const TIP = "7284a4f697c57e30f0a19f86c7a3b6440a945cd9e6e4fb05ebe41a45d668adae";
const FORK_TIP = "78229dc08adaea4661fa144ffd29aa04e12ec31c34b704f0c66f599d97e025b6";
const BLOCK_PREFIX_BYTES = 8;
const LENGTH_OFFSET = 4;

const chainFile = testData("regtest-2100.blk");
const forkFile = testData("regtest-fork-1851-2111.blk");
const skip = chainFile === undefined || forkFile === undefined;

function blocksOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < file.length;) {
    const start = at + BLOCK_PREFIX_BYTES;
    at = start + view.getUint32(at + LENGTH_OFFSET, true);
    blocks.push(file.slice(start, at));
  }
  return blocks;
}

function newChain(): Chain {
  return new Chain({ params: REGTEST, hasher });
}

test("real chain: 2,100 blocks of a real node, then its heavier branch", { skip }, () => {
  const chain = newChain();
  const [genesis, ...blocks] = blocksOf(chainFile!);
  assertEquals(chain.acceptBlock(genesis!, NOW).kind, "known");
  for (const block of blocks) assertEquals(chain.acceptBlock(block, NOW).kind, "extended");
  assertEquals([chain.tip.height, chain.tip.hash], [2_100, TIP]);

  const outcomes = blocksOf(forkFile!).map((block) => chain.acceptBlock(block, NOW));
  const turning = outcomes.findIndex((outcome) => outcome.kind === "extended");
  assertEquals(turning, 250, "the first block with more work than the old tip, not the one with as much");
  const outcome = outcomes[turning]!;
  assert(outcome.kind === "extended");
  const { disconnected, connected } = outcome.change;
  assertEquals([disconnected.length, disconnected[0]!.hash, disconnected.at(-1)!.height], [250, TIP, 1_851]);
  assertEquals([connected.length, connected[0]!.height, connected.at(-1)!.height], [251, 1_851, 2_101]);
  assertEquals(disconnected.at(-1)!.parent, connected[0]!.parent);
  assertEquals([chain.tip.height, chain.tip.hash], [2_111, FORK_TIP]);
  assertEquals(chain.forks().map(({ tip, length }) => [tip.hash, length]), [[TIP, 250]]);
});

test("real chain: headers first, then blocks backwards", { skip }, () => {
  const chain = newChain();
  const blocks = [...blocksOf(chainFile!).slice(0, 1_851), ...blocksOf(forkFile!)];
  for (const block of blocks.slice(-200).reverse()) chain.acceptBlock(block, NOW);
  assertEquals([chain.orphans.count, chain.tip.height], [200, 0]);
  for (const block of blocks.slice(1, -200).reverse()) chain.acceptBlock(block, NOW);
  assertEquals([chain.orphans.count, chain.tip.height], [0, 257], "only the last 256 orphans were kept");
  for (const block of blocks.slice(1)) chain.acceptBlock(block, NOW);
  assertEquals([chain.tip.height, chain.tip.hash], [2_111, FORK_TIP]);
});

test("real chain: a flipped bit in a header of main is a header without work", {
  skip: testData("mainnet-block-300025.raw") === undefined,
}, () => {
  const raw = testData("mainnet-block-300025.raw")!;
  const chain = new Chain({ params: MAIN, hasher });
  assertEquals(chain.acceptBlock(raw, NOW).kind, "orphan");
  for (let bit = 0; bit < 80 * 8; bit++) {
    const copy = raw.slice();
    copy[bit >>> 3]! ^= 1 << (bit & 7);
    const outcome = chain.acceptBlock(copy, NOW);
    assert(outcome.kind === "refused" && outcome.fault === "header", `bit ${bit}`);
  }
});

test("real chain: flipped bits all over real blocks are mutations", { skip }, () => {
  for (const [height, block] of blocksOf(chainFile!).entries()) {
    if (height === 0 || height % 100 !== 0) continue;
    assertEquals(checkBlock(hasher, block, REGTEST, height).kind, "valid");
    for (let bit = 640; bit < block.length * 8; bit += 13) {
      const copy = block.slice();
      copy[bit >>> 3]! ^= 1 << (bit & 7);
      assertEquals(checkBlock(hasher, copy, REGTEST, height).kind, "mutated", `height ${height}, bit ${bit}`);
    }
  }
  assertEquals(hash256(hasher, blocksOf(chainFile!)[2_100]!.subarray(0, 80)), TIP);
});
