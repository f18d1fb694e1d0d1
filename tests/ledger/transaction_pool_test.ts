import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type PooledTransaction,
  TransactionPool,
  type TransactionPoolOptions,
} from "../../src/ledger/transaction_pool.ts";
import { parseBlock } from "../../src/chain/block.ts";
import { MAX_POOL_TRANSACTION_BYTES, MAX_WITNESS_VERSIONS } from "../../src/protocol/relay_params.ts";
import { MalformedBytes } from "../../src/util/bytes.ts";
import { hash256 } from "../../src/util/hash.ts";
import { ID_SECRET_BYTES } from "../../src/util/id_table.ts";
import { blockOf, COINBASE_INPUT, transaction } from "../support/blocks.ts";
import { testHasher } from "../support/test_hasher.ts";

const COINBASE = transaction({ inputs: [COINBASE_INPUT] });

function makePool(changes: Partial<TransactionPoolOptions> = {}): TransactionPool {
  return new TransactionPool({
    hasher: testHasher,
    maxBytes: 1_000_000,
    maxCount: 1000,
    maxAgeMs: 60_000,
    settledCapacity: 1000,
    secret: new Uint8Array(ID_SECRET_BYTES),
    ...changes,
  });
}

/** A transaction of its own for each number, without witness, 60 bytes long. */
function numbered(index: number): Uint8Array {
  return transaction({ inputs: [{ index }] });
}

/** The transaction of `transaction()` with a witness. */
function signed(witness: number): Uint8Array {
  return transaction({ inputs: [{ witness: [Uint8Array.of(witness)] }] });
}

function idOf(raw: Uint8Array): string {
  return hash256(testHasher, raw);
}

function idsIn(pool: TransactionPool): string[] {
  const ids: string[] = [];
  pool.forEach(({ txid }) => void ids.push(txid));
  return ids;
}

test("pool: a transaction is found by both ids, and visited once", () => {
  const pool = makePool();
  const raw = signed(1);
  const outcome = pool.add(raw, 5, 1000n);
  assert(outcome.kind === "added");
  const { txid, wtxid } = outcome.transaction;
  assertEquals([txid, wtxid], [idOf(transaction()), idOf(raw)]);
  for (const id of [txid, wtxid]) assertEquals([pool.has(id), pool.get(id)], [true, outcome.transaction]);
  const { addedAt, feeRate, asTx, asWtx } = outcome.transaction;
  assertEquals([addedAt, feeRate, asTx, asWtx], [5, 1000n, { kind: 1, hash: txid }, { kind: 5, hash: wtxid }]);
  assertEquals([idsIn(pool), pool.count, pool.bytes], [[txid], 1, raw.length]);
});

test("pool: the newest are visited from the last, no more than asked for", () => {
  const pool = makePool();
  for (let i = 1; i <= 3; i++) pool.add(numbered(i), i);
  const cases: [max: number, ages: number[]][] = [[0, []], [2, [3, 2]], [9, [3, 2, 1]]];
  for (const [max, ages] of cases) {
    const visited: number[] = [];
    pool.forNewest(max, ({ addedAt }) => void visited.push(addedAt));
    assertEquals(visited, ages);
  }
});

test("pool: what is kept is a copy that nobody else holds", () => {
  const pool = makePool();
  const buffer = new Uint8Array(10_000);
  const raw = numbered(1);
  buffer.set(raw, 100);
  const outcome = pool.add(buffer.subarray(100, 100 + raw.length), 0);
  assert(outcome.kind === "added");
  buffer.fill(0xff);
  const kept = outcome.transaction.raw;
  assertEquals([kept, kept.buffer.byteLength], [raw, raw.length]);
});

test("pool: copies of a transaction with other witnesses are kept beside it, the oldest leaving beyond a bound", () => {
  const pool = makePool();
  const versions = Array.from({ length: MAX_WITNESS_VERSIONS + 1 }, (_, i) => signed(i));
  const txid = idOf(transaction());
  for (const raw of versions) pool.add(raw, 0);
  assertEquals(versions.map((raw) => pool.has(idOf(raw))), [false, true, true, true, true]);
  assertEquals([pool.get(txid)?.raw, pool.count], [versions.at(-1), MAX_WITNESS_VERSIONS]);
  pool.remove(idOf(versions.at(-1)!));
  pool.remove(idOf(versions[2]!));
  assertEquals([pool.get(txid)?.raw, idsIn(pool)], [versions[3], [txid, txid]]);
  pool.remove(txid);
  assertEquals([pool.count, pool.bytes, pool.has(txid)], [0, 0, false]);
});

test("pool: a transaction stripped of its witness does not stand in the way of the whole one", () => {
  const pool = makePool({ maxCount: 1 });
  const [stripped, whole] = [transaction(), signed(1)];
  pool.add(stripped, 0);
  pool.add(numbered(1), 0);
  assertEquals([pool.add(stripped, 0).kind, pool.add(whole, 0).kind], ["settled", "added"]);
  assertEquals(pool.get(idOf(whole))?.txid, idOf(stripped));
});

test("pool: what left or was refused is lacked under no id if it had no witness", () => {
  const pool = makePool({ maxCount: 1 });
  const large = transaction({ inputs: [{ script: new Uint8Array(MAX_POOL_TRANSACTION_BYTES) }] });
  const [first, second] = [numbered(1), numbered(2)];
  const outcomes = [large, first, second].map((raw) => pool.add(raw, 0).kind);
  assertEquals(outcomes, ["refused", "added", "added"]);
  for (const raw of [large, first, second]) {
    const hash = idOf(raw);
    assertEquals([1, 5, 0x4000_0001].map((kind) => pool.lacks({ kind, hash })), [false, false, false]);
  }
});

test("pool: it lacks what is neither here nor was, by the id that the announcement gives", () => {
  const pool = makePool();
  const [txid, wtxid, otherWtxid] = [idOf(transaction()), idOf(signed(1)), idOf(signed(2))];
  const lacks = () =>
    [{ kind: 1, hash: txid }, { kind: 5, hash: wtxid }, { kind: 5, hash: otherWtxid }].map((item) => pool.lacks(item));
  assertEquals(lacks(), [true, true, true]);
  pool.add(signed(1), 0);
  assertEquals(lacks(), [false, false, true]);
  pool.expire(100_000);
  assertEquals(lacks(), [true, false, true]);
  pool.blockConnected(parseBlock(blockOf([COINBASE, signed(2)])));
  assertEquals(lacks(), [false, false, false]);
});

test("pool: what no witness would make right is lacked under neither id; what another one might, by its txid", () => {
  const witness = [Uint8Array.of(1)];
  const long = new Uint8Array(MAX_POOL_TRANSACTION_BYTES);
  const cases: readonly [name: string, raw: Uint8Array, without: Uint8Array, lacksTxid: boolean][] = [
    ["no outputs", transaction({ inputs: [{ witness }], outputs: [] }), transaction({ outputs: [] }), false],
    [
      "long without it",
      transaction({ inputs: [{ witness, script: long }] }),
      transaction({ inputs: [{ script: long }] }),
      false,
    ],
    ["long by it", transaction({ inputs: [{ witness: [long] }] }), transaction(), true],
  ];
  for (const [name, raw, without, lacksTxid] of cases) {
    const pool = makePool();
    assertEquals(pool.add(raw, 0).kind, "refused", name);
    const lacks = [{ kind: 1, hash: idOf(without) }, { kind: 5, hash: idOf(raw) }].map((item) => pool.lacks(item));
    assertEquals(lacks, [lacksTxid, false], name);
  }
  const pool = makePool();
  pool.add(transaction({ inputs: [{ witness: [long] }] }), 0);
  assertEquals(pool.add(signed(1), 0).kind, "added", "the good version");
});

const REFUSED: readonly [name: string, raw: Uint8Array, reason: string][] = [
  ["a coinbase", COINBASE, "coinbase"],
  ["no outputs", transaction({ outputs: [] }), "no-outputs"],
  ["an input twice", transaction({ inputs: [{}, {}] }), "duplicate-input"],
  ["more money than there is", transaction({ outputs: [{ value: 21_000_001n * 100_000_000n }] }), "bad-amount"],
  [
    "more bytes than a standard one",
    transaction({ outputs: [{ script: new Uint8Array(MAX_POOL_TRANSACTION_BYTES) }] }),
    "over-standard-size",
  ],
];

for (const [name, raw, reason] of REFUSED) {
  test(`pool: ${name} is refused as ${reason}`, () => {
    const pool = makePool();
    const outcome = pool.add(raw, 0);
    assertEquals([outcome.kind, outcome.kind === "refused" && outcome.reason, pool.count], ["refused", reason, 0]);
  });
}

test("pool: bytes that are no transaction are malformed", () => {
  const pool = makePool();
  assertThrows(() => pool.add(Uint8Array.of(1, 2, 3), 0), MalformedBytes);
  assertThrows(() => pool.add(new Uint8Array([...numbered(1), 0]), 0), MalformedBytes);
});

test("pool: it never exceeds its count, and the oldest leaves first", () => {
  const pool = makePool({ maxCount: 3 });
  const all = [1, 2, 3, 4, 5].map(numbered);
  for (const raw of all) pool.add(raw, 0);
  assertEquals([idsIn(pool), pool.count], [all.slice(2).map(idOf), 3]);
  assertEquals([pool.has(idOf(all[0]!)), pool.add(all[0]!, 0).kind], [false, "settled"]);
});

test("pool: it never exceeds its bytes, but one transaction always fits", () => {
  const size = numbered(1).length;
  const pool = makePool({ maxBytes: 2 * size + 1 });
  for (const index of [1, 2, 3]) pool.add(numbered(index), 0);
  assertEquals([pool.count, pool.bytes], [2, 2 * size]);
  const large = transaction({ outputs: [{ script: new Uint8Array(10 * size) }] });
  pool.add(large, 0);
  assertEquals(idsIn(pool), [idOf(large)]);
});

test("pool: what waited too long leaves", () => {
  const pool = makePool({ maxAgeMs: 100 });
  pool.add(numbered(1), 0);
  pool.add(numbered(2), 50);
  pool.expire(100);
  assertEquals(pool.count, 2);
  pool.expire(101);
  assertEquals(idsIn(pool), [idOf(numbered(2))]);
  assertEquals(pool.add(numbered(1), 101).kind, "settled");
});

test("pool: removing by either id, first, middle or last, leaves the others in order", () => {
  for (const [gone, left] of [[0, [1, 2]], [1, [0, 2]], [2, [0, 1]]] as const) {
    const pool = makePool();
    const all: PooledTransaction[] = [0, 1, 2].map((index) => {
      const outcome = pool.add(transaction({ inputs: [{ index, witness: [Uint8Array.of(index)] }] }), 0);
      assert(outcome.kind === "added");
      return outcome.transaction;
    });
    pool.remove(gone === 1 ? all[gone]!.wtxid : all[gone]!.txid);
    pool.remove(all[gone]!.txid);
    assertEquals(idsIn(pool), left.map((index) => all[index]!.txid));
    assertEquals([pool.has(all[gone]!.txid), pool.has(all[gone]!.wtxid)], [false, false]);
    pool.add(numbered(9), 0);
    assertEquals([pool.count, idsIn(pool).length], [3, 3]);
  }
});

test("pool: what a block confirms leaves and is not wanted again; when the block leaves, it waits again", () => {
  const pool = makePool();
  const confirmed = signed(1);
  const [waiting, unheard] = [numbered(1), numbered(2)];
  pool.add(confirmed, 0);
  pool.add(waiting, 0);
  const block = parseBlock(blockOf([COINBASE, confirmed, unheard]));
  pool.blockConnected(block);
  assertEquals(idsIn(pool), [idOf(waiting)]);
  assertEquals([pool.add(confirmed, 0).kind, pool.add(unheard, 0).kind], ["settled", "settled"]);
  assertEquals(pool.add(signed(9), 0).kind, "settled", "whatever the witness");
  pool.blockDisconnected(block, 7);
  assertEquals(idsIn(pool), [waiting, transaction(), unheard].map(idOf));
  assertEquals(pool.get(idOf(unheard))?.raw, unheard);
  assertEquals(pool.get(idOf(unheard))?.raw.buffer.byteLength, unheard.length);
  pool.remove(idOf(confirmed));
  const items = [{ kind: 1, hash: idOf(transaction()) }, { kind: 5, hash: idOf(confirmed) }] as const;
  assertEquals(items.map((item) => pool.lacks(item)), [true, true], "it is wanted again by either id");
  assertEquals(pool.add(signed(9), 0).kind, "added");
});
