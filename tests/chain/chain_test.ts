import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { Chain } from "../../src/chain/chain.ts";
import type { HeaderNode } from "../../src/chain/header_tree.ts";
import type { BlockOutcome, HeaderOutcome } from "../../src/chain/outcomes.ts";
import {
  type BlockHeader,
  encodeBlockHeader,
  HEADER_SIZE_BYTES,
  readBlockHeader,
} from "../../src/protocol/block_header.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { ByteReader, concatBytes } from "../../src/util/bytes.ts";
import { ZERO_HASH } from "../../src/util/hash.ts";
import { blockOf, COINBASE_INPUT, transaction } from "../support/blocks.ts";
import { type MinedBlock, Miner, NOW, solve } from "../support/mining.ts";
import { testHasher } from "../support/test_hasher.ts";

function newChain(): Chain {
  return new Chain({ params: REGTEST, hasher: testHasher });
}

function accept(chain: Chain, blocks: readonly MinedBlock[]): BlockOutcome[] {
  return blocks.map((block) => chain.acceptBlock(block.raw, NOW));
}

function hashes(nodes: readonly HeaderNode[]): string[] {
  return nodes.map((node) => node.hash);
}

function hashesOf(blocks: readonly MinedBlock[]): string[] {
  return blocks.map((block) => block.hash);
}

function changeOf(outcome: BlockOutcome | HeaderOutcome) {
  assert("change" in outcome, outcome.kind);
  const { headers, blocks, invalidated, disconnected, connected } = outcome.change;
  return {
    headers: hashes(headers),
    blocks: hashes(blocks.map((block) => block.node)),
    invalidated: hashes(invalidated),
    disconnected: hashes(disconnected),
    connected: hashes(connected),
  };
}

/** A solved block on any parent, of any transactions. */
function blockOn(parent: HeaderNode, transactions: readonly Uint8Array[]): Uint8Array {
  const raw = blockOf(transactions);
  const header = { ...readBlockHeader(new ByteReader(raw)), previous: parent.hash, time: parent.time + 600 };
  return solve(concatBytes([encodeBlockHeader(header), raw.subarray(HEADER_SIZE_BYTES)])).raw;
}

test("chain: begins with the genesis block and nothing else", () => {
  const chain = newChain();
  assertEquals([chain.tip, chain.bestHeader, chain.nodeAt(0)], [chain.genesis, chain.genesis, chain.genesis]);
  assertEquals([chain.tip.hash, chain.tip.hasBlock, chain.tip.chainWork], [REGTEST.genesisHash, true, 2n]);
  assertEquals([chain.syncing, chain.progress, chain.missingBlocks(10), chain.forks()], [false, 1, [], []]);
});

test("chain: a block extends it, once", () => {
  const chain = newChain();
  const [block] = new Miner().mineMany(1);
  const outcome = chain.acceptBlock(block!.raw, NOW);
  assertEquals(outcome.kind, "extended");
  const hash = [block!.hash];
  assertEquals(changeOf(outcome), { headers: hash, blocks: hash, invalidated: [], disconnected: [], connected: hash });
  assertEquals([chain.tip.hash, chain.tip.height, chain.tip.chainWork], [block!.hash, 1, 4n]);
  assertEquals(chain.acceptBlock(block!.raw, NOW).kind, "known");
});

test("chain: blocks in any order connect once the gap is filled", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(4);
  chain.acceptHeaders(blocks.map((block) => block.header), NOW);
  const kinds = [3, 1, 2].map((i) => chain.acceptBlock(blocks[i]!.raw, NOW).kind);
  assertEquals(kinds, ["side", "side", "side"]);
  assertEquals(hashes(chain.missingBlocks(10)), [blocks[0]!.hash]);
  const outcome = chain.acceptBlock(blocks[0]!.raw, NOW);
  assertEquals([outcome.kind, changeOf(outcome).connected], ["extended", hashesOf(blocks)]);
});

test("chain: more work wins, first seen wins ties, and the lists run from tip to tip", () => {
  const chain = newChain();
  const miner = new Miner();
  const trunk = miner.mineMany(2);
  const left = miner.mineMany(2, trunk[1]!.node);
  const right = miner.mineMany(3, trunk[1]!.node);
  accept(chain, [...trunk, ...left]);
  const outcomes = accept(chain, right);
  assertEquals(outcomes.map((outcome) => outcome.kind), ["side", "side", "extended"]);
  const { disconnected, connected } = changeOf(outcomes[2]!);
  assertEquals(disconnected, hashesOf(left).reverse());
  assertEquals(connected, hashesOf(right));
  assertEquals(chain.forks().map(({ tip, length }) => [tip.hash, length]), [[left[1]!.hash, 2]]);
  assertStrictEquals(chain.findFork(chain.get(left[1]!.hash)!), chain.get(trunk[1]!.hash));
});

test("chain: a heavier header chain without its blocks moves nothing", () => {
  const chain = newChain();
  const miner = new Miner();
  const held = miner.mineMany(2);
  const heavier = miner.mineMany(4);
  accept(chain, held);
  chain.acceptHeaders(heavier.map((block) => block.header), NOW);
  assertEquals([chain.tip.hash, chain.bestHeader.hash], [held[1]!.hash, heavier[3]!.hash]);
  assertEquals(hashes(chain.missingBlocks(3)), hashesOf(heavier.slice(0, 3)));
  assertEquals(accept(chain, heavier.slice(0, 2)).map((outcome) => outcome.kind), ["side", "side"]);
  const { disconnected, connected } = changeOf(chain.acceptBlock(heavier[2]!.raw, NOW));
  assertEquals([disconnected, connected], [hashesOf(held).reverse(), hashesOf(heavier.slice(0, 3))]);
});

test("chain: of two equal chains the one whose blocks came first counts, and nothing is missing then", () => {
  const chain = newChain();
  const miner = new Miner();
  const [first, second] = [miner.mine(), miner.mine()];
  chain.acceptHeader(first.header, NOW);
  chain.acceptHeader(second.header, NOW);
  chain.acceptBlock(second.raw, NOW);
  assertEquals([chain.tip.hash, chain.bestHeader.hash], [second.hash, second.hash]);
  assertEquals(chain.missingBlocks(10), []);
});

test("chain: missing blocks are the next ones on the way to the best header, those held left out", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(20);
  chain.acceptHeaders(blocks.map((block) => block.header), NOW);
  accept(chain, [blocks[0]!, blocks[3]!, blocks[4]!]);
  const heights = (max: number) => chain.missingBlocks(max).map((node) => node.height);
  assertEquals(heights(4), [2, 3, 6, 7]);
  assertEquals(heights(100), [2, 3, ...Array.from({ length: 15 }, (_, i) => 6 + i)]);
  assertEquals(heights(0), []);
  assertEquals([chain.syncing, chain.progress, chain.forks()], [true, 1 / 20, []], "headers ahead are no fork");
  assertEquals(chain.headersAfter([blocks[9]!.hash, REGTEST.genesisHash], ZERO_HASH, 10), [], "we have less");
  assertEquals(chain.missingBlocks(9, chain.get(blocks[2]!.hash)!).map((node) => node.height), [2, 3]);
});

test("chain: orphans wait for their parent, whether header or block", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(4);
  assertEquals(chain.acceptBlock(blocks[2]!.raw, NOW), {
    kind: "orphan",
    hash: blocks[2]!.hash,
    previous: blocks[1]!.hash,
  });
  assertEquals(chain.acceptHeader(blocks[3]!.header, NOW).kind, "orphan");
  assertEquals(chain.acceptHeader(blocks[1]!.header, NOW).kind, "orphan");
  assertEquals(chain.orphans.count, 3);
  const outcome = chain.acceptBlock(blocks[0]!.raw, NOW);
  assertEquals(changeOf(outcome).headers, hashesOf(blocks));
  assertEquals(changeOf(outcome).blocks, [blocks[0]!.hash, blocks[2]!.hash]);
  assertEquals([chain.tip.height, chain.bestHeader.height, chain.orphans], [1, 4, { count: 0, sizeBytes: 0 }]);
  assertEquals(changeOf(chain.acceptBlock(blocks[1]!.raw, NOW)).connected, [blocks[1]!.hash, blocks[2]!.hash]);
});

test("chain: orphans are bounded in number and age, and cost proof of work", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(300).slice(1);
  for (const block of blocks) chain.acceptHeader(block.header, NOW);
  assertEquals(chain.orphans, { count: 256, sizeBytes: 256 * 80 });
  chain.acceptHeader(blocks[0]!.header, NOW + 1_201);
  assertEquals(chain.orphans.count, 1);
  const unproven = Array.from({ length: 20 }, (_, nonce) => chain.acceptHeader({ ...blocks[1]!.header, nonce }, NOW));
  assert(unproven.some((outcome) => outcome.kind === "refused" && outcome.reason === "high-hash"));
});

test("chain: a list of headers stops at the first that fails, and keeps those before", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(4);
  const headers = blocks.map((block) => block.header);
  const gap = chain.acceptHeaders([headers[0]!, headers[2]!], NOW);
  assertEquals([gap.last?.hash, gap.stopped], [blocks[0]!.hash, { kind: "unlinked", hash: blocks[2]!.hash }]);
  const whole = chain.acceptHeaders(headers, NOW);
  assertEquals([whole.last?.height, whole.stopped, hashes(whole.change.headers)], [
    4,
    undefined,
    hashesOf(blocks.slice(1)),
  ]);
  assertEquals(chain.acceptHeaders([], NOW).last, undefined);
});

test("chain: an announcement that does not connect is kept, a long list is not", () => {
  const headers = new Miner().mineMany(20).slice(1).map((block) => block.header);
  const short = newChain();
  assertEquals(short.acceptHeaders(headers.slice(0, 8), NOW).stopped?.kind, "orphan");
  assertEquals(short.orphans.count, 8);
  const long = newChain();
  assertEquals(long.acceptHeaders(headers, NOW).stopped?.kind, "orphan");
  assertEquals(long.orphans.count, 0);
});

test("chain: a mutated copy hides neither the header nor the good block", () => {
  const chain = newChain();
  const block = new Miner().mine();
  chain.acceptHeader(block.header, NOW);
  const copy = block.raw.slice();
  copy[copy.length - 1]! ^= 1;
  const outcome = chain.acceptBlock(copy, NOW);
  assert(outcome.kind === "refused");
  assertEquals([outcome.fault, outcome.reason], ["mutated", "bad-merkle-root"]);
  assertEquals(changeOf(outcome).invalidated, []);
  assertEquals(chain.acceptBlock(copy.subarray(0, 79), NOW).kind, "refused");
  assertEquals(chain.acceptBlock(block.raw, NOW).kind, "extended");
});

test("chain: an invalid block condemns its known header and all its descendants", () => {
  const chain = newChain();
  const [honest] = new Miner().mineMany(1);
  const lax = new Miner({ ...REGTEST, bip34Height: 1_000 });
  const bad = blockOn(chain.genesis, [
    transaction({ inputs: [{ ...COINBASE_INPUT, script: Uint8Array.of(0x52, 0) }] }),
  ]);
  assertEquals(lax.chain.acceptBlock(bad, NOW).kind, "extended");
  const [condemned, child] = [lax.chain.tip, lax.mine(lax.chain.tip)];
  chain.acceptHeader(condemned.header, NOW);
  chain.acceptBlock(child.raw, NOW);
  chain.acceptBlock(honest!.raw, NOW);
  assertEquals(chain.bestHeader.hash, child.hash);

  const outcome = chain.acceptBlock(bad, NOW);
  assert(outcome.kind === "refused");
  assertEquals([outcome.fault, outcome.reason], ["invalid", "bad-coinbase-height"]);
  assertEquals(changeOf(outcome).invalidated, [condemned.hash, child.hash]);
  assertEquals([chain.tip.hash, chain.bestHeader.hash], [honest!.hash, honest!.hash]);
  const reasonOf = (header: BlockHeader) => {
    const refused = chain.acceptHeader(header, NOW);
    return refused.kind === "refused" ? refused.reason : refused.kind;
  };
  assertEquals(reasonOf(condemned.header), "known-invalid");
  const again = chain.acceptBlock(bad, NOW);
  assertEquals(again.kind === "refused" && again.reason, "known-invalid");
  assertEquals(reasonOf(lax.mine(child.node).header), "invalid-parent");
});

test("chain: a time too far ahead is refused for now, and accepted later", () => {
  const chain = newChain();
  const early = new Miner();
  const block = early.mine(early.chain.genesis, { time: NOW - 100 });
  const refused = chain.acceptHeader(block.header, NOW - 100 - 7_201);
  assert(refused.kind === "refused");
  assertEquals([refused.reason, refused.temporary], ["time-too-new", true]);
  const again = chain.acceptBlock(block.raw, NOW - 100 - 7_201);
  assert(again.kind === "refused" && again.fault === "early");
  assertEquals(chain.acceptBlock(block.raw, NOW - 100 - 7_200).kind, "extended");
});

test("chain: invalidating the active chain falls back to the best of the others", () => {
  const chain = newChain();
  const miner = new Miner();
  const weak = miner.mineMany(2);
  const middle = miner.mineMany(3);
  const strong = miner.mineMany(4);
  accept(chain, [...strong, ...weak, ...middle]);
  const change = chain.invalidate(strong[1]!.hash);
  assertEquals(hashes(change.invalidated), hashesOf(strong.slice(1)));
  assertEquals(hashes(change.disconnected), hashesOf(strong).reverse());
  assertEquals(hashes(change.connected), hashesOf(middle));
  assertEquals([chain.tip.hash, chain.bestHeader.hash], [middle[2]!.hash, middle[2]!.hash]);
  assertThrows(() => chain.invalidate(REGTEST.genesisHash), LocalError, "every chain begins with it");
  assertThrows(() => chain.invalidate("f".repeat(64)), LocalError, "unknown");
});

test("chain: an invalid block that waits for its parent is never connected", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(3);
  chain.acceptHeaders(blocks.map((block) => block.header), NOW);
  accept(chain, [blocks[2]!, blocks[1]!]);
  chain.invalidate(blocks[1]!.hash);
  assertEquals(changeOf(chain.acceptBlock(blocks[0]!.raw, NOW)).connected, [blocks[0]!.hash]);
});

test("chain: serves what follows the newest common block", () => {
  const chain = newChain();
  const miner = new Miner();
  const blocks = miner.mineMany(10);
  const side = miner.mineMany(2, blocks[4]!.node);
  accept(chain, [...blocks, ...side]);
  const heights = (locator: readonly string[], stop = ZERO_HASH, max = 2_000) =>
    chain.headersAfter(locator, stop, max).map((node) => node.height);
  assertEquals(heights([blocks[6]!.hash]), [8, 9, 10]);
  assertEquals(heights([blocks[6]!.hash], ZERO_HASH, 2), [8, 9]);
  assertEquals(heights([blocks[6]!.hash], blocks[8]!.hash), [8, 9]);
  assertEquals(heights([side[1]!.hash, blocks[4]!.hash]), [6, 7, 8, 9, 10], "a side branch counts from its fork");
  assertEquals(heights(["f".repeat(64)]).length, 10, "nothing in common but the genesis block");
  assertEquals(heights([blocks[9]!.hash]), []);
  assertEquals(heights([], blocks[3]!.hash), [4]);
  assertEquals(heights([], side[0]!.hash), [6]);
  assertEquals(heights([], "f".repeat(64)), []);
  const ahead = new Miner();
  ahead.chain.acceptHeaders(blocks.map((block) => block.header), NOW);
  assertEquals(chain.headersAfter(chain.locator(), ZERO_HASH, 10), []);
});

test("chain: a pruned block stays on the chain and is not missing", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(3);
  accept(chain, blocks);
  chain.prune(chain.nodeAt(1)!);
  assertEquals([chain.nodeAt(1)!.hasBlock, chain.tip.height, chain.missingBlocks(10)], [false, 3, []]);
  assertEquals(chain.acceptBlock(blocks[0]!.raw, NOW).kind, "known");
});

test("chain: a block that is dropped before it was linked is missing again", () => {
  const chain = newChain();
  const blocks = new Miner().mineMany(2);
  chain.acceptHeaders(blocks.map((block) => block.header), NOW);
  chain.acceptBlock(blocks[1]!.raw, NOW);
  chain.prune(chain.get(blocks[1]!.hash)!);
  chain.acceptBlock(blocks[0]!.raw, NOW);
  assertEquals([chain.tip.height, hashes(chain.missingBlocks(10))], [1, [blocks[1]!.hash]]);
});

test("chain: a pruned side branch needs no second download", () => {
  const chain = newChain();
  const miner = new Miner();
  accept(chain, miner.mineMany(3));
  const side = miner.mineMany(2);
  accept(chain, side);
  chain.prune(chain.get(side[0]!.hash)!);
  assertEquals(chain.missingBlocks(10, chain.get(side[1]!.hash)), []);
});

test("chain: the work that strangers must show", () => {
  const chain = newChain();
  assertEquals(chain.workThreshold(), 0n);
  const blocks = new Miner().mineMany(150);
  assertEquals(chain.workAfter(blocks.map((block) => block.header)), 302n);
  assertEquals(chain.workAfter([blocks[0]!.header, blocks[2]!.header]), 4n);
  assertEquals(chain.workAfter([{ ...blocks[0]!.header, bits: 0x1d00ffff }]), 2n, "a claim without its proof");
  assertEquals(chain.workAfter([blocks[1]!.header]), undefined);
  accept(chain, blocks);
  assertEquals(chain.workThreshold(), 302n - 288n);
  const demanding = new Chain({ params: { ...REGTEST, minimumChainWork: 100n }, hasher: testHasher });
  assertEquals([demanding.workThreshold(), demanding.syncing], [100n, true]);
});
