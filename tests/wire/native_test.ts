import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type FaultCode, LocalError, RemoteFault } from "../../src/protocol/errors.ts";
import { MAX_UNKNOWN_BODY_BYTES } from "../../src/protocol/native_limits.ts";
import type { Message, MessageType } from "../../src/protocol/messages.ts";
import { P2P } from "../../src/protocol/networks.ts";
import { MAX_APP_PAYLOAD_BYTES, MAX_TOPICS } from "../../src/protocol/wire_limits.ts";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { encodeCbor } from "../../src/wire/cbor.ts";
import type { Decoder } from "../../src/wire/codec.ts";
import { NATIVE_HEADER_BYTES, nativeCodec } from "../../src/wire/native.ts";
import { NATIVE_PAYLOADS } from "../../src/wire/native_payloads.ts";
import { anyNativeMessage, NATIVE_MESSAGES } from "../support/arbitrary_native_messages.ts";
import { fc } from "../support/properties.ts";
import { parseTranscript, vectorLines } from "../support/test_data.ts";
import { HASH_A, REFUSED_VECTORS, VECTOR_MAGIC, VECTORS } from "./native_vectors.ts";

const codec = nativeCodec(VECTOR_MAGIC);
const SPEC = readFileSync(new URL("../../src/protocol/SPEC.md", import.meta.url), "utf8");
const PING = codec.encode({ type: "ping", nonce: 7n });
const MAX_LENGTH_FIELD = 0xff_ffff;

/** All messages that are complete now. */
function drain(decoder: Decoder): Message[] {
  const messages: Message[] = [];
  for (let message = decoder.next(); message !== undefined; message = decoder.next()) messages.push(message);
  return messages;
}

function decode(bytes: Uint8Array): Message[] {
  const decoder = codec.createDecoder();
  decoder.feed(bytes);
  return drain(decoder);
}

function assertFault(code: FaultCode, run: () => unknown): RemoteFault {
  const fault = assertThrows(run, RemoteFault);
  assertEquals(fault.code, code);
  return fault;
}

for (const { name, message, frame } of VECTORS) {
  test(`native: vector ${name}`, () => {
    assertEquals(bytesToHex(codec.encode(message)), frame);
    assertEquals(decode(hexToBytes(frame)), [message]);
  });

  test(`native: vector ${name}, cut anywhere`, () => {
    const bytes = concatBytes([hexToBytes(frame), PING]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = codec.createDecoder();
      decoder.feed(bytes.slice(0, cut));
      const early = drain(decoder);
      assertEquals(early.length, cut === bytes.length ? 2 : Number(2 * cut >= frame.length), `cut at ${cut}`);
      decoder.feed(bytes.slice(cut));
      assertEquals([...early, ...drain(decoder)], [message, { type: "ping", nonce: 7n }], `cut at ${cut}`);
      assertEquals(decoder.bufferedBytes, 0);
    }
  });

  test(`native: vector ${name}, byte by byte`, () => {
    const decoder = codec.createDecoder();
    const messages: Message[] = [];
    for (const byte of hexToBytes(frame)) {
      assertEquals(messages.length, 0);
      decoder.feed(Uint8Array.of(byte));
      messages.push(...drain(decoder));
    }
    assertEquals(messages, [message]);
    assertEquals(decoder.lastFrameBytes, frame.length / 2);
  });
}

for (const { name, fault, bytes } of REFUSED_VECTORS) {
  test(`native: ${name} is ${fault}, for good`, () => {
    const decoder = codec.createDecoder();
    decoder.feed(concatBytes([PING, hexToBytes(bytes)]));
    assertEquals(decoder.next(), { type: "ping", nonce: 7n });
    const first = assertFault(fault, () => decoder.next());
    decoder.feed(PING);
    assertStrictEquals(assertThrows(() => decoder.next()), first);
    assertEquals(decoder.bufferedBytes, 0);
  });

  test(`native: ${name} is ${fault} byte by byte`, () => {
    const decoder = codec.createDecoder();
    assertFault(fault, () => {
      for (const byte of hexToBytes(bytes)) {
        decoder.feed(Uint8Array.of(byte));
        decoder.next();
      }
    });
  });
}

test("native: every type has a vector", () => {
  const covered = new Set<MessageType>(VECTORS.map(({ message }) => message.type));
  assertEquals(Object.keys(NATIVE_MESSAGES).filter((type) => !covered.has(type as MessageType)), []);
});

test("native: what nodes said to each other is read, and written as it was", () => {
  const lines = parseTranscript(vectorLines("native_frames.jsonl"));
  const p2p = nativeCodec(P2P.magic);
  const decoder = p2p.createDecoder();
  decoder.feed(concatBytes(lines.map(({ frame }) => frame)));
  const messages = drain(decoder);
  assertEquals(messages.map(({ type }) => type), lines.map(({ command }) => command));
  assertEquals(messages.map((message) => p2p.encode(message)), lines.map(({ frame }) => frame));
});

test("native: SPEC.md has the same vectors", () => {
  const [valid, refused] = [...SPEC.matchAll(/```text\n(.*?)```/gs)].map((match) => match[1]!.trim().split("\n"));
  assertEquals(
    pairs(valid!).map(([title, frame]) => `${title.split(": ")[0]} ${frame}`),
    VECTORS.map(({ name, frame }) => `${name} ${frame}`),
  );
  assertEquals(
    pairs(refused!).map(([title, bytes]) => `${title} ${bytes}`),
    REFUSED_VECTORS.map(({ name, fault, bytes }) => `${fault}: ${name} ${bytes}`),
  );
});

function pairs(lines: readonly string[]): [string, string][] {
  return Array.from({ length: lines.length / 2 }, (_, i) => [lines[2 * i]!, lines[2 * i + 1]!]);
}

test("native: SPEC.md has the same numbers and limits", () => {
  const rows = [...SPEC.matchAll(/^\| (0x\w\w|others) +\| (\w+) +\| \w+ +\| ([\d,]+) /gm)]
    .map(([, number, type, limit]) => `${number} ${type} ${limit!.replaceAll(",", "")}`);
  const expected = Object.entries(NATIVE_PAYLOADS)
    .map(([type, { number, maxBytes }]) => `0x${number.toString(16).padStart(2, "0")} ${type} ${maxBytes}`);
  assertEquals(rows, [...expected, `others unknown ${MAX_UNKNOWN_BODY_BYTES}`]);
});

test("native: numbers are distinct and limits fit the length field", () => {
  const rows = Object.values(NATIVE_PAYLOADS);
  assertEquals(new Set(rows.map((row) => row.number)).size, rows.length);
  for (const row of rows) assert(row.number > 0 && row.maxBytes <= MAX_LENGTH_FIELD);
});

test("native: ping and pong take 16 bytes", () => {
  assertLessOrEqual(codec.encode({ type: "ping", nonce: 2n ** 64n - 1n }).length, 16);
  assertLessOrEqual(codec.encode({ type: "pong", nonce: 2n ** 64n - 1n }).length, 16);
});

for (const [type, arbitrary] of Object.entries(NATIVE_MESSAGES)) {
  test(`native: every ${type} comes back as it was (property)`, () => {
    fc.assert(fc.property(arbitrary as fc.Arbitrary<Message>, (message) => {
      assertEquals(decode(codec.encode(message)), [message]);
    }));
  });
}

test("native: any messages in any chunks come back in order (property)", () => {
  const messages = fc.array(anyNativeMessage, { maxLength: 12 });
  fc.assert(fc.property(messages, fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1 }), (sent, sizes) => {
    const stream = concatBytes(sent.map((message) => codec.encode(message)));
    const decoder = codec.createDecoder();
    const received: Message[] = [];
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const size = sizes[turn % sizes.length]!;
      decoder.feed(stream.slice(at, at + size));
      received.push(...drain(decoder));
      at += size;
    }
    assertEquals(received, sent);
    assertEquals(decoder.bufferedBytes, 0);
  }));
});

test("native: what was decoded does not lie in the chunk, be it a Buffer or not", () => {
  for (const { name, message, frame } of VECTORS) {
    for (const chunk of [hexToBytes(frame), Buffer.from(frame, "hex")]) {
      const decoder = codec.createDecoder();
      decoder.feed(chunk);
      const decoded = decoder.next();
      chunk.fill(0xee);
      assertEquals(decoded, message, name);
    }
  }
});

test("native: an encoded frame keeps its bytes while others are encoded", () => {
  const frames = VECTORS.map(({ message }) => codec.encode(message));
  assertEquals(frames.map(bytesToHex), VECTORS.map(({ frame }) => frame));
});

test("native: a stranger's first byte is enough", () => {
  const decoder = codec.createDecoder();
  decoder.feed(Uint8Array.of(0x16));
  assertFault("bad-magic", () => decoder.next());
});

test("native: a length over the limit is refused before anything of the body is kept", () => {
  for (const [type, { number, maxBytes }] of Object.entries(NATIVE_PAYLOADS)) {
    const allowed = codec.createDecoder();
    allowed.feed(header(number, maxBytes));
    if (maxBytes > 0) assertEquals(allowed.next(), undefined, type);
    assertLessOrEqual(allowed.bufferedBytes, NATIVE_HEADER_BYTES);
    const refused = codec.createDecoder();
    refused.feed(header(number, maxBytes + 1));
    assertFault("oversized", () => refused.next());
  }
});

test("native: each number without a type is unknown, up to 64 KiB", () => {
  const taken = new Set(Object.values(NATIVE_PAYLOADS).map((row) => row.number));
  const body = new Uint8Array(MAX_UNKNOWN_BODY_BYTES).fill(0x9f);
  for (let number = 0; number <= 0xff; number++) {
    if (taken.has(number)) continue;
    const frame = concatBytes([header(number, body.length), body]);
    const message = { type: "unknown", command: `0x${bytesToHex(Uint8Array.of(number))}`, payload: body } as const;
    assertEquals(decode(frame), [message]);
    assertEquals(
      bytesToHex(codec.encode(message).subarray(0, NATIVE_HEADER_BYTES)),
      bytesToHex(header(number, body.length)),
    );
  }
});

/** The largest messages that the limits of protocol/ allow. A shorter limit here would cut off an honest peer. */
const LARGEST: readonly Message[] = largestMessages();

for (const message of LARGEST) {
  test(`native: the largest ${message.type} just fits`, () => {
    const frame = codec.encode(message);
    const limit = message.type === "unknown" ? MAX_UNKNOWN_BODY_BYTES : NATIVE_PAYLOADS[message.type].maxBytes;
    assertEquals(frame.length, NATIVE_HEADER_BYTES + limit);
    assertEquals(bytesToHex(codec.encode(decode(frame)[0]!)), bytesToHex(frame));
  });
}

function largestMessages(): Message[] {
  const address = { networkId: 200, bytes: new Uint8Array(512) };
  const end = { services: 2n ** 64n - 1n, address, port: 65_535 };
  const addresses = Array.from({ length: 1000 }, () => ({ time: 0xffff_ffff, ...end }));
  const items = Array.from({ length: 50_000 }, () => ({ kind: 0xffff_ffff, hash: HASH_A }));
  const locator = Array.from({ length: 101 }, () => HASH_A);
  const header = { version: 0, previous: HASH_A, merkleRoot: HASH_A, time: 0, bits: 0, nonce: 0 };
  const common = { protocolVersion: 0xffff_ffff, locator, stop: HASH_A };
  return [
    {
      type: "version",
      protocolVersion: 0xffff_ffff,
      services: 2n ** 64n - 1n,
      time: 2n ** 64n - 1n,
      receiver: end,
      sender: end,
      nonce: 2n ** 64n - 1n,
      userAgent: "é".repeat(128),
      startHeight: 0xffff_ffff,
      relay: undefined,
    },
    { type: "addr", addresses },
    { type: "addrv2", addresses },
    { type: "inv", items },
    { type: "getdata", items },
    { type: "notfound", items },
    { type: "getblocks", ...common },
    { type: "getheaders", ...common },
    { type: "headers", headers: Array.from({ length: 2000 }, () => header) },
    { type: "block", block: new Uint8Array(4_000_000) },
    { type: "tx", transaction: new Uint8Array(4_000_000) },
    { type: "sendcmpct", highBandwidth: false, version: 2n ** 64n - 1n },
    { type: "getblocktxn", blockHash: HASH_A, indexes: Array.from({ length: 65_536 }, (_, i) => i) },
    { type: "feefilter", feeRate: 2n ** 64n - 1n },
    { type: "reject", message: "x".repeat(12), code: 255, reason: "x".repeat(1024), data: new Uint8Array(1024) },
    ...largestAppMessages(),
    { type: "unknown", command: "0xff", payload: new Uint8Array(MAX_UNKNOWN_BODY_BYTES) },
  ];
}

function largestAppMessages(): Message[] {
  const payload = new Uint8Array(MAX_APP_PAYLOAD_BYTES);
  const topics = Array.from({ length: MAX_TOPICS }, () => "é".repeat(32));
  return [
    { type: "app", payload },
    { type: "publish", topic: topics[0]!, id: 2n ** 64n - 1n, payload },
    { type: "subscribe", topics },
    { type: "unsubscribe", topics },
    { type: "request", id: 0xffff_ffff, method: topics[0]!, payload },
    { type: "response", id: 0xffff_ffff, status: 255, payload },
    { type: "cancel", id: 0xffff_ffff },
    largestTopology(),
  ];
}

function largestTopology(): Message {
  const node = {
    id: 2n ** 64n - 1n,
    ageSeconds: 0xffff,
    region: "r".repeat(32),
    capabilities: Array.from({ length: 16 }, () => "c".repeat(32)),
    load: 255,
    draining: true,
    links: Array.from({ length: 64 }, () => ({ id: 2n ** 64n - 1n, rttMs: 0xffff_ffff })),
  };
  return { type: "topology", sender: node.id, records: Array.from({ length: 32 }, () => node) };
}

test("native: a payload over its limit is refused, however short the name before it", () => {
  const name = Uint8Array.of(1, 0x61);
  const payload = new Uint8Array(MAX_APP_PAYLOAD_BYTES + 1);
  for (const [type, idBytes] of [["publish", 8], ["request", 4]] as const) {
    const body = concatBytes([new Uint8Array(idBytes), name, payload]);
    assertFault("oversized", () => decode(concatBytes([header(NATIVE_PAYLOADS[type].number, body.length), body])));
  }
});

test("native: all transactions of a full block fit one blocktxn", () => {
  // 16,666 transactions of 240 weight units each are the most that a block can hold.
  const transactions = Array.from({ length: 16_666 }, () => new Uint8Array(235));
  const message: Message = { type: "blocktxn", blockHash: HASH_A, transactions };
  assertEquals(decode(codec.encode(message)), [message]);
});

test("native: short entries above the count are refused although their bytes would fit", () => {
  const entry = [0, 0, [1, new Uint8Array(4)], 0];
  const nodes = Uint8Array.from(encodeCbor([Array.from({ length: 1001 }, () => entry)]));
  assertFault("malformed", () => decode(concatBytes([header(NATIVE_PAYLOADS.addr.number, nodes.length), nodes])));
  const shortIds = new Uint8Array(6 * 65_537);
  const compact = Uint8Array.from(encodeCbor([new Uint8Array(80), 0, shortIds, []]));
  assertFault(
    "malformed",
    () => decode(concatBytes([header(NATIVE_PAYLOADS.cmpctblock.number, compact.length), compact])),
  );
});

const NOTHING = new Uint8Array(0);
const TOO_LONG = new Uint8Array(MAX_APP_PAYLOAD_BYTES + 1);
const UNSPEAKABLE: readonly (readonly [why: string, message: Message])[] = [
  ["not from 0 to 255", { type: "reject", message: "", code: 256, reason: "", data: new Uint8Array(0) }],
  ["not from 0 to 255", { type: "reject", message: "", code: 0.5, reason: "", data: new Uint8Array(0) }],
  ["not from 0 to 4294967295", { type: "getblocks", protocolVersion: -1, locator: [], stop: HASH_A }],
  ["not an unsigned integer of 64 bits", { type: "feefilter", feeRate: -1n }],
  ["not an unsigned integer of 64 bits", { type: "feefilter", feeRate: 2n ** 64n }],
  ["not an unsigned integer of 64 bits", { type: "ping", nonce: 2n ** 64n }],
  ["longer than 12 bytes", { type: "reject", message: "éééééé1", code: 0, reason: "", data: new Uint8Array(0) }],
  ["half of a surrogate pair", { type: "reject", message: "\ud800", code: 0, reason: "", data: new Uint8Array(0) }],
  ["byte order mark", { type: "reject", message: "\ufeffa", code: 0, reason: "", data: new Uint8Array(0) }],
  ["1025 bytes", { type: "reject", message: "", code: 0, reason: "", data: new Uint8Array(1025) }],
  ["more than 50000 records", {
    type: "inv",
    items: Array.from({ length: 50_001 }, () => ({ kind: 1, hash: HASH_A })),
  }],
  ["index 1 after 1", { type: "getblocktxn", blockHash: HASH_A, indexes: [1, 1] }],
  ["received 4000001 bytes", { type: "block", block: new Uint8Array(4_000_001) }],
  ["not the number of an unassigned type", { type: "unknown", command: "0x03", payload: new Uint8Array(8) }],
  ["not the number of an unassigned type", { type: "unknown", command: "alert", payload: new Uint8Array(8) }],
  ["not the number of an unassigned type", { type: "unknown", command: "0xC8", payload: new Uint8Array(8) }],
  ["received 1048577 bytes", { type: "app", payload: TOO_LONG }],
  ["received 1048577 bytes", { type: "publish", topic: "a", id: 1n, payload: TOO_LONG }],
  ["received 1048577 bytes", { type: "request", id: 1, method: "a", payload: TOO_LONG }],
  ["received 1048582 bytes", { type: "response", id: 1, status: 0, payload: TOO_LONG }],
  ["from 1 to 64 bytes", { type: "publish", topic: "", id: 1n, payload: NOTHING }],
  ["from 1 to 64 bytes", { type: "publish", topic: `${"é".repeat(32)}a`, id: 1n, payload: NOTHING }],
  ["from 1 to 64 bytes", { type: "publish", topic: "\ud800", id: 1n, payload: NOTHING }],
  ["from 1 to 64 bytes", { type: "request", id: 1, method: "\ufeffa", payload: NOTHING }],
  ["the id has 64 bits", { type: "publish", topic: "a", id: 2n ** 64n, payload: NOTHING }],
  ["the id has 32 bits", { type: "request", id: 2 ** 32, method: "a", payload: NOTHING }],
  ["the id has 32 bits", { type: "response", id: -1, status: 0, payload: NOTHING }],
  ["a status is from 0 to 255", { type: "response", id: 1, status: 256, payload: NOTHING }],
  ["no bytes", { type: "subscribe", topics: [""] }],
  ["longer than 64 bytes", { type: "subscribe", topics: ["x".repeat(65)] }],
  ["more than 256 entries", { type: "subscribe", topics: Array.from({ length: 257 }, () => "x") }],
  ["received 65537 bytes", { type: "unknown", command: "0xc8", payload: new Uint8Array(65_537) }],
];

for (const [why, message] of UNSPEAKABLE) {
  test(`native: refuses to encode ${message.type}: ${why}`, () => {
    const error = assertThrows(() => codec.encode(message), LocalError);
    assertStringIncludes(error.message, "Cannot encode");
    assertStringIncludes(error.message, why);
  });
}

function header(number: number, length: number): Uint8Array {
  return concatBytes([hexToBytes("70327021"), Uint8Array.of(number, length, length >>> 8, length >>> 16)]);
}
