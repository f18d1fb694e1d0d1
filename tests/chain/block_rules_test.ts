import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { test } from "node:test";
import { parseBlock, strippedSize, stripWitness } from "../../src/chain/block.ts";
import { type BlockCheck, checkBlock } from "../../src/chain/block_rules.ts";
import { buildBlock } from "../../src/chain/mine.ts";
import type { BlockFault } from "../../src/chain/outcomes.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { MAX_MONEY } from "../../src/protocol/consensus.ts";
import { encodeCoinbase } from "../../src/protocol/coinbase.ts";
import { MAIN, REGTEST } from "../../src/protocol/networks.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { hexToBytes } from "../../src/util/hex.ts";
import { blockOf, COINBASE_INPUT, type InputParts, type OutputParts, transaction } from "../support/blocks.ts";
import { Miner } from "../support/mining.ts";
import { testData, vectorLines } from "../support/test_data.ts";

const hasher = createHasher();

const COINBASE = transaction({ inputs: [COINBASE_INPUT] });
const LIMIT = BigInt(MAX_MONEY);

/** Below every activation height of main: content alone counts, and witnesses are not allowed. */
function checkOld(raw: Uint8Array): BlockCheck {
  return checkBlock(hasher, raw, MAIN, 1);
}

function spending(inputs: readonly InputParts[], outputs?: readonly OutputParts[]): Uint8Array {
  return blockOf([COINBASE, transaction(outputs ? { inputs, outputs } : { inputs })]);
}

/** A regtest block at height 1 whose transactions have witnesses, committed to by the coinbase. */
function segwitBlock(transactions: readonly Uint8Array[] = [WITNESS_SPEND]): Uint8Array {
  const { chain } = new Miner();
  const plan = { hasher, params: REGTEST, parent: chain.genesis, time: 0, extraNonce: 7n, transactions };
  return buildBlock(plan);
}

const WITNESS_SPEND = transaction({ inputs: [{ witness: [Uint8Array.of(1, 2, 3), new Uint8Array()] }, { index: 1 }] });

function checkNew(raw: Uint8Array, height = 1): BlockCheck {
  return checkBlock(hasher, raw, REGTEST, height);
}

function flipped(raw: Uint8Array, bit: number): Uint8Array {
  const copy = raw.slice();
  copy[bit >>> 3]! ^= 1 << (bit & 7);
  return copy;
}

const FAULTS: readonly (readonly [what: string, block: () => Uint8Array, reason: BlockFault])[] = [
  ["no transaction", () => blockOf([]), "no-transactions"],
  ["no coinbase", () => blockOf([transaction()]), "no-coinbase"],
  ["two coinbases", () => blockOf([COINBASE, transaction(), COINBASE]), "second-coinbase"],
  ["a coinbase script of 1 byte", () => blockOf([coinbaseWith(1)]), "bad-coinbase-script"],
  ["a coinbase script of 101 bytes", () => blockOf([coinbaseWith(101)]), "bad-coinbase-script"],
  ["no output", () => spending([{}], []), "no-outputs"],
  ["an output above all money", () => spending([{}], [{ value: LIMIT + 1n }]), "bad-amount"],
  ["a negative output", () => spending([{}], [{ value: 2n ** 64n - 1n }]), "bad-amount"],
  ["outputs above all money together", () => spending([{}], [{ value: LIMIT }, { value: 1n }]), "bad-amount"],
  ["one coin spent twice", () => spending([{ index: 3 }, {}, { index: 3 }]), "duplicate-input"],
  ["a null input among others", () => spending([{}, COINBASE_INPUT]), "null-input"],
  ["more than a megabyte without witnesses", () => blockOf([COINBASE, bulk(1_000_000)]), "oversized"],
];

function coinbaseWith(scriptBytes: number): Uint8Array {
  return transaction({ inputs: [{ ...COINBASE_INPUT, script: new Uint8Array(scriptBytes) }] });
}

function bulk(scriptBytes: number): Uint8Array {
  return transaction({ outputs: [{ script: new Uint8Array(scriptBytes) }] });
}

for (const [what, block, reason] of FAULTS) {
  test(`block rules: invalid: ${what}`, () => {
    assertEquals(checkOld(block()), { kind: "invalid", reason });
  });
}

test("block rules: valid at the very limits", () => {
  assertEquals(checkOld(blockOf([coinbaseWith(2)])).kind, "valid");
  assertEquals(checkOld(blockOf([coinbaseWith(100)])).kind, "valid");
  assertEquals(checkOld(spending([{}, { index: 1 }], [{ value: LIMIT - 1n }, { value: 1n }])).kind, "valid");
  const room = 1_000_000 - strippedSize(parseBlock(blockOf([COINBASE, bulk(999_000)])));
  const full = blockOf([COINBASE, bulk(999_000 + room)]);
  assertEquals([strippedSize(parseBlock(full)), checkOld(full).kind], [1_000_000, "valid"]);
});

test("block rules: another root, or a repeated tail under the right root, is mutated", () => {
  const spends = [transaction(), transaction({ inputs: [{ index: 1 }] })];
  const honest = blockOf([COINBASE, ...spends]);
  assertEquals(checkOld(honest).kind, "valid");
  const { merkleRoot } = parseBlock(honest).header;
  const mutated = { kind: "mutated", reason: "duplicate-transactions" } as const;
  assertEquals(checkOld(blockOf([COINBASE, ...spends, spends[1]!], merkleRoot)), mutated);
  assertEquals(checkOld(blockOf([COINBASE, spends[1]!], merkleRoot)), { kind: "mutated", reason: "bad-merkle-root" });
});

test("block rules: an inner node passed off as a transaction does not condemn the hash", () => {
  const disguised = transaction({ outputs: [{ script: new Uint8Array(4) }] });
  assertEquals(disguised.length, 64);
  assertEquals(checkOld(blockOf([disguised])), { kind: "mutated", reason: "merkle-node-as-transaction" });
});

test("block rules: trailing, missing and odd bytes are mutations", () => {
  const block = blockOf([COINBASE]);
  const malformed = { kind: "mutated", reason: "malformed" } as const;
  assertEquals(checkOld(concatBytes([block, Uint8Array.of(0)])), malformed);
  for (let size = 0; size < block.length; size++) assertEquals(checkOld(block.subarray(0, size)), malformed);
  const count = concatBytes([block.subarray(0, 80), Uint8Array.of(0xfd, 1, 0), block.subarray(81)]);
  assertEquals(checkOld(count), malformed, "a count that is not in its shortest form");
  const huge = concatBytes([block.subarray(0, 80), Uint8Array.of(0xfe, 255, 255, 255, 255), block.subarray(81)]);
  assertEquals(checkOld(huge), malformed, "a count beyond the bytes");
});

test("block rules: the coinbase states the height from BIP34 on", () => {
  const wrong = { kind: "invalid", reason: "bad-coinbase-height" } as const;
  for (const height of [1, 16, 17, 127, 128, 255, 256, 32_767, 32_768, 8_388_608]) {
    const block = blockOf([transaction({ inputs: [{ ...COINBASE_INPUT, script: HEIGHT_SCRIPTS[height]! }] })]);
    assertEquals(checkNew(block, height).kind, "valid", `height ${height}`);
    assertEquals(checkNew(block, height + 1), wrong, `height ${height} at ${height + 1}`);
  }
});

/** As Bitcoin nodes write them, followed by an empty push so that the shortest have the least length. */
const HEIGHT_SCRIPTS: Readonly<Record<number, Uint8Array>> = {
  1: hexToBytes("5100"),
  16: hexToBytes("6000"),
  17: hexToBytes("0111"),
  127: hexToBytes("017f"),
  128: hexToBytes("028000"),
  255: hexToBytes("02ff00"),
  256: hexToBytes("020001"),
  32_767: hexToBytes("02ff7f"),
  32_768: hexToBytes("03008000"),
  8_388_608: hexToBytes("0400008000"),
};

test("witness: a real block with several transactions keeps its commitment", () => {
  const raw = hexToBytes(vectorLines("regtest_block_163.hex")[0]!);
  assertEquals(parseBlock(raw).transactions.map((layout) => layout.hasWitness), [true, false, false]);
  assertEquals(checkNew(raw, 163), { kind: "valid" });
});

test("witness: every flipped bit behind the header is noticed, and only as mutation", () => {
  const real = hexToBytes(vectorLines("regtest_block_163.hex")[0]!);
  for (const [raw, height] of [[real, 163], [segwitBlock(), 1]] as const) {
    assertEquals(checkNew(raw, height).kind, "valid");
    for (let bit = 640; bit < raw.length * 8; bit++) assertEquals(checkNew(flipped(raw, bit), height).kind, "mutated");
  }
});

test("witness: stripping gives the old form, and giving it back the same block", () => {
  const raw = segwitBlock();
  const stripped = stripWitness(raw);
  assertEquals(stripped.length, strippedSize(parseBlock(raw)));
  assertEquals(parseBlock(stripped).transactions.some((layout) => layout.hasWitness), false);
  assertStrictEquals(stripWitness(stripped), stripped);
  assertEquals(checkNew(stripped), { kind: "mutated", reason: "bad-witness-reserved-value" });
  assertEquals(checkBlock(hasher, stripped, MAIN, 1).kind, "valid", "where commitments mean nothing yet");
});

test("witness: none without a commitment, none before its time", () => {
  const unexpected = { kind: "mutated", reason: "unexpected-witness" } as const;
  assertEquals(checkNew(blockOf([coinbaseAt1(), WITNESS_SPEND])), unexpected);
  assertEquals(checkBlock(hasher, segwitBlock(), MAIN, MAIN.segwitHeight - 1), unexpected);
});

test("witness: the last output of the form counts, and the reserved value is one item of 32 bytes", () => {
  const good = segwitBlock();
  const script = (fill: number) => concatBytes([hexToBytes("6a24aa21a9ed"), new Uint8Array(32).fill(fill)]);
  const { raw, transactions: [layout] } = parseBlock(good);
  const right = raw.subarray(layout!.outputsEnd - 38, layout!.outputsEnd);
  const withOutputs = (scripts: Uint8Array[], reserved: Uint8Array | undefined = new Uint8Array(32)) => {
    const outputs = scripts.map((script) => ({ value: 0n, script }));
    return blockOf([
      encodeCoinbase({ version: 2, script: hexToBytes("5100"), outputs, reservedValue: reserved }),
      WITNESS_SPEND,
    ]);
  };
  assertEquals(checkNew(withOutputs([script(9), right])).kind, "valid");
  assertEquals(
    checkNew(withOutputs([right, concatBytes([right, Uint8Array.of(1, 2)])])).kind,
    "valid",
    "longer scripts too",
  );
  assertEquals(checkNew(withOutputs([right, right.slice(0, 37)])).kind, "valid", "a shorter one is none");
  assertEquals(checkNew(withOutputs([right, script(9)])), { kind: "mutated", reason: "bad-witness-commitment" });
  assertEquals(checkNew(withOutputs([right], new Uint8Array(32).fill(1))), {
    kind: "mutated",
    reason: "bad-witness-commitment",
  });
  const twoItems = { ...COINBASE_INPUT, script: hexToBytes("5100"), witness: [new Uint8Array(32), new Uint8Array(32)] };
  const two = blockOf([transaction({ inputs: [twoItems], outputs: [{ value: 0n, script: right }] }), WITNESS_SPEND]);
  assertEquals(checkNew(two), { kind: "mutated", reason: "bad-witness-reserved-value" });
});

test("witness: added witnesses do not make a block overweight, committed ones do", () => {
  const heavy = transaction({ inputs: [{ witness: [new Uint8Array(4_000_000)] }] });
  assertEquals(checkNew(blockOf([coinbaseAt1(), heavy])), { kind: "mutated", reason: "unexpected-witness" });
  assertEquals(checkNew(segwitBlock([heavy])), { kind: "invalid", reason: "overweight" });
});

function coinbaseAt1(): Uint8Array {
  return transaction({ inputs: [{ ...COINBASE_INPUT, script: hexToBytes("5100") }] });
}

const REAL_BLOCKS = [
  { height: 300_025, transactions: 461 },
  { height: 413_567, transactions: 1_557 },
  { height: 426_884, transactions: 409 },
];

for (const { height, transactions } of REAL_BLOCKS) {
  const raw = testData(`mainnet-block-${height}.raw`);
  test(`block rules: main's block ${height} is valid at its height alone`, { skip: raw === undefined }, () => {
    assertEquals(parseBlock(raw!).transactions.length, transactions);
    assertEquals(checkBlock(hasher, raw!, MAIN, height), { kind: "valid" });
    const elsewhere = checkBlock(hasher, raw!, MAIN, height + 1);
    assertEquals(elsewhere, { kind: "invalid", reason: "bad-coinbase-height" });
  });
}

test("block rules: a flipped bit in a large block is always noticed", {
  skip: testData("mainnet-block-300025.raw") === undefined,
}, () => {
  const raw = testData("mainnet-block-300025.raw")!;
  const bits = raw.length * 8;
  const stride = Math.floor(bits / 300) | 1;
  for (let bit = 640; bit < bits; bit += stride) {
    const check = checkBlock(hasher, flipped(raw, bit), MAIN, 300_025);
    assert(check.kind === "mutated", `bit ${bit}: ${check.kind}`);
  }
});
