import { type BlockHeader, HEADER_SIZE_BYTES, readBlockHeader, writeBlockHeader } from "../protocol/block_header.ts";
import type { InvItem, MessageOf } from "../protocol/messages.ts";
import { scanTransaction } from "../protocol/transaction.ts";
import {
  MAX_BLOCK_BYTES,
  MAX_HEADERS,
  MAX_INV_ITEMS,
  MAX_LOCATOR_HASHES,
  MAX_TRANSACTION_BYTES,
} from "../protocol/wire_limits.ts";
import { ByteReader, MalformedBytes } from "../util/bytes.ts";
import { type Hash, HASH_SIZE_BYTES } from "../util/hash.ts";
import { listSize, type PayloadCodec, readCount } from "./bitcoin_payload.ts";

/** Kind and hash. */
const INV_ITEM_BYTES = 4 + HASH_SIZE_BYTES;

interface Inventory<T extends "inv" | "getdata" | "notfound"> {
  readonly type: T;
  readonly items: readonly InvItem[];
}

/** inv, getdata and notfound are spelled alike. */
export function inventory<T extends "inv" | "getdata" | "notfound">(type: T): PayloadCodec<Inventory<T>> {
  return {
    maxBytes: listSize(MAX_INV_ITEMS, INV_ITEM_BYTES),
    sizeOf: (message) => listSize(message.items.length, INV_ITEM_BYTES),
    write(writer, { items }) {
      writer.varInt(items.length);
      for (const item of items) writer.uint32(item.kind).hash(item.hash);
    },
    read({ reader }) {
      const items: InvItem[] = [];
      const count = readCount(reader, MAX_INV_ITEMS, INV_ITEM_BYTES, "inventory items");
      for (let i = 0; i < count; i++) {
        reader.enter("items", i);
        items.push({ kind: reader.uint32("kind"), hash: reader.hash("hash") });
        reader.leave();
      }
      return { type, items };
    },
  };
}

/** Protocol version before the locator, stop hash behind it. */
const LOCATOR_FIXED_BYTES = 4 + HASH_SIZE_BYTES;

interface Locator<T extends "getblocks" | "getheaders"> {
  readonly type: T;
  readonly protocolVersion: number;
  readonly locator: readonly Hash[];
  readonly stop: Hash;
}

/** getblocks and getheaders are spelled alike. */
export function locator<T extends "getblocks" | "getheaders">(type: T): PayloadCodec<Locator<T>> {
  return {
    maxBytes: LOCATOR_FIXED_BYTES + listSize(MAX_LOCATOR_HASHES, HASH_SIZE_BYTES),
    sizeOf: (message) => LOCATOR_FIXED_BYTES + listSize(message.locator.length, HASH_SIZE_BYTES),
    write(writer, message) {
      writer.uint32(message.protocolVersion).varInt(message.locator.length);
      for (const hash of message.locator) writer.hash(hash);
      writer.hash(message.stop);
    },
    read({ reader }) {
      const protocolVersion = reader.uint32("protocolVersion");
      const hashes: Hash[] = [];
      const count = readCount(reader, MAX_LOCATOR_HASHES, HASH_SIZE_BYTES, "locator hashes");
      for (let i = 0; i < count; i++) {
        reader.enter("locator", i);
        hashes.push(reader.hash());
        reader.leave();
      }
      return { type, protocolVersion, locator: hashes, stop: reader.hash("stop") };
    },
  };
}

/** A header as a block without transactions: their count, which is zero, follows it. */
const HEADERS_ITEM_BYTES = HEADER_SIZE_BYTES + 1;

export const headers: PayloadCodec<MessageOf<"headers">> = {
  maxBytes: listSize(MAX_HEADERS, HEADERS_ITEM_BYTES),
  sizeOf: (message) => listSize(message.headers.length, HEADERS_ITEM_BYTES),
  write(writer, message) {
    writer.varInt(message.headers.length);
    for (const header of message.headers) {
      writeBlockHeader(writer, header);
      writer.varInt(0);
    }
  },
  read({ reader }) {
    const items: BlockHeader[] = [];
    const count = readCount(reader, MAX_HEADERS, HEADERS_ITEM_BYTES, "headers");
    for (let i = 0; i < count; i++) {
      reader.enter("headers", i);
      items.push(readBlockHeader(reader));
      if (reader.varInt("transactionCount") !== 0) throw new MalformedBytes("a header with transactions");
      reader.leave();
    }
    return { type: "headers", headers: items };
  },
};

/** The least block: its header and the count of its transactions. */
const MIN_BLOCK_BYTES = HEADER_SIZE_BYTES + 1;

/** Carried as it is: the chain reads it once, when it checks it. */
export const block: PayloadCodec<MessageOf<"block">> = {
  maxBytes: MAX_BLOCK_BYTES,
  sizeOf: (message) => message.block.length,
  write: (writer, message) => void writer.raw(message.block),
  read(source) {
    const bytes = source.rest();
    if (bytes.length < MIN_BLOCK_BYTES) throw new MalformedBytes(`a block of ${bytes.length} bytes`);
    return { type: "block", block: bytes };
  },
};

export const tx: PayloadCodec<MessageOf<"tx">> = {
  maxBytes: MAX_TRANSACTION_BYTES,
  sizeOf: (message) => message.transaction.length,
  write: (writer, message) => void writer.raw(message.transaction),
  read(source) {
    const transaction = source.rest();
    const reader = new ByteReader(transaction);
    scanTransaction(reader);
    reader.expectEnd();
    return { type: "tx", transaction };
  },
};
