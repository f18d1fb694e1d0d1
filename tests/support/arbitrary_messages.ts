import { ADDRESS_SIZES } from "../../src/protocol/addresses.ts";
import type { BlockHeader } from "../../src/protocol/block_header.ts";
import type {
  AddressRecord,
  InvItem,
  Message,
  MessageOf,
  MessageType,
  NetAddress,
  VersionAddress,
} from "../../src/protocol/messages.ts";
import { ByteWriter } from "../../src/util/bytes.ts";
import type { Hash } from "../../src/util/hash.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { fc } from "./properties.ts";

// Plain objects only: two objects with different prototypes are not equal.
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(fields, { noNullPrototype: true });

const uint8 = fc.integer({ min: 0, max: 0xff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const uint64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

const hash: fc.Arbitrary<Hash> = bytesOf(32).map(bytesToHex);
const header: fc.Arbitrary<BlockHeader> = record({
  version: int32,
  previous: hash,
  merkleRoot: hash,
  time: uint32,
  bits: uint32,
  nonce: uint32,
});
const inventory: fc.Arbitrary<InvItem[]> = fc.array(record({ kind: uint32, hash }), { maxLength: 20 });

/** What names a topic or a method: at most 64 bytes in any alphabet. */
const name: fc.Arbitrary<string> = fc.string({ unit: "binary", minLength: 1, maxLength: 16 })
  .filter((text) => !text.startsWith("\ufeff"));
const shortText: fc.Arbitrary<string> = fc.string({ unit: "binary", maxLength: 8 })
  .filter((text) => !text.startsWith("\ufeff"));
const payload = fc.uint8Array({ maxLength: 1000 });

/** The two networks that an addr message can carry. IPv6 starts with 2, so that it is never IPv4 in disguise. */
const ipAddress: fc.Arbitrary<NetAddress> = fc.oneof(
  bytesOf(4).map((bytes) => ({ networkId: 1, bytes })),
  bytesOf(15).map((rest) => ({ networkId: 2, bytes: Uint8Array.of(2, ...rest) })),
);

export const anyAddress: fc.Arbitrary<NetAddress> = fc.oneof(
  ...[...ADDRESS_SIZES].map(([networkId, size]) => bytesOf(size).map((bytes) => ({ networkId, bytes }))),
  fc.uint8Array({ maxLength: 512 }).map((bytes) => ({ networkId: 0x77, bytes })),
);

const versionAddress: fc.Arbitrary<VersionAddress> = record({ services: uint64, address: ipAddress, port: uint16 });
const locator = { protocolVersion: uint32, locator: fc.array(hash, { maxLength: 101 }), stop: hash };

/** A well-formed transaction of no meaning. */
export const transaction: fc.Arbitrary<Uint8Array> = record({
  version: uint32,
  inputs: fc.array(
    record({
      outpoint: bytesOf(36),
      script: fc.uint8Array({ maxLength: 300 }),
      sequence: uint32,
      witness: fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  outputs: fc.array(record({ value: uint64, script: fc.uint8Array({ maxLength: 40 }) }), { maxLength: 4 }),
  lockTime: uint32,
}).map(({ version, inputs, outputs, lockTime }) => {
  const writer = new ByteWriter().uint32(version);
  const hasWitness = inputs.some(({ witness }) => witness.length > 0);
  if (hasWitness) writer.uint8(0).uint8(1);
  writer.varInt(inputs.length);
  for (const { outpoint, script, sequence } of inputs) {
    writer.raw(outpoint).varInt(script.length).raw(script).uint32(sequence);
  }
  writer.varInt(outputs.length);
  for (const { value, script } of outputs) writer.uint64(value).varInt(script.length).raw(script);
  if (hasWitness) {
    for (const { witness } of inputs) {
      writer.varInt(witness.length);
      for (const item of witness) writer.varInt(item.length).raw(item);
    }
  }
  return writer.uint32(lockTime).finish();
});

/** Messages of each type, as any wire can carry them. */
export const ARBITRARY_MESSAGES: { readonly [T in MessageType]: fc.Arbitrary<MessageOf<T>> } = {
  version: record({
    type: fc.constant("version"),
    protocolVersion: int32,
    services: uint64,
    time: int64,
    receiver: versionAddress,
    sender: versionAddress,
    nonce: uint64,
    userAgent: fc.string({ unit: "grapheme", maxLength: 20 }),
    startHeight: int32,
    relay: fc.constantFrom(true, false, undefined),
  }),
  verack: fc.constant({ type: "verack" }),
  ping: record({ type: fc.constant("ping"), nonce: uint64 }),
  pong: record({ type: fc.constant("pong"), nonce: uint64 }),
  addr: record({ type: fc.constant("addr"), addresses: records(ipAddress) }),
  addrv2: record({ type: fc.constant("addrv2"), addresses: records(anyAddress) }),
  sendaddrv2: fc.constant({ type: "sendaddrv2" }),
  getaddr: fc.constant({ type: "getaddr" }),
  inv: record({ type: fc.constant("inv"), items: inventory }),
  getdata: record({ type: fc.constant("getdata"), items: inventory }),
  notfound: record({ type: fc.constant("notfound"), items: inventory }),
  getblocks: record({ type: fc.constant("getblocks"), ...locator }),
  getheaders: record({ type: fc.constant("getheaders"), ...locator }),
  headers: record({ type: fc.constant("headers"), headers: fc.array(header, { maxLength: 20 }) }),
  block: record({ type: fc.constant("block"), block: fc.uint8Array({ minLength: 81, maxLength: 5000 }) }),
  tx: record({ type: fc.constant("tx"), transaction }),
  mempool: fc.constant({ type: "mempool" }),
  sendheaders: fc.constant({ type: "sendheaders" }),
  sendcmpct: record({ type: fc.constant("sendcmpct"), highBandwidth: fc.boolean(), version: uint64 }),
  cmpctblock: compactBlock(),
  getblocktxn: record({ type: fc.constant("getblocktxn"), blockHash: hash, indexes: indexes(0xffff) }),
  blocktxn: record({
    type: fc.constant("blocktxn"),
    blockHash: hash,
    transactions: fc.array(transaction, { maxLength: 5 }),
  }),
  feefilter: record({ type: fc.constant("feefilter"), feeRate: int64 }),
  wtxidrelay: fc.constant({ type: "wtxidrelay" }),
  reject: record({
    type: fc.constant("reject"),
    message: fc.stringMatching(/^[a-z]{0,12}$/),
    code: uint8,
    reason: fc.string({ unit: "grapheme", maxLength: 40 }),
    data: fc.uint8Array({ maxLength: 32 }),
  }),
  app: record({ type: fc.constant("app"), payload }),
  publish: record({ type: fc.constant("publish"), topic: name, id: uint64, payload }),
  subscribe: record({ type: fc.constant("subscribe"), topics: fc.array(name, { maxLength: 10 }) }),
  unsubscribe: record({ type: fc.constant("unsubscribe"), topics: fc.array(name, { maxLength: 10 }) }),
  request: record({ type: fc.constant("request"), id: uint32, method: name, payload }),
  response: record({ type: fc.constant("response"), id: uint32, status: uint8, payload }),
  cancel: record({ type: fc.constant("cancel"), id: uint32 }),
  topology: record({
    type: fc.constant("topology"),
    sender: uint64,
    records: fc.array(
      record({
        id: uint64,
        ageSeconds: uint16,
        region: shortText,
        capabilities: fc.array(shortText, { maxLength: 16 }),
        load: uint8,
        draining: fc.boolean(),
        links: fc.array(record({ id: uint64, rttMs: uint32 }), { maxLength: 64 }),
      }),
      { maxLength: 32 },
    ),
  }),
  unknown: record({
    type: fc.constant("unknown"),
    command: fc.stringMatching(/^x[ -~]{0,11}$/),
    payload: fc.uint8Array({ maxLength: 1000 }),
  }),
};

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...Object.values(ARBITRARY_MESSAGES));

function bytesOf(size: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: size, maxLength: size });
}

function records(address: fc.Arbitrary<NetAddress>): fc.Arbitrary<AddressRecord[]> {
  return fc.array(record({ time: uint32, services: uint64, address, port: uint16 }), { maxLength: 10 });
}

/** Indexes in rising order. */
function indexes(max: number): fc.Arbitrary<number[]> {
  return fc.uniqueArray(fc.integer({ min: 0, max }), { maxLength: 30 })
    .map((unordered) => unordered.sort((left, right) => left - right));
}

function compactBlock(): fc.Arbitrary<MessageOf<"cmpctblock">> {
  const positions = fc.array(fc.oneof(bytesOf(6).map(bytesToHex), transaction), { maxLength: 20 });
  return record({ header, nonce: uint64, positions }).map(({ header, nonce, positions }) => ({
    type: "cmpctblock",
    header,
    nonce,
    shortIds: concatBytes(positions.filter((position) => typeof position === "string").map(hexToBytes)),
    prefilled: positions.flatMap((position, index) =>
      typeof position === "string" ? [] : [{ index, transaction: position }]
    ),
  }));
}
