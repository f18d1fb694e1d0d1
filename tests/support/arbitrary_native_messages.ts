import { ADDRESS_SIZES } from "../../src/protocol/addresses.ts";
import type { BlockHeader } from "../../src/protocol/block_header.ts";
import type {
  AddressRecord,
  InvItem,
  Message,
  MessageOf,
  MessageType,
  NetAddress,
} from "../../src/protocol/messages.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bytesToHex } from "../../src/util/hex.ts";
import { fc } from "./properties.ts";

const MAX_UINT8 = 0xff;
const MAX_UINT16 = 0xffff;
const MAX_UINT32 = 0xffff_ffff;
const MIN_INT32 = -0x8000_0000;
const MAX_INT32 = 0x7fff_ffff;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;
/** Long enough for every length of a length, short enough that a property runs in a moment. */
const MAX_LIST = 40;
const MAX_BLOB_BYTES = 400;

const uint8 = edges(MAX_UINT8);
const uint16 = edges(MAX_UINT16);
const uint32 = edges(MAX_UINT32);
const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX_UINT64 }),
  fc.constantFrom(0n, 23n, 24n, 255n, 256n, 65_535n, 65_536n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 53n, MAX_UINT64),
);
const blob = bytesOf(0, MAX_BLOB_BYTES);
const hash = bytesOf(32, 32).map(bytesToHex);
const hashes = fc.array(hash, { maxLength: MAX_LIST });

const header: fc.Arbitrary<BlockHeader> = plain({
  version: fc.integer({ min: MIN_INT32, max: MAX_INT32 }),
  previous: hash,
  merkleRoot: hash,
  time: uint32,
  bits: uint32,
  nonce: uint32,
});

const knownAddress: fc.Arbitrary<NetAddress> = fc.constantFrom(...ADDRESS_SIZES).chain(([networkId, sizeBytes]) =>
  bytesOf(sizeBytes, sizeBytes).map((bytes) => ({ networkId, bytes }))
);
const otherAddress: fc.Arbitrary<NetAddress> = plain({
  networkId: uint8.filter((id) => !ADDRESS_SIZES.has(id)),
  bytes: bytesOf(0, MAX_BLOB_BYTES),
});
const address = fc.oneof(knownAddress, otherAddress);
const versionAddress = plain({ services: uint64, address, port: uint16 });
const addressRecord: fc.Arbitrary<AddressRecord> = plain({ time: uint32, services: uint64, address, port: uint16 });
const addresses = fc.array(addressRecord, { maxLength: MAX_LIST });
const item: fc.Arbitrary<InvItem> = plain({ kind: uint32, hash });
const items = fc.array(item, { maxLength: MAX_LIST });
const indexes = fc.uniqueArray(uint16, { maxLength: MAX_LIST }).map((all) => all.sort((a, b) => a - b));
const name = textOf(64).filter((text) => text !== "");
const names = fc.array(name, { maxLength: MAX_LIST });

/** Messages that the native wire can say, by type: every field from end to end of its range, lists kept short. */
export const NATIVE_MESSAGES: { readonly [T in MessageType]: fc.Arbitrary<MessageOf<T>> } = {
  version: plain({
    type: fc.constant("version"),
    protocolVersion: uint32,
    services: uint64,
    time: uint64,
    receiver: versionAddress,
    sender: versionAddress,
    nonce: uint64,
    userAgent: textOf(256),
    startHeight: uint32,
    relay: fc.constantFrom(true, false, undefined),
  }),
  verack: fc.constant({ type: "verack" }),
  ping: plain({ type: fc.constant("ping"), nonce: uint64 }),
  pong: plain({ type: fc.constant("pong"), nonce: uint64 }),
  addr: plain({ type: fc.constant("addr"), addresses }),
  addrv2: plain({ type: fc.constant("addrv2"), addresses }),
  sendaddrv2: fc.constant({ type: "sendaddrv2" }),
  getaddr: fc.constant({ type: "getaddr" }),
  inv: plain({ type: fc.constant("inv"), items }),
  getdata: plain({ type: fc.constant("getdata"), items }),
  notfound: plain({ type: fc.constant("notfound"), items }),
  getblocks: plain({ type: fc.constant("getblocks"), protocolVersion: uint32, locator: hashes, stop: hash }),
  getheaders: plain({ type: fc.constant("getheaders"), protocolVersion: uint32, locator: hashes, stop: hash }),
  headers: plain({ type: fc.constant("headers"), headers: fc.array(header, { maxLength: MAX_LIST }) }),
  block: plain({ type: fc.constant("block"), block: blob }),
  tx: plain({ type: fc.constant("tx"), transaction: blob }),
  mempool: fc.constant({ type: "mempool" }),
  sendheaders: fc.constant({ type: "sendheaders" }),
  sendcmpct: plain({ type: fc.constant("sendcmpct"), highBandwidth: fc.boolean(), version: uint64 }),
  cmpctblock: plain({
    type: fc.constant("cmpctblock"),
    header,
    nonce: uint64,
    shortIds: fc.array(bytesOf(6, 6), { maxLength: MAX_LIST }).map((ids) => concatBytes(ids)),
    prefilled: indexes.chain((all) =>
      fc.tuple(...all.map((index) => plain({ index: fc.constant(index), transaction: blob })))
    ),
  }),
  getblocktxn: plain({ type: fc.constant("getblocktxn"), blockHash: hash, indexes }),
  blocktxn: plain({
    type: fc.constant("blocktxn"),
    blockHash: hash,
    transactions: fc.array(blob, { maxLength: MAX_LIST }),
  }),
  feefilter: plain({ type: fc.constant("feefilter"), feeRate: uint64 }),
  wtxidrelay: fc.constant({ type: "wtxidrelay" }),
  reject: plain({
    type: fc.constant("reject"),
    message: textOf(12),
    code: uint8,
    reason: textOf(300),
    data: blob,
  }),
  app: plain({ type: fc.constant("app"), payload: blob }),
  publish: plain({ type: fc.constant("publish"), topic: name, id: uint64, payload: blob }),
  subscribe: plain({ type: fc.constant("subscribe"), topics: names }),
  unsubscribe: plain({ type: fc.constant("unsubscribe"), topics: names }),
  request: plain({ type: fc.constant("request"), id: uint32, method: name, payload: blob }),
  response: plain({ type: fc.constant("response"), id: uint32, status: uint8, payload: blob }),
  cancel: plain({ type: fc.constant("cancel"), id: uint32 }),
  topology: plain({
    type: fc.constant("topology"),
    sender: uint64,
    records: fc.array(
      plain({
        id: uint64,
        ageSeconds: uint16,
        region: textOf(32),
        capabilities: fc.array(textOf(32), { maxLength: 16 }),
        load: uint8,
        draining: fc.boolean(),
        links: fc.array(plain({ id: uint64, rttMs: uint32 }), { maxLength: 64 }),
      }),
      { maxLength: 32 },
    ),
  }),
  unknown: plain({
    type: fc.constant("unknown"),
    command: fc.integer({ min: 0x60, max: MAX_UINT8 }).map((number) => `0x${number.toString(16)}`),
    payload: blob,
  }),
};

/** A message of any type, each as likely as the others. */
export const anyNativeMessage: fc.Arbitrary<Message> = fc.oneof(...Object.values(NATIVE_MESSAGES));

/** Integers up to `max`, with those at which CBOR's integers grow by a byte. */
function edges(max: number): fc.Arbitrary<number> {
  const near = [0, 1, 23, 24, 255, 256, 65_535, 65_536, MAX_UINT32].filter((value) => value <= max);
  return fc.oneof(fc.integer({ min: 0, max }), fc.constantFrom(...near));
}

function bytesOf(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

/** Any Unicode text of at most `maxBytes` bytes in UTF-8 that does not begin with a byte order mark. */
function textOf(maxBytes: number): fc.Arbitrary<string> {
  return fc.string({ unit: "binary", maxLength: maxBytes, size: "max" }).map((text) => truncate(text, maxBytes));
}

function truncate(text: string, maxBytes: number): string {
  let kept = "";
  let sizeBytes = 0;
  for (const character of text.replace(/^\ufeff+/, "")) {
    sizeBytes += new TextEncoder().encode(character).length;
    if (sizeBytes > maxBytes) break;
    kept += character;
  }
  return kept;
}

/** As fc.record, which also makes objects without a prototype unless told not to. */
function plain<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}
