import { parseBlock } from "../src/chain/block.ts";
import { Chain } from "../src/chain/chain.ts";
import { buildCompactBlock } from "../src/chain/compact_block.ts";
import { buildBlock } from "../src/chain/mine.ts";
import { openCompactBlock } from "../src/chain/partial_block.ts";
import { TransactionPool } from "../src/ledger/transaction_pool.ts";
import { createHasher } from "../src/platform/hasher.ts";
import type { MessageOf } from "../src/protocol/messages.ts";
import { REGTEST } from "../src/protocol/networks.ts";
import { ByteWriter } from "../src/util/bytes.ts";
import type { Hasher } from "../src/util/hash.ts";
import { ID_SECRET_BYTES } from "../src/util/id_table.ts";
import { readSipKey, sipHash24 } from "../src/util/siphash.ts";
import { bitcoinCodec } from "../src/wire/bitcoin.ts";
import { type Candidate, type Subject, timed } from "./support.ts";

const BLOCK_TRANSACTIONS = 2_500;
const POOL_TRANSACTIONS = 5_000;
/** With the rest of a transaction, the usual 250 bytes. */
const SCRIPT_BYTES = 190;
const SEQUENCE = 0xffff_ffff;
const HASHES = 1_000;
const NONCE = 0x0123_4567_89ab_cdefn;
const POOL_BOUNDS = {
  maxBytes: 100_000_000,
  maxCount: 100_000,
  maxAgeMs: 1e9,
  settledCapacity: 1_000,
  secret: new Uint8Array(ID_SECRET_BYTES),
};

/** What compact blocks cost, the transactions of every other place in the pool being those of the block. */
export const subject: Subject = timed("compact", () => {
  const hasher = createHasher();
  const transactions = Array.from({ length: POOL_TRANSACTIONS }, (_, i) => makeTransaction(i));
  const pool = new TransactionPool({ hasher, ...POOL_BOUNDS });
  for (const transaction of transactions) pool.add(transaction, 0);
  const raw = makeBlock(hasher, transactions.filter((_, i) => i % 2 === 0).slice(0, BLOCK_TRANSACTIONS));
  const block = parseBlock(raw);
  const compact = buildCompactBlock(hasher, block, NONCE);
  const codec = bitcoinCodec(REGTEST.magic, hasher);
  const frame = codec.encode(compact);
  const half = transactions.filter((_, i) => i % 4 === 0);
  const rest = transactions.filter((_, i) => i % 4 === 2);
  const halfPool = new TransactionPool({ hasher, ...POOL_BOUNDS });
  for (const transaction of half) halfPool.add(transaction, 0);
  const sizes = `${frame.length.toLocaleString("en-US")} bytes instead of ${raw.length.toLocaleString("en-US")}`;
  const ids = Array.from({ length: HASHES }, (_, i) => hasher.sha256(makeTransaction(i)));
  const key = readSipKey(hasher.sha256(raw));
  const halves = new Uint32Array(2);
  return [
    { name: `rebuild 2,500 of a pool of 5,000: ${sizes}`, run: () => rebuild(hasher, compact, pool, []) },
    { name: "half of them in the pool, half by blocktxn", run: () => rebuild(hasher, compact, halfPool, rest) },
    { name: "make the compact block", run: () => buildCompactBlock(hasher, parseBlock(raw), NONCE) },
    { name: "encode it", run: () => codec.encode(compact) },
    { name: "decode it", run: () => decode(codec, frame) },
    { name: "SipHash of one id", operations: HASHES, run: () => ids.forEach((id) => sipHash24(key, id, halves)) },
  ] satisfies Candidate[];
});

function rebuild(
  hasher: Hasher,
  message: MessageOf<"cmpctblock">,
  pool: TransactionPool,
  others: readonly Uint8Array[],
): Uint8Array {
  const opening = openCompactBlock(hasher, message);
  if (opening.kind !== "opened") throw new Error(opening.kind);
  pool.forEach(({ wtxid, raw }) => opening.block.offer(wtxid, raw));
  if (opening.block.missingCount > 0) opening.block.supply(others);
  if (opening.block.missing().length > 0) throw new Error("transactions are missing");
  return opening.block.assemble();
}

function decode(codec: ReturnType<typeof bitcoinCodec>, frame: Uint8Array): unknown {
  const decoder = codec.createDecoder();
  decoder.feed(frame);
  return decoder.next();
}

function makeBlock(hasher: Hasher, transactions: readonly Uint8Array[]): Uint8Array {
  const { tip } = new Chain({ params: REGTEST, hasher });
  return buildBlock({ params: REGTEST, hasher, parent: tip, time: tip.time, extraNonce: 0n, transactions });
}

function makeTransaction(number: number): Uint8Array {
  const writer = new ByteWriter().int32(2).varInt(1).hash("ab".repeat(32)).uint32(number).varInt(0).uint32(SEQUENCE);
  return writer.varInt(1).uint64(1n).varInt(SCRIPT_BYTES).raw(new Uint8Array(SCRIPT_BYTES)).uint32(0).finish();
}
