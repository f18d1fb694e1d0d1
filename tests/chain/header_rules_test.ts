import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { Chain } from "../../src/chain/chain.ts";
import { HeaderRules } from "../../src/chain/header_rules.ts";
import type { HeaderNode } from "../../src/chain/header_tree.ts";
import { type BlockHeader, readBlockHeader } from "../../src/protocol/block_header.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { MAIN, REGTEST, TESTNET3 } from "../../src/protocol/networks.ts";
import { ByteReader } from "../../src/util/bytes.ts";
import { hexToBytes } from "../../src/util/hex.ts";
import { Miner, NOW } from "../support/mining.ts";
import { testData, vectorLines } from "../support/test_data.ts";
import { testHasher } from "../support/test_hasher.ts";

/** Twelve blocks 600 s apart, and what a good next header looks like. */
function prepare(params: NetworkParams = REGTEST): { parent: HeaderNode; header: BlockHeader; rules: HeaderRules } {
  const miner = new Miner(params);
  const parent = miner.mineMany(12).at(-1)!.node;
  return { parent, header: { ...miner.mine(parent).header }, rules: new HeaderRules(params) };
}

test("header rules: proof of work", () => {
  const main = new HeaderRules(MAIN);
  assertEquals(main.proofOfWork(MAIN.genesisHash, 0x1d00ffff), undefined);
  assertEquals(main.proofOfWork(MAIN.genesisHash, 0x1b00ffff), "high-hash");
  assertEquals(main.proofOfWork(`00000000ffff${"0".repeat(52)}`, 0x1d00ffff), undefined, "equal to the target");
  assertEquals(main.proofOfWork(`00000000ffff${"0".repeat(51)}1`, 0x1d00ffff), "high-hash");
  for (const bits of [0x1d010000, 0x207fffff, 0, 0x01003456, 0x1d80ffff, 0xff123456]) {
    assertEquals([main.proofOfWork("0".repeat(64), bits), main.work(bits)], ["bad-target", 0n], bits.toString(16));
  }
});

test("header rules: a good header breaks none", () => {
  const { parent, header, rules } = prepare();
  assertEquals(rules.inContext(header, parent, NOW), undefined);
});

test("header rules: the difficulty must be the one required", () => {
  const { parent, header, rules } = prepare();
  assertEquals(rules.inContext({ ...header, bits: 0x2000ffff }, parent, NOW), "bad-bits");
});

test("header rules: after the median of eleven, at most two hours ahead", () => {
  const { parent, header, rules } = prepare();
  const at = (time: number, now: number) => rules.inContext({ ...header, time }, parent, now);
  const median = parent.ancestor(7).time;
  assertEquals(at(median, NOW), "time-too-old");
  assertEquals(at(median + 1, NOW), undefined);
  assertEquals(at(NOW, NOW - 7_200), undefined);
  assertEquals(at(NOW, NOW - 7_201), "time-too-new");
  assertEquals(rules.inContext({ ...header, version: 1, time: NOW }, parent, 0), "bad-version", "permanent ones first");
});

test("header rules: versions retire at their heights", () => {
  const { parent, header } = prepare();
  const heights = { bip34Height: 20, bip66Height: 20, bip65Height: 20 };
  const check = (version: number, change: Partial<typeof heights>) =>
    new HeaderRules({ ...REGTEST, ...heights, ...change }).inContext({ ...header, version }, parent, NOW);
  assertEquals(check(-5, {}), undefined);
  assertEquals([check(1, { bip34Height: 14 }), check(1, { bip34Height: 13 }), check(2, { bip34Height: 13 })], [
    undefined,
    "bad-version",
    undefined,
  ]);
  assertEquals([check(2, { bip66Height: 13 }), check(3, { bip66Height: 13 })], ["bad-version", undefined]);
  assertEquals([check(3, { bip65Height: 13 }), check(4, { bip65Height: 13 })], ["bad-version", undefined]);
  assertEquals(check(-1, { bip65Height: 13 }), "bad-version", "versions have a sign");
});

test("header rules: on testnet4 a period may not begin long before its parent", () => {
  const params: NetworkParams = { ...REGTEST, difficulty: "testnet4", retargetInterval: 13 };
  const miner = new Miner(params);
  const parent = miner.mineMany(12).at(-1)!.node;
  const header = miner.mine(parent, { time: parent.time - 600 }).header;
  const rules = new HeaderRules(params);
  assertEquals(rules.inContext(header, parent, NOW), undefined);
  assertEquals(rules.inContext({ ...header, time: parent.time - 601 }, parent, NOW), "timewarp");
  const within = parent.parent!;
  const inner = { ...miner.mine(within, { time: within.time - 601 }).header };
  assertEquals(rules.inContext(inner, within, NOW), undefined, "within a period the median time is enough");
});

function readHeaders(lines: readonly string[]): { main: BlockHeader[]; fork: BlockHeader[] } {
  const parsed = lines.map((line) => ({
    fork: line.startsWith("fork:"),
    header: readBlockHeader(new ByteReader(hexToBytes(line.replace("fork:", "")))),
  }));
  const pick = (fork: boolean) => parsed.filter((line) => line.fork === fork).map((line) => line.header);
  return { main: pick(false), fork: pick(true) };
}

test("header rules: the first headers of testnet3, and a side branch of years later", () => {
  const { main, fork } = readHeaders(vectorLines("testnet3_headers.hex"));
  const chain = new Chain({ params: TESTNET3, hasher: testHasher });
  assertEquals(chain.acceptHeaders(fork, NOW).last?.height, 2);
  const { last, stopped } = chain.acceptHeaders(main, NOW);
  assertEquals([last?.height, stopped], [20, undefined]);
  assertEquals(chain.bestHeader, last);
  assertEquals(chain.acceptHeaders(main.map((header, i) => i === 9 ? { ...header, nonce: 0 } : header), NOW).stopped, {
    kind: "refused",
    hash: chain.acceptHeaders([{ ...main[9]!, nonce: 0 }], NOW).stopped!.hash,
    reason: "high-hash",
    temporary: false,
  });
});

const testnet = testData("testnet3-headers.hex");

test("header rules: 546 headers of testnet3 to the known checkpoint", { skip: testnet === undefined }, () => {
  const { main, fork } = readHeaders(new TextDecoder().decode(testnet).trim().split("\n"));
  const chain = new Chain({ params: TESTNET3, hasher: testHasher });
  assertEquals(chain.acceptHeaders(main, NOW).stopped, undefined);
  assertEquals(chain.acceptHeaders(fork, NOW).stopped, undefined);
  assertEquals(chain.nodeAt(0)!.height, 0);
  assertEquals([chain.bestHeader.height, chain.bestHeader.hash, chain.headerCount], [
    546,
    "000000002a936ca763904c3c35fce2f3556c559c0214345d31b1bcebf76acb70",
    549,
  ]);
  assertEquals(chain.tip, chain.genesis, "no blocks, no new tip");
});
