import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertLess, assertThrows } from "@std/assert";
import { type FaultCode, LocalError, RemoteFault } from "../../src/protocol/errors.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import type { Decoder } from "../../src/wire/codec.ts";
import { parseTranscript, testData, transcript, vectorLines } from "../support/test_data.ts";
import { testHasher } from "../support/test_hasher.ts";

const REGTEST = 0xfabfb5da;
const MAIN = 0xf9beb4d9;
const codec = bitcoinCodec(REGTEST, testHasher);
const main = bitcoinCodec(MAIN, testHasher);
const FRAMES = parseTranscript(vectorLines("regtest_frames.jsonl"));

/** One frame of each type among the vectors. */
const ONE_OF_EACH = [...Map.groupBy(FRAMES, ({ command }) => command).values()].map(([first]) => first!.frame);

function drain(decoder: Decoder): Message[] {
  return [...drained(decoder)];
}

function* drained(decoder: Decoder): Generator<Message> {
  for (let message = decoder.next(); message; message = decoder.next()) yield message;
}

function decode(frame: Uint8Array, wire = codec): Message {
  const decoder = wire.createDecoder();
  decoder.feed(frame);
  const [message] = drain(decoder);
  assertEquals(decoder.bufferedBytes, 0);
  return message!;
}

function assertFault(code: FaultCode, bytes: Uint8Array): void {
  const decoder = codec.createDecoder();
  decoder.feed(bytes);
  const fault = assertThrows(() => drain(decoder), RemoteFault);
  assertEquals(fault.code, code, fault.message);
}

/** A frame of the given command whose payload is zeros, with a wrong checksum. */
function rawFrame(command: string, announcedBytes: number, payload = new Uint8Array(0)): Uint8Array {
  const header = new Uint8Array(24);
  header.set(hexToBytes("fabfb5da"));
  header.set(new TextEncoder().encode(command), 4);
  new DataView(header.buffer).setUint32(16, announcedBytes, true);
  return concatBytes([header, payload]);
}

test("bitcoin: published example frames", () => {
  const version = "f9beb4d976657273696f6e0000000000640000003b648d5a62ea0000010000000000000011b2d050000000000100000000" +
    "00000000000000000000000000ffff000000000000010000000000000000000000000000000000ffff0000000000003b2eb35d8ce61765" +
    "0f2f5361746f7368693a302e372e322fc03e0300";
  const nowhere = { services: 1n, address: { networkId: 1, bytes: new Uint8Array(4) }, port: 0 };
  const addr = "f9beb4d96164647200000000000000001f000000ed52399b01e215104d010000000000000000000000000000000000ffff" +
    "0a000001208d";
  const expected: readonly (readonly [hex: string, message: Message])[] = [
    ["f9beb4d976657261636b000000000000000000005df6e0e2", { type: "verack" }],
    [addr, {
      type: "addr",
      addresses: [
        { time: 0x4d1015e2, services: 1n, address: { networkId: 1, bytes: Uint8Array.of(10, 0, 0, 1) }, port: 8333 },
      ],
    }],
    [version, {
      type: "version",
      protocolVersion: 60002,
      services: 1n,
      time: 0x50d0b211n,
      receiver: nowhere,
      sender: nowhere,
      nonce: 0x6517e68c5db32e3bn,
      userAgent: "/Satoshi:0.7.2/",
      startHeight: 212672,
      relay: undefined,
    }],
  ];
  for (const [hex, message] of expected) {
    assertEquals(decode(hexToBytes(hex), main), message);
    assertEquals(bytesToHex(main.encode(message)), hex);
  }
});

test("bitcoin: real frames decode to their own type and encode to the same bytes, in memory of their size", () => {
  for (const { command, frame } of FRAMES) {
    const message = decode(frame);
    const encoded = codec.encode(message);
    assertEquals(message.type, command);
    assertEquals(bytesToHex(encoded), bytesToHex(frame), command);
    assertEquals(encoded.buffer.byteLength, encoded.length, command);
  }
});

for (const name of ["transcript-ibd.jsonl", "transcript-relay.jsonl"]) {
  const recorded = transcript(name);
  test(`bitcoin: ${name} decodes and encodes to the same bytes`, { skip: recorded === undefined }, () => {
    for (const { command, frame } of recorded!) {
      const message = decode(frame);
      assertEquals(message.type, command);
      assertEquals(bytesToHex(codec.encode(message)), bytesToHex(frame), command);
    }
  });
}

test("bitcoin: every cut of every type of frame gives the same message", () => {
  for (const frame of ONE_OF_EACH) {
    const whole = decode(frame);
    for (let cut = 1; cut < frame.length; cut++) {
      const decoder = codec.createDecoder();
      const first = frame.slice(0, cut);
      decoder.feed(first);
      assertEquals(decoder.next(), undefined);
      assertEquals(decoder.bufferedBytes, cut);
      first.fill(0xee);
      decoder.feed(frame.subarray(cut));
      assertEquals(decoder.next(), whole);
      assertEquals(decoder.lastFrameBytes, frame.length);
    }
  }
});

test("bitcoin: a stream that comes byte by byte in one reused chunk", () => {
  const stream = concatBytes(FRAMES.map(({ frame }) => frame));
  const decoder = codec.createDecoder();
  const chunk = new Uint8Array(1);
  const messages: Message[] = [];
  for (const byte of stream) {
    chunk[0] = byte;
    decoder.feed(chunk);
    messages.push(...drained(decoder));
  }
  assertEquals(messages, FRAMES.map(({ frame }) => decode(frame)));
});

test("bitcoin: many frames in one chunk, read in two turns with the chunk reused between them", () => {
  const chunk = concatBytes(FRAMES.map(({ frame }) => frame));
  const expected = FRAMES.map(({ frame }) => decode(frame));
  const decoder = codec.createDecoder();
  decoder.feed(chunk);
  const messages = [decoder.next(), decoder.next()];
  decoder.detach();
  chunk.fill(0xee);
  assertEquals([...messages, ...drained(decoder)], expected);
});

test("bitcoin: a command that we do not know is carried", () => {
  const message: Message = { type: "unknown", command: "x {|}~ 12345", payload: Uint8Array.of(1, 2, 3) };
  assertEquals(decode(codec.encode(message)), message);
  const nameless: Message = { type: "unknown", command: "", payload: new Uint8Array(0) };
  assertEquals(decode(codec.encode(nameless)), nameless);
});

test("bitcoin: wrong magic is seen at the first byte that differs", () => {
  assertFault("bad-magic", Uint8Array.of(0xf9));
  assertFault("bad-magic", hexToBytes("fabfb5db"));
  assertFault("bad-magic", main.encode({ type: "verack" }));
  const decoder = codec.createDecoder();
  decoder.feed(hexToBytes("fabfb5"));
  assertEquals(decoder.next(), undefined);
});

test("bitcoin: a damaged payload or checksum of any type is a bad checksum", () => {
  for (const frame of ONE_OF_EACH) {
    for (const at of [20, 23, frame.length - 1]) {
      const damaged = frame.slice();
      damaged[at]! ^= 1;
      assertFault("bad-checksum", damaged);
    }
  }
});

test("bitcoin: a command with a letter that cannot be printed, or after its end, is malformed", () => {
  for (const command of ["ping\x01", "ping\x7f", "ping\0x", "\0ping", "ping\x80"]) {
    const header = rawFrame("", 0);
    header.set(Array.from(command, (letter) => letter.charCodeAt(0)), 4);
    assertFault("malformed", header);
  }
});

test("bitcoin: a length above the limit of its type is refused by the header alone", () => {
  const limits = {
    version: 1024,
    verack: 0,
    ping: 8,
    pong: 8,
    addr: 3 + 1000 * 30,
    addrv2: 3 + 1000 * (4 + 9 + 1 + 3 + 512 + 2),
    sendaddrv2: 0,
    getaddr: 0,
    inv: 3 + 50_000 * 36,
    getdata: 3 + 50_000 * 36,
    notfound: 3 + 50_000 * 36,
    getblocks: 4 + 1 + 101 * 32 + 32,
    getheaders: 4 + 1 + 101 * 32 + 32,
    headers: 3 + 2000 * 81,
    block: 4_000_000,
    tx: 4_000_000,
    mempool: 0,
    sendheaders: 0,
    sendcmpct: 9,
    cmpctblock: 4_000_000,
    getblocktxn: 32 + 5 + 65_536,
    blocktxn: 4_000_000,
    feefilter: 8,
    wtxidrelay: 0,
    reject: 1024,
    nobodyknows: 4_000_000,
  };
  for (const [command, limit] of Object.entries(limits)) {
    assertFault("oversized", rawFrame(command, limit + 1));
    assertFault("oversized", rawFrame(command, 0xffff_ffff));
    const decoder = codec.createDecoder();
    decoder.feed(rawFrame(command, limit, new Uint8Array(limit === 0 ? 0 : limit - 1)));
    if (limit > 0) assertEquals(decoder.next(), undefined, command);
    else assertThrows(() => decoder.next(), RemoteFault, "bad-checksum");
  }
});

test("bitcoin: a thousand promises of 4 MB that nobody keeps take next to no memory", () => {
  const header = rawFrame("block", 4_000_000, new Uint8Array(1));
  const decoders = Array.from({ length: 1000 }, () => codec.createDecoder());
  for (const decoder of decoders) {
    decoder.feed(header);
    assertEquals(decoder.next(), undefined);
  }
  assertLess(decoders.reduce((sum, decoder) => sum + decoder.bufferedBytes, 0), 26_000);
});

test("bitcoin: after a fault the same fault comes for ever", () => {
  const decoder = codec.createDecoder();
  decoder.feed(main.encode({ type: "verack" }));
  const fault = assertThrows(() => decoder.next(), RemoteFault);
  decoder.feed(codec.encode({ type: "verack" }));
  assert(fault === assertThrows(() => decoder.next()));
});

test("bitcoin: what a receiver would refuse is not encoded", () => {
  const zeros = "0".repeat(64);
  const tooMany: readonly Message[] = [
    { type: "inv", items: new Array(50_001).fill({ kind: 1, hash: zeros }) },
    { type: "getheaders", protocolVersion: 70016, locator: new Array(102).fill(zeros), stop: zeros },
    { type: "block", block: new Uint8Array(4_000_001) },
    { type: "unknown", command: "thirteenbytes", payload: new Uint8Array(0) },
    { type: "unknown", command: "naïve", payload: new Uint8Array(0) },
    { type: "getblocktxn", blockHash: zeros, indexes: [1, 1] },
  ];
  for (const message of tooMany) {
    assertInstanceOf(assertThrows(() => codec.encode(message)), LocalError);
  }
});

for (const height of ["300025", "413567", "426884"]) {
  const raw = testData(`mainnet-block-${height}.raw`);
  test(`bitcoin: mainnet block ${height} in chunks of 64 KiB`, { skip: raw === undefined }, () => {
    const frame = main.encode({ type: "block", block: raw! });
    const decoder = main.createDecoder();
    const chunk = new Uint8Array(65_536);
    const messages: Message[] = [];
    for (let at = 0; at < frame.length; at += chunk.length) {
      const part = frame.subarray(at, at + chunk.length);
      chunk.set(part);
      decoder.feed(chunk.subarray(0, part.length));
      messages.push(...drained(decoder));
    }
    assertEquals(messages, [{ type: "block", block: raw! }]);
  });
}

const compact = testData("mainnet-compact-426884.raw");
test("bitcoin: a compact block of mainnet", { skip: compact === undefined }, () => {
  const frame = main.encode({ type: "unknown", command: "cmpctblock", payload: compact! });
  const message = decode(frame, main);
  assert(message.type === "cmpctblock");
  assertEquals(message.prefilled.map(({ index }) => index), [0]);
  assertEquals(bytesToHex(main.encode(message)), bytesToHex(frame));
});
