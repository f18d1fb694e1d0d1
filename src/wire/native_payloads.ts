import { ADDRESS_SIZES } from "../protocol/addresses.ts";
import { type BlockHeader, HEADER_SIZE_BYTES, readBlockHeader, writeBlockHeader } from "../protocol/block_header.ts";
import type {
  AddressRecord,
  InvItem,
  Message,
  MessageOf,
  MessageType,
  NetAddress,
  PrefilledTransaction,
  VersionAddress,
} from "../protocol/messages.ts";
import {
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_APP_PAYLOAD_BYTES,
  MAX_BLOCK_BYTES,
  MAX_BLOCK_TRANSACTIONS,
  MAX_COMMAND_BYTES,
  MAX_HEADERS,
  MAX_INV_ITEMS,
  MAX_LOCATOR_HASHES,
  MAX_REJECT_BYTES,
  MAX_TOPIC_BYTES,
  MAX_TOPICS,
  MAX_TRANSACTION_BYTES,
  MAX_USER_AGENT_BYTES,
  SHORT_ID_BYTES,
} from "../protocol/wire_limits.ts";
import { MalformedBytes } from "../util/bytes.ts";
import { type Hash, HASH_SIZE_BYTES } from "../util/hash.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { appPayload } from "./native_app_payloads.ts";
import {
  boolean,
  bytes,
  checked,
  checkUint64,
  type Field,
  type FieldsOf,
  hash,
  list,
  optionalBoolean,
  packed,
  type PackedRecord,
  record,
  single,
  text,
  uint16,
  uint32,
  uint64,
  uint8,
} from "./native_fields.ts";
import type { NativePayload } from "./native_payload.ts";
import { TOPOLOGY_FIELDS } from "./topology_payload.ts";

/** The types that have a number of their own. `unknown` brings its number along. */
export type NumberedType = Exclude<MessageType, "unknown">;

const NO_BYTES = new Uint8Array(0);

const NONCE_BYTES = 8;
/** Where a nonce is put together and taken apart: a view of each chunk would cost more than the copy. */
const nonceBytes = new Uint8Array(NONCE_BYTES);
const nonceView = new DataView(nonceBytes.buffer);

/** 4 + 32 bytes: kind, little-endian, and hash. The same record as on the Bitcoin wire. */
const INV_RECORD: PackedRecord<InvItem> = {
  sizeBytes: 36,
  write: (writer, item) => writer.uint32(item.kind).hash(item.hash),
  read: (reader) => ({ kind: reader.uint32("kind"), hash: reader.hash("hash") }),
};

const HASH_RECORD: PackedRecord<Hash> = {
  sizeBytes: HASH_SIZE_BYTES,
  write: (writer, each) => writer.hash(each),
  read: (reader) => reader.hash(),
};

/** The 80 bytes that are hashed, as on the Bitcoin wire. */
const HEADER_RECORD: PackedRecord<BlockHeader> = {
  sizeBytes: HEADER_SIZE_BYTES,
  write: writeBlockHeader,
  read: readBlockHeader,
};

/** Packed as others are, but never taken apart here. */
const shortIds: Field<Uint8Array> = checked(
  bytes(MAX_BLOCK_TRANSACTIONS * SHORT_ID_BYTES),
  (list) => list.length % SHORT_ID_BYTES === 0 ? undefined : "it ends within a record",
);

const INDEX_RECORD: PackedRecord<number> = {
  sizeBytes: 2,
  write: (writer, index) => writer.uint16(index),
  read: (reader) => reader.uint16(),
};

/**
 * A copy is encoded: cbor-x asks for the bytes' `buffer`, for which Bun keeps 350 bytes from then on, and addresses are
 * told again and again by those who keep thousands of them.
 */
const wholeAddress = bytes(MAX_ADDRESS_BYTES);
const addressBytes: Field<Uint8Array> = {
  ...wholeAddress,
  toCbor: (value, name) => wholeAddress.toCbor(value.slice(), name),
};

/** An address of a network that we do not know is carried unjudged (BIP155). */
const netAddress: Field<NetAddress> = checked(
  record<NetAddress>({ networkId: uint8, bytes: addressBytes }),
  (address) => {
    const expected = ADDRESS_SIZES.get(address.networkId);
    if (expected === undefined || address.bytes.length === expected) return undefined;
    return `an address of network ${address.networkId} has ${address.bytes.length} bytes`;
  },
);

const versionAddress = record<VersionAddress>({ services: uint64, address: netAddress, port: uint16 });
const addressRecord = record<AddressRecord>({ time: uint32, services: uint64, address: netAddress, port: uint16 });
const addresses = list(addressRecord, MAX_ADDRESSES);
const items = packed(INV_RECORD, MAX_INV_ITEMS);
const locator = {
  protocolVersion: uint32,
  locator: packed(HASH_RECORD, MAX_LOCATOR_HASHES),
  stop: hash,
};

const prefilled = checked(
  list(
    record<PrefilledTransaction>({ index: uint16, transaction: bytes(MAX_TRANSACTION_BYTES) }),
    MAX_BLOCK_TRANSACTIONS,
    MAX_BLOCK_BYTES,
  ),
  (transactions) => outOfOrder(transactions.map((each) => each.index)),
);
const topics = list(
  checked(text(MAX_TOPIC_BYTES), (topic) => topic === "" ? "a topic of no bytes" : undefined),
  MAX_TOPICS,
);
const indexes = checked(packed(INDEX_RECORD, MAX_BLOCK_TRANSACTIONS), outOfOrder);

/** One row a type. The order of the fields is their order on the wire; SPEC.md says the same in words. */
export const NATIVE_PAYLOADS: { readonly [T in NumberedType]: NativePayload<MessageOf<T>> } = {
  version: structured("version", 0x01, {
    protocolVersion: uint32,
    services: uint64,
    time: uint64,
    receiver: versionAddress,
    sender: versionAddress,
    nonce: uint64,
    userAgent: text(MAX_USER_AGENT_BYTES),
    startHeight: uint32,
    relay: optionalBoolean,
  }),
  verack: empty("verack", 0x02),
  ping: nonce("ping", 0x03),
  pong: nonce("pong", 0x04),
  addr: structured("addr", 0x05, { addresses }),
  addrv2: structured("addrv2", 0x06, { addresses }),
  sendaddrv2: empty("sendaddrv2", 0x07),
  getaddr: empty("getaddr", 0x08),
  inv: structured("inv", 0x09, { items }),
  getdata: structured("getdata", 0x0a, { items }),
  notfound: structured("notfound", 0x0b, { items }),
  getblocks: structured("getblocks", 0x0c, locator),
  getheaders: structured("getheaders", 0x0d, locator),
  headers: structured("headers", 0x0e, { headers: packed(HEADER_RECORD, MAX_HEADERS) }),
  block: raw(0x0f, MAX_BLOCK_BYTES, (message) => message.block, (block) => ({ type: "block", block })),
  tx: raw(
    0x10,
    MAX_TRANSACTION_BYTES,
    (message) => message.transaction,
    (transaction) => ({ type: "tx", transaction }),
  ),
  mempool: empty("mempool", 0x11),
  sendheaders: empty("sendheaders", 0x12),
  sendcmpct: structured("sendcmpct", 0x13, { highBandwidth: boolean, version: uint64 }),
  cmpctblock: structured("cmpctblock", 0x14, {
    header: single(HEADER_RECORD),
    nonce: uint64,
    shortIds,
    prefilled,
  }),
  getblocktxn: structured("getblocktxn", 0x15, { blockHash: hash, indexes }),
  blocktxn: structured("blocktxn", 0x16, {
    blockHash: hash,
    transactions: list(bytes(MAX_TRANSACTION_BYTES), MAX_BLOCK_TRANSACTIONS, MAX_BLOCK_BYTES),
  }),
  feefilter: structured("feefilter", 0x17, { feeRate: uint64 }),
  wtxidrelay: empty("wtxidrelay", 0x18),
  reject: structured("reject", 0x19, {
    message: text(MAX_COMMAND_BYTES),
    code: uint8,
    reason: text(MAX_REJECT_BYTES),
    data: bytes(MAX_REJECT_BYTES),
  }),
  subscribe: structured("subscribe", 0x1a, { topics }),
  unsubscribe: structured("unsubscribe", 0x1b, { topics }),
  cancel: structured("cancel", 0x1c, { id: uint32 }),
  topology: structured("topology", 0x1d, TOPOLOGY_FIELDS),
  app: raw(0x40, MAX_APP_PAYLOAD_BYTES, (message) => message.payload, (payload) => ({ type: "app", payload })),
  publish: appPayload("publish", 0x41),
  request: appPayload("request", 0x42),
  response: appPayload("response", 0x43),
};

type FieldsOfMessage<T extends MessageType> = FieldsOf<Omit<MessageOf<T>, "type">>;

/** The fields as one CBOR array. */
function structured<T extends MessageType>(
  type: T,
  number: number,
  fields: FieldsOfMessage<T>,
): NativePayload<MessageOf<T>> {
  const whole = record<Omit<MessageOf<T>, "type">>(fields);
  return {
    number,
    maxBytes: whole.maxBytes,
    layout: { kind: "structured", whole },
    encode: (message) => encodeCbor(whole.toCbor(message, type)),
    decode(frame, start) {
      const value = whole.fromCbor(decodeCbor(frame.bytes, start, frame.end, whole.maxItems), type);
      return { type, ...value } as MessageOf<T>;
    },
  };
}

/** The payload as it is: no structure of ours is worth a second look at megabytes. */
function raw<M extends Message>(
  number: number,
  maxBytes: number,
  bodyOf: (message: M) => Uint8Array,
  messageOf: (body: Uint8Array) => M,
): NativePayload<M> {
  return {
    number,
    maxBytes,
    layout: { kind: "read", read: (source) => messageOf(source.rest()) },
    encode: bodyOf,
    decode: (frame, start) => messageOf(frame.keep(start, frame.end)),
  };
}

/** Nothing: the type says it all. Whatever follows is over the limit of no bytes. */
function empty<T extends MessageType>(type: T, number: number): NativePayload<MessageOf<T>> {
  const message = { type } as MessageOf<T>;
  const layout = { kind: "read", read: () => message } as const;
  return { number, maxBytes: 0, layout, encode: () => NO_BYTES, decode: () => message };
}

/** 8 bytes, little-endian: the most frequent small message is worth a spelling without CBOR. */
function nonce<T extends "ping" | "pong">(type: T, number: number): NativePayload<MessageOf<T>> {
  return {
    number,
    maxBytes: NONCE_BYTES,
    layout: { kind: "read", read: ({ reader }) => ({ type, nonce: reader.uint64("nonce") }) },
    encode(message) {
      checkUint64(message.nonce, "nonce");
      nonceView.setBigUint64(0, message.nonce, true);
      return nonceBytes;
    },
    decode(frame, start) {
      if (frame.end - start !== NONCE_BYTES) throw new MalformedBytes(`${type} of ${frame.end - start} bytes`);
      for (let i = 0; i < NONCE_BYTES; i++) nonceBytes[i] = frame.bytes[start + i]!;
      return { type, nonce: nonceView.getBigUint64(0, true) } as MessageOf<T>;
    },
  };
}

/** Both wires number transactions in rising order; the Bitcoin wire cannot even say otherwise. */
function outOfOrder(numbers: readonly number[]): string | undefined {
  for (let i = 1; i < numbers.length; i++) {
    if (numbers[i]! <= numbers[i - 1]!) return `index ${numbers[i]} after ${numbers[i - 1]}`;
  }
  return undefined;
}
