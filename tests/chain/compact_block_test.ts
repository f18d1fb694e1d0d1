import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { parseBlock, type ParsedBlock } from "../../src/chain/block.ts";
import { SHORT_ID_BYTES } from "../../src/protocol/wire_limits.ts";
import { BlockLayout, buildCompactBlock } from "../../src/chain/compact_block.ts";
import { openCompactBlock, type PartialBlock } from "../../src/chain/partial_block.ts";
import { readShortId, shortId, shortIdKey, ShortIdTable } from "../../src/chain/short_ids.ts";
import type { MessageOf } from "../../src/protocol/messages.ts";
import { hash256 } from "../../src/util/hash.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { blockOf, COINBASE_INPUT, transaction } from "../support/blocks.ts";
import { fc } from "../support/properties.ts";
import { testData, transcript } from "../support/test_data.ts";
import { packShortIds } from "../support/short_ids.ts";
import { testHasher } from "../support/test_hasher.ts";

type Compact = MessageOf<"cmpctblock">;

const MAGIC_REGTEST = 0xfabfb5da;
const NONCE = 0x0123_4567_89ab_cdefn;
const COINBASE = transaction({ inputs: [COINBASE_INPUT] });

/** A transaction like no other of another number; every third has a witness. */
function numbered(number: number): Uint8Array {
  const witness = [Uint8Array.of(number)];
  return transaction({ inputs: [number % 3 === 0 ? { index: number, witness } : { index: number }] });
}

function blockWith(count: number): { readonly block: ParsedBlock; readonly transactions: readonly Uint8Array[] } {
  const transactions = [COINBASE, ...Array.from({ length: count }, (_, i) => numbered(i))];
  return { block: parseBlock(blockOf(transactions)), transactions };
}

function open(message: Compact): PartialBlock {
  const opening = openCompactBlock(testHasher, message);
  assert(opening.kind === "opened", opening.kind);
  return opening.block;
}

function offerAll(partial: PartialBlock, transactions: Iterable<Uint8Array>): void {
  for (const raw of transactions) partial.offer(hash256(testHasher, raw), raw);
}

function decode(frame: Uint8Array) {
  const decoder = bitcoinCodec(MAGIC_REGTEST, testHasher).createDecoder();
  decoder.feed(frame);
  return decoder.next()!;
}

const rawBlock = testData("mainnet-block-426884.raw");
const rawCompact = testData("mainnet-compact-426884.raw");
const relayed = transcript("transcript-relay.jsonl");

test("compact block: a real one of mainnet has the short ids that its block gives", {
  skip: rawBlock === undefined || rawCompact === undefined,
}, () => {
  const real = decode(frameOf("cmpctblock", rawCompact!)) as Compact;
  const block = parseBlock(rawBlock!);
  // Of a time before witnesses: a txid and a wtxid were the same, so version 1 and version 2 are too.
  assertEquals(block.transactions.some(({ hasWitness }) => hasWitness), false);
  const prefill = new Set(real.prefilled.map(({ index }) => index));
  assertEquals(buildCompactBlock(testHasher, block, real.nonce, prefill), real);
  const partial = open(real);
  offerAll(partial, transactionsOf(block));
  assert(partial.missingCount === 0);
  assertEquals(partial.assemble(), rawBlock);
});

test("compact block: one of a real node is opened and completed by its blocktxn", {
  skip: relayed === undefined,
}, () => {
  const messages = relayed!.map(({ frame }) => decode(frame));
  const of = <T extends string>(type: T) => messages.filter((message) => message.type === type);
  const compact = of("cmpctblock")[0] as Compact;
  const asked = of("getblocktxn")[0] as MessageOf<"getblocktxn">;
  const answer = of("blocktxn")[0] as MessageOf<"blocktxn">;
  const partial = open(compact);
  assertEquals(partial.missing(), asked.indexes);
  assertEquals(partial.supply(answer.transactions), { kind: "complete" });
  const block = parseBlock(partial.assemble());
  assertEquals(buildCompactBlock(testHasher, block, compact.nonce).shortIds, compact.shortIds);
});

test("compact block: whatever is at hand, exactly the others are missing, and with them the block is whole", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ pooled: fc.boolean(), prefilled: fc.boolean() }), { maxLength: 60 }),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    (fates, nonce) => {
      const { block, transactions } = blockWith(fates.length);
      const indexes = (wanted: (fate: { pooled: boolean; prefilled: boolean }) => boolean) =>
        fates.flatMap((fate, i) => wanted(fate) ? [i + 1] : []);
      const prefill = new Set(indexes(({ prefilled }) => prefilled));
      const partial = open(buildCompactBlock(testHasher, block, nonce, prefill));
      const strangers = [numbered(1000), numbered(1001)];
      offerAll(partial, [...strangers, ...indexes(({ pooled }) => pooled).map((i) => transactions[i]!)]);
      const missing = indexes(({ pooled, prefilled }) => !pooled && !prefilled);
      assertEquals([partial.missing(), partial.missingCount === 0], [missing, missing.length === 0]);
      assertEquals(partial.supply(new BlockLayout(block).transactionsAt(block.raw, missing)!), { kind: "complete" });
      assertEquals(partial.assemble(), block.raw);
    },
  ));
});

test("compact block: two candidates for one short id leave it to the sender", () => {
  const { block, transactions } = blockWith(4);
  const partial = open(buildCompactBlock(testHasher, block, NONCE));
  const wtxid = hash256(testHasher, transactions[2]!);
  partial.offer(wtxid, numbered(77));
  offerAll(partial, transactions);
  assertEquals(partial.missing(), [2]);
  partial.offer(wtxid, transactions[2]!);
  assertEquals(partial.missing(), [2], "a third does not settle it");
  assertEquals(partial.supply([transactions[2]!]), { kind: "complete" });
  assertEquals(partial.assemble(), block.raw);
});

test("compact block: short ids are those of the wtxid, as version 2 has it", () => {
  const { block, transactions } = blockWith(1);
  const wtxid = testHasher.sha256d(transactions[1]!);
  assert(block.transactions[1]!.hasWitness);
  const { shortIds } = buildCompactBlock(testHasher, block, NONCE);
  assertEquals(shortIds, packShortIds([shortId(shortIdKey(testHasher, block.header, NONCE), wtxid)]));
});

test("compact block: the same candidate twice is one", () => {
  const { block, transactions } = blockWith(3);
  const partial = open(buildCompactBlock(testHasher, block, NONCE));
  offerAll(partial, [transactions[1]!, transactions[1]!.slice()]);
  assertEquals(partial.missing(), [2, 3]);
});

test("compact block: equal short ids, or a crowd at one place, mean that it is asked for whole", () => {
  const { block } = blockWith(5);
  const compact = buildCompactBlock(testHasher, block, NONCE);
  const twice = packShortIds([0, 0, 1, 2, 3, 4].map((position) => readShortId(compact.shortIds, position)));
  assertEquals(openCompactBlock(testHasher, { ...compact, shortIds: twice }).kind, "collision");
  const crowd = packShortIds(Array.from({ length: 65_000 }, (_, i) => i * 2 ** 32));
  assertEquals(openCompactBlock(testHasher, { ...compact, shortIds: crowd }).kind, "collision");
});

test("compact block: what no honest sender makes is malformed", () => {
  const { block, transactions } = blockWith(3);
  const compact = buildCompactBlock(testHasher, block, NONCE);
  const prefill = (...indexes: number[]) => indexes.map((index) => ({ index, transaction: transactions[1]! }));
  const wrong: Compact[] = [
    { ...compact, shortIds: new Uint8Array(0), prefilled: [] },
    { ...compact, shortIds: new Uint8Array(65_536 * SHORT_ID_BYTES) },
    { ...compact, prefilled: prefill(4) },
    { ...compact, prefilled: prefill(0, 5) },
    { ...compact, prefilled: prefill(1, 0) },
    { ...compact, prefilled: prefill(1, 1) },
    { ...compact, prefilled: [{ index: 0, transaction: new Uint8Array() }] },
    { ...compact, prefilled: [{ index: 0, transaction: new Uint8Array(10) }] },
    { ...compact, prefilled: [{ index: 0, transaction: new Uint8Array([...COINBASE, 0]) }] },
  ];
  for (const message of wrong) assertEquals(openCompactBlock(testHasher, message).kind, "malformed");
});

test("compact block: an answer that is not what the short ids promised is malformed", () => {
  const { block, transactions } = blockWith(3);
  const [, first, second, third] = transactions as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  for (
    const answer of [[], [first, second], [first, second, third, third], [second, first, third], [
      COINBASE,
      second,
      third,
    ]]
  ) {
    const partial = open(buildCompactBlock(testHasher, block, NONCE));
    assertEquals(partial.supply(answer).kind, "malformed");
  }
});

test("compact block: indexes past the end are not answered", () => {
  const { block, transactions } = blockWith(3);
  assertEquals(new BlockLayout(block).transactionsAt(block.raw, [1, 3]), [transactions[1], transactions[3]]);
  assertEquals(new BlockLayout(block).transactionsAt(block.raw, [3, 4]), undefined);
});

test("short ids: writing and reading are inverse", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 48 - 1 })), (ids) => {
    const list = packShortIds(ids);
    assertEquals(ids.map((_, position) => readShortId(list, position)), ids);
  }));
  assertEquals(packShortIds([1, 0x0605_0403_0201]), Uint8Array.of(1, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6));
});

test("short ids: 65,536 honest ones are found, each at its position, and no other", () => {
  const { header } = blockWith(0).block;
  const key = shortIdKey(testHasher, header, NONCE);
  const idOf = (number: number) => shortId(key, new Uint8Array(new Uint32Array([number]).buffer));
  const ids = Array.from({ length: 65_536 }, (_, i) => idOf(i));
  const table = ShortIdTable.of(packShortIds(ids))!;
  assert(ids.every((id, i) => table.find(id) === i));
  for (let i = 65_536; i < 70_000; i++) assertEquals(table.find(idOf(i)), -1);
});

function transactionsOf({ raw, transactions }: ParsedBlock): Uint8Array[] {
  return transactions.map(({ start, end }) => raw.subarray(start, end));
}

/** A payload as the Bitcoin wire frames it. */
function frameOf(command: string, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(24 + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, MAGIC_REGTEST);
  frame.set(new TextEncoder().encode(command), 4);
  view.setUint32(16, payload.length, true);
  frame.set(testHasher.sha256d(payload).subarray(0, 4), 20);
  frame.set(payload, 24);
  return frame;
}
