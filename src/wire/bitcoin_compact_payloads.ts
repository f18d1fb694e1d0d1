import { HEADER_SIZE_BYTES, readBlockHeader, writeBlockHeader } from "../protocol/block_header.ts";
import { LocalError } from "../protocol/errors.ts";
import type { MessageOf, PrefilledTransaction } from "../protocol/messages.ts";
import { scanTransaction } from "../protocol/transaction.ts";
import { MAX_BLOCK_TRANSACTIONS, MAX_MESSAGE_BYTES, SHORT_ID_BYTES } from "../protocol/wire_limits.ts";
import { type ByteReader, type ByteWriter, MalformedBytes, varIntSize } from "../util/bytes.ts";
import { HASH_SIZE_BYTES } from "../util/hash.ts";
import { listSize, type PayloadCodec, readCount } from "./bitcoin_payload.ts";

const NONCE_BYTES = 8;
/** Version, two counts, lock time: no transaction is shorter, which is all that a check of counts needs. */
const MIN_TRANSACTION_BYTES = 10;

/** BIP152. Prefilled transactions are numbered by the gaps between them. */
export const cmpctblock: PayloadCodec<MessageOf<"cmpctblock">> = {
  maxBytes: MAX_MESSAGE_BYTES,
  sizeOf({ shortIds, prefilled }) {
    const gaps = indexGaps(prefilled.map(({ index }) => index));
    const count = shortIds.length / SHORT_ID_BYTES;
    let sizeBytes = HEADER_SIZE_BYTES + NONCE_BYTES + listSize(count, SHORT_ID_BYTES) + varIntSize(gaps.length);
    gaps.forEach((gap, i) => sizeBytes += varIntSize(gap) + prefilled[i]!.transaction.length);
    return sizeBytes;
  },
  write(writer, message) {
    writeBlockHeader(writer, message.header);
    writer.uint64(message.nonce).varInt(message.shortIds.length / SHORT_ID_BYTES).raw(message.shortIds);
    const gaps = indexGaps(message.prefilled.map(({ index }) => index));
    writer.varInt(gaps.length);
    gaps.forEach((gap, i) => writer.varInt(gap).raw(message.prefilled[i]!.transaction));
  },
  read({ reader }) {
    reader.enter("header");
    const header = readBlockHeader(reader);
    reader.leave();
    const nonce = reader.uint64("nonce");
    const count = readCount(reader, MAX_BLOCK_TRANSACTIONS, SHORT_ID_BYTES, "short ids", "shortIdCount");
    const shortIds = reader.view(count * SHORT_ID_BYTES, "shortIds").slice();
    return { type: "cmpctblock", header, nonce, shortIds, prefilled: readPrefilled(reader, count) };
  },
};

/** The transactions that a block with so many short ids carries in full; each lies within the block. */
function readPrefilled(reader: ByteReader, shortIdCount: number): PrefilledTransaction[] {
  const prefilled: PrefilledTransaction[] = [];
  const limit = MAX_BLOCK_TRANSACTIONS - shortIdCount;
  const count = readCount(reader, limit, 1 + MIN_TRANSACTION_BYTES, "prefilled transactions", "prefilledCount");
  let index = -1;
  for (let i = 0; i < count; i++) {
    reader.enter("prefilled", i);
    index += 1 + reader.varInt("gap");
    if (index > shortIdCount + i) {
      throw new MalformedBytes(`a prefilled transaction at ${index}, after the block's end`);
    }
    prefilled.push({ index, transaction: readTransaction(reader) });
    reader.leave();
  }
  return prefilled;
}

/**
 * One index of the most transactions each takes one byte; a gap that takes three skips over 253 others. So the longest
 * list is that of all indexes.
 */
const MAX_INDEXES_BYTES = listSize(MAX_BLOCK_TRANSACTIONS, 1);

/** BIP152. */
export const getblocktxn: PayloadCodec<MessageOf<"getblocktxn">> = {
  maxBytes: HASH_SIZE_BYTES + MAX_INDEXES_BYTES,
  sizeOf({ indexes }) {
    const gapsSize = indexGaps(indexes).reduce((sum, gap) => sum + varIntSize(gap), 0);
    return HASH_SIZE_BYTES + varIntSize(indexes.length) + gapsSize;
  },
  write(writer, { blockHash, indexes }) {
    writer.hash(blockHash).varInt(indexes.length);
    for (const gap of indexGaps(indexes)) writer.varInt(gap);
  },
  read({ reader }) {
    const blockHash = reader.hash("blockHash");
    const indexes: number[] = [];
    const count = readCount(reader, MAX_BLOCK_TRANSACTIONS, 1, "indexes");
    let index = -1;
    for (let i = 0; i < count; i++) {
      reader.enter("indexes", i);
      index += 1 + reader.varInt("gap");
      reader.leave();
      if (index >= MAX_BLOCK_TRANSACTIONS) throw new MalformedBytes(`an index of more than 16 bits: ${index}`);
      indexes.push(index);
    }
    return { type: "getblocktxn", blockHash, indexes };
  },
};

/** BIP152. */
export const blocktxn: PayloadCodec<MessageOf<"blocktxn">> = {
  maxBytes: MAX_MESSAGE_BYTES,
  sizeOf({ transactions }) {
    const listBytes = transactions.reduce((sum, { length }) => sum + length, varIntSize(transactions.length));
    return HASH_SIZE_BYTES + listBytes;
  },
  write(writer: ByteWriter, { blockHash, transactions }) {
    writer.hash(blockHash).varInt(transactions.length);
    for (const transaction of transactions) writer.raw(transaction);
  },
  read({ reader }) {
    const blockHash = reader.hash("blockHash");
    const transactions: Uint8Array[] = [];
    const count = readCount(reader, MAX_BLOCK_TRANSACTIONS, MIN_TRANSACTION_BYTES, "transactions");
    for (let i = 0; i < count; i++) {
      reader.enter("transactions", i);
      transactions.push(readTransaction(reader));
      reader.leave();
    }
    return { type: "blocktxn", blockHash, transactions };
  },
};

function readTransaction(reader: ByteReader): Uint8Array {
  const { start, end } = scanTransaction(reader);
  return reader.bytes.slice(start, end);
}

/** How many transactions lie between each index and the one before it. */
function indexGaps(indexes: readonly number[]): number[] {
  return indexes.map((index, i) => {
    const gap = index - (i === 0 ? 0 : indexes[i - 1]! + 1);
    if (gap < 0) throw new LocalError("bad-argument", `Cannot encode indexes: they must rise: received ${index}`);
    return gap;
  });
}
