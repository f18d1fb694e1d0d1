import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { RemoteFault } from "../../src/protocol/errors.ts";
import {
  INV_TX,
  INV_WITNESS_BLOCK,
  type Message,
  type MessageOf,
  type MessageType,
} from "../../src/protocol/messages.ts";
import { ByteWriter } from "../../src/util/bytes.ts";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { ARBITRARY_MESSAGES } from "../support/arbitrary_messages.ts";
import { fc } from "../support/properties.ts";
import { testHasher } from "../support/test_hasher.ts";

const HEADER_BYTES = 24;
const codec = bitcoinCodec(0xfabfb5da, testHasher);
const HASH = bytesToHex(new Uint8Array(32).map((_, index) => 31 - index));
const HASH_ON_WIRE = bytesToHex(new Uint8Array(32).map((_, index) => index));
const HEADER = { version: 2, previous: HASH, merkleRoot: HASH, time: 3, bits: 4, nonce: 5 };
const HEADER_ON_WIRE = `02000000${HASH_ON_WIRE}${HASH_ON_WIRE}030000000400000005000000`;
/** One input, no outputs. */
const TX = `01000000` + `01${"00".repeat(36)}00ffffffff` + `00` + `00000000`;

function decode(frame: Uint8Array): Message {
  const decoder = codec.createDecoder();
  decoder.feed(frame);
  return decoder.next()!;
}

/** Decodes a payload with a right header around it. */
function decodePayload<T extends MessageType>(type: T, hex: string): MessageOf<T> {
  return decode(codec.encode({ type: "unknown", command: type, payload: hexToBytes(hex) })) as MessageOf<T>;
}

function payloadOf(message: Message): string {
  return bytesToHex(codec.encode(message).subarray(HEADER_BYTES));
}

function assertRefused(code: "malformed" | "oversized", type: MessageType, hex: string): void {
  const fault = assertThrows(() => decodePayload(type, hex), RemoteFault, undefined, `${type} ${hex.slice(0, 80)}`);
  assertEquals(fault.code, code, fault.message);
}

function varInt(value: number): string {
  return bytesToHex(new ByteWriter().varInt(value).finish());
}

test("bitcoin payloads: messages of applications, as SPEC.md has them", () => {
  const payload = Uint8Array.of(7);
  assertEquals(payloadOf({ type: "app", payload }), "07");
  assertEquals(payloadOf({ type: "publish", topic: "chat", id: 1n, payload }), "0100000000000000046368617407");
  assertEquals(payloadOf({ type: "subscribe", topics: ["chat", "é"] }), "02046368617402c3a9");
  assertEquals(payloadOf({ type: "unsubscribe", topics: [] }), "00");
  assertEquals(payloadOf({ type: "request", id: 2, method: "echo", payload }), "02000000046563686f07");
  assertEquals(payloadOf({ type: "response", id: 2, status: 3, payload }), "020000000307");
  assertEquals(payloadOf({ type: "cancel", id: 2 }), "02000000");
});

test("bitcoin payloads: topics and payloads over their limits are refused", () => {
  assertRefused("oversized", "subscribe", varInt(257) + "0161".repeat(257));
  assertRefused("malformed", "subscribe", "0100");
  assertRefused("malformed", "subscribe", `0141${"61".repeat(65)}`);
  assertRefused("malformed", "subscribe", "0201610161ff");
  assertRefused("malformed", "publish", "010000000000000001ff");
  assertRefused("oversized", "publish", `01000000000000000161${"00".repeat(1_048_577)}`);
  assertRefused("malformed", "cancel", "020000");
});

for (const type of Object.keys(ARBITRARY_MESSAGES) as MessageType[]) {
  test(`bitcoin payloads: any ${type} comes back as it was, and encodes to the same bytes`, () => {
    fc.assert(
      fc.property(ARBITRARY_MESSAGES[type] as fc.Arbitrary<Message>, (message) => {
        const frame = codec.encode(message);
        const decoded = decode(frame);
        assertEquals(decoded, message);
        assertEquals(codec.encode(decoded), frame);
        assertEquals(frame.buffer.byteLength, frame.length);
      }),
      { numRuns: 50 },
    );
  });
}

test("bitcoin payloads: fields lie where the protocol has them", () => {
  const spellings: readonly (readonly [message: Message, hex: string])[] = [
    [{ type: "ping", nonce: 0x0102n }, "0201000000000000"],
    [{ type: "inv", items: [{ kind: INV_TX, hash: HASH }] }, `0101000000${HASH_ON_WIRE}`],
    [{ type: "getdata", items: [{ kind: INV_WITNESS_BLOCK, hash: HASH }] }, `0102000040${HASH_ON_WIRE}`],
    [
      { type: "getheaders", protocolVersion: 70016, locator: [HASH], stop: "0".repeat(64) },
      `8011010001${HASH_ON_WIRE}${"00".repeat(32)}`,
    ],
    [{ type: "headers", headers: [HEADER] }, `01${HEADER_ON_WIRE}00`],
    [{ type: "sendcmpct", highBandwidth: true, version: 2n }, "010200000000000000"],
    [{ type: "feefilter", feeRate: -1n }, "ffffffffffffffff"],
    [{ type: "getblocktxn", blockHash: HASH, indexes: [0, 1, 5, 300] }, `${HASH_ON_WIRE}04000003fd2601`],
    [{ type: "blocktxn", blockHash: HASH, transactions: [hexToBytes(TX)] }, `${HASH_ON_WIRE}01${TX}`],
    [{
      type: "cmpctblock",
      header: HEADER,
      nonce: 7n,
      shortIds: hexToBytes("010203040506"),
      prefilled: [{ index: 0, transaction: hexToBytes(TX) }, { index: 2, transaction: hexToBytes(TX) }],
    }, `${HEADER_ON_WIRE}070000000000000001010203040506` + `0200${TX}01${TX}`],
    [{
      type: "reject",
      message: "tx",
      code: 0x42,
      reason: "dust",
      data: hexToBytes("0102"),
    }, "02747842" + "0464757374" + "0102"],
  ];
  for (const [message, hex] of spellings) {
    assertEquals(payloadOf(message), hex, message.type);
    assertEquals(decodePayload(message.type, hex), message);
  }
});

test("bitcoin payloads: the example of addrv2 that deployed nodes are tested with", () => {
  const loopback = { networkId: 2, bytes: hexToBytes("00000000000000000000000000000001") };
  const hex = "03" + "61bc6649" + "00" + "02" + "10" + bytesToHex(loopback.bytes) + "0000" +
    "79627683" + "01" + "02" + "10" + bytesToHex(loopback.bytes) + "00f1" +
    "ffffffff" + "fd4804" + "02" + "10" + bytesToHex(loopback.bytes) + "f1f2";
  const message: Message = {
    type: "addrv2",
    addresses: [
      { time: 0x4966bc61, services: 0n, address: loopback, port: 0 },
      { time: 0x83766279, services: 1n, address: loopback, port: 0x00f1 },
      { time: 0xffffffff, services: 0x448n, address: loopback, port: 0xf1f2 },
    ],
  };
  assertEquals(decodePayload("addrv2", hex), message);
  assertEquals(payloadOf(message), hex);
});

const VERSION_START = "80110100" + "0900000000000000" + "0000000000000000";
const VERSION_ADDRESS = "0100000000000000" + "00000000000000000000ffff7f000001" + "208d";

test("bitcoin payloads: an old version message ends after the sender, or after any field that follows", () => {
  const start = VERSION_START + VERSION_ADDRESS + VERSION_ADDRESS;
  const fields = ["0100000000000000", "022f61", "05000000", "01"];
  const read = fields.map((_, count) => decodePayload("version", start + fields.slice(0, count).join("")));
  assertEquals(read.map(({ nonce }) => nonce), [0n, 1n, 1n, 1n]);
  assertEquals(read.map(({ userAgent }) => userAgent), ["", "", "/a", "/a"]);
  assertEquals(read.map(({ startHeight }) => startHeight), [0, 0, 0, 5]);
  assertEquals(read.map(({ relay }) => relay), [undefined, undefined, undefined, undefined]);
  assertEquals(payloadOf(read[3]!), start + fields.slice(0, 3).join(""));
  assertEquals(decodePayload("version", start + fields.join("")).relay, true);
  assertEquals(decodePayload("version", start + fields.join("") + "ffffff").relay, true);
  assertRefused("malformed", "version", VERSION_START + VERSION_ADDRESS);
  assertRefused("malformed", "version", start + "01");
});

test("bitcoin payloads: a user agent is at most 256 bytes, in whatever encoding", () => {
  const start = VERSION_START + VERSION_ADDRESS + VERSION_ADDRESS + "0100000000000000";
  assertEquals(decodePayload("version", start + varInt(256) + "61".repeat(256)).userAgent, "a".repeat(256));
  assertEquals(decodePayload("version", start + "02ff61").userAgent, "\ufffda");
  assertRefused("oversized", "version", start + varInt(257) + "61".repeat(257));
  assertRefused("malformed", "version", start + "0561");
});

test("bitcoin payloads: bytes after the end are malformed, except in version", () => {
  const payloads: readonly (readonly [type: MessageType, hex: string])[] = [
    ["addr", "00"],
    ["addrv2", "00"],
    ["inv", "00"],
    ["getdata", "00"],
    ["notfound", "00"],
    ["getblocks", `8011010000${HASH_ON_WIRE}`],
    ["getheaders", `8011010000${HASH_ON_WIRE}`],
    ["headers", "00"],
    ["tx", TX],
    ["cmpctblock", `${HEADER_ON_WIRE}00000000000000000000`],
    ["getblocktxn", `${HASH_ON_WIRE}00`],
    ["blocktxn", `${HASH_ON_WIRE}00`],
  ];
  for (const [type, hex] of payloads) {
    assertEquals(decodePayload(type, hex).type, type);
    assertRefused("malformed", type, `${hex}00`);
    assertRefused("malformed", type, hex.slice(0, -2));
  }
  for (const type of ["ping", "pong", "feefilter"] as const) assertRefused("malformed", type, "00".repeat(7));
  assertRefused("malformed", "sendcmpct", "01".repeat(8));
});

test("bitcoin payloads: a count above its limit is refused before its items are looked at", () => {
  const oversized: readonly (readonly [type: MessageType, hex: string])[] = [
    ["addr", varInt(1001)],
    ["addrv2", varInt(1001)],
    ["inv", varInt(50_001)],
    ["getdata", varInt(50_001)],
    ["notfound", varInt(Number.MAX_SAFE_INTEGER)],
    ["getblocks", `80110100${varInt(102)}`],
    ["getheaders", `80110100${varInt(102)}`],
    ["headers", varInt(2001)],
    ["cmpctblock", `${HEADER_ON_WIRE}0000000000000000${varInt(65_537)}`],
    ["cmpctblock", `${HEADER_ON_WIRE}000000000000000000${varInt(65_537)}`],
    ["cmpctblock", `${HEADER_ON_WIRE}000000000000000001010203040506${varInt(65_536)}`],
    ["getblocktxn", `${HASH_ON_WIRE}${varInt(65_537)}`],
    ["blocktxn", `${HASH_ON_WIRE}${varInt(65_537)}`],
    ["addrv2", `010000000000ee${varInt(513)}${"00".repeat(513)}0000`],
    ["reject", varInt(13)],
  ];
  for (const [type, hex] of oversized) assertRefused("oversized", type, hex);
});

test("bitcoin payloads: a count that the bytes behind it cannot hold is malformed", () => {
  const starts: readonly (readonly [type: MessageType, hex: string])[] = [
    ["addr", "e803"],
    ["inv", varInt(50_000)],
    ["headers", varInt(2000)],
    ["getheaders", `80110100${varInt(101)}`],
    ["cmpctblock", `${HEADER_ON_WIRE}0000000000000000${varInt(65_536)}`],
    ["getblocktxn", `${HASH_ON_WIRE}${varInt(65_536)}`],
    ["blocktxn", `${HASH_ON_WIRE}${varInt(65_536)}`],
  ];
  for (const [type, hex] of starts) assertRefused("malformed", type, `${hex}${"00".repeat(40)}`);
});

test("bitcoin payloads: limits themselves are allowed", () => {
  assertEquals(decodePayload("inv", varInt(50_000) + `01000000${HASH_ON_WIRE}`.repeat(50_000)).items.length, 50_000);
  assertEquals(decodePayload("headers", varInt(2000) + `${HEADER_ON_WIRE}00`.repeat(2000)).headers.length, 2000);
  const all = decodePayload("getblocktxn", HASH_ON_WIRE + varInt(65_536) + "00".repeat(65_536)).indexes;
  assertEquals([all.length, all.at(-1)], [65_536, 65_535]);
  assertEquals(decodePayload("getblocktxn", `${HASH_ON_WIRE}01fdffff`).indexes, [65_535]);
});

test("bitcoin payloads: indexes of compact blocks stay within 16 bits and within the block", () => {
  assertRefused("malformed", "getblocktxn", `${HASH_ON_WIRE}01${varInt(65_536)}`);
  assertRefused("malformed", "getblocktxn", `${HASH_ON_WIRE}02${varInt(65_535)}00`);
  assertRefused("malformed", "getblocktxn", `${HASH_ON_WIRE}02ffffffffffffff1f0000`);
  const start = `${HEADER_ON_WIRE}0000000000000000`;
  assertEquals(decodePayload("cmpctblock", `${start}010102030405060101${TX}`).prefilled[0]!.index, 1);
  assertRefused("malformed", "cmpctblock", `${start}010102030405060102${TX}`);
  assertRefused("malformed", "cmpctblock", `${start}000200${TX}01${TX}`);
});

test("bitcoin payloads: addresses of a known network have its size", () => {
  const record = (networkId: string, size: number) => `010000000000${networkId}${varInt(size)}${"01".repeat(size)}208d`;
  for (const [networkId, size] of [["01", 4], ["02", 16], ["04", 32], ["05", 32], ["06", 16]] as const) {
    assertEquals(decodePayload("addrv2", record(networkId, size)).addresses[0]!.address.bytes.length, size);
    assertRefused("malformed", "addrv2", record(networkId, size - 1));
    assertRefused("malformed", "addrv2", record(networkId, size + 1));
  }
  assertEquals(decodePayload("addrv2", record("03", 10)).addresses[0]!.address.networkId, 3);
  assertEquals(decodePayload("addrv2", record("77", 512)).addresses[0]!.address.bytes.length, 512);
});

test("bitcoin payloads: what has only one legal form is refused in any other", () => {
  assertRefused("malformed", "headers", `01${HEADER_ON_WIRE}01`);
  assertRefused("malformed", "sendcmpct", "020100000000000000");
  assertRefused("malformed", "inv", `fd0100` + `01000000${HASH_ON_WIRE}`);
  assertRefused("malformed", "block", "00".repeat(80));
  assertRefused("malformed", "tx", "00".repeat(60));
});
