import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { RemoteFault } from "../../src/protocol/errors.ts";
import type { Message, MessageType } from "../../src/protocol/messages.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bytesToHex } from "../../src/util/hex.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import type { Decoder, RawFrame, SortingCodec } from "../../src/wire/codec.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { testHasher } from "../support/test_hasher.ts";

const OPENS: ReadonlySet<MessageType> = new Set<MessageType>(["ping", "verack"]);
const CODECS: readonly SortingCodec[] = [bitcoinCodec(REGTEST.magic, testHasher), nativeCodec(P2P.magic)];
/** As the thread that passes frames on sees the other's. */
const UNSEALED = bitcoinCodec(REGTEST.magic, testHasher, { checksums: false });

const MESSAGES: readonly Message[] = [
  { type: "ping", nonce: 7n },
  { type: "app", payload: Uint8Array.of(1, 2, 3) },
  { type: "getaddr" },
  { type: "verack" },
];

function sort(decoder: Decoder<Message | RawFrame>): (Message | { type: MessageType; hex: string })[] {
  const sorted = [];
  for (let next = decoder.next(); next; next = decoder.next()) {
    sorted.push(
      "bytes" in next ? { type: next.type, hex: bytesToHex(next.bytes.subarray(next.start, next.end)) } : next,
    );
  }
  return sorted;
}

for (const codec of CODECS) {
  const stream = concatBytes(MESSAGES.map(codec.encode));
  const closed = (message: Message) => ({ type: message.type, hex: bytesToHex(codec.encode(message)) });

  test(`sorter, ${codec.name}: some types are opened, others handed over as they came, whatever the cuts`, () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const decoder = codec.createSorter(OPENS);
      decoder.feed(stream.subarray(0, cut));
      const first = sort(decoder);
      decoder.feed(stream.subarray(cut));
      const [ping, app, getaddr, verack] = MESSAGES as [Message, Message, Message, Message];
      assertEquals([...first, ...sort(decoder)], [ping, closed(app), closed(getaddr), verack]);
    }
  });

  test(`sorter, ${codec.name}: closed frames of one chunk lie side by side in the same memory`, () => {
    const decoder = codec.createSorter(new Set());
    decoder.feed(stream);
    let before: RawFrame | undefined;
    for (let next = decoder.next(); next; next = decoder.next()) {
      assert("bytes" in next);
      if (before) assert(next.bytes === before.bytes && next.start === before.end);
      before = { ...next };
    }
    assertEquals(before?.end, stream.length);
  });
}

test("sorter: a frame that is damaged, too large or of another network is a fault without being opened", () => {
  const [codec] = CODECS as [SortingCodec];
  const decoderOf = (change: (frame: Uint8Array) => void) => {
    const frame = codec.encode({ type: "app", payload: Uint8Array.of(1, 2, 3) });
    change(frame);
    const decoder = codec.createSorter(OPENS);
    decoder.feed(frame);
    return decoder;
  };
  const faults: readonly [code: string, change: (frame: Uint8Array) => void][] = [
    ["bad-checksum", (frame) => frame[frame.length - 1]! ^= 1],
    ["oversized", (frame) => frame.fill(0xff, 16, 20)],
    ["bad-magic", (frame) => frame[0]! ^= 1],
  ];
  for (const [code, change] of faults) {
    const decoder = decoderOf(change);
    const fault = assertThrows(() => decoder.next(), RemoteFault);
    assertEquals(fault.code, code);
  }
});

test("bitcoin wire without checksums: what it encodes is right once it is sealed, and it takes any checksum", () => {
  const [codec] = CODECS as [SortingCodec];
  for (const message of MESSAGES) {
    const frame = concatBytes([Uint8Array.of(9), UNSEALED.encode(message)]);
    const decoder = UNSEALED.createDecoder();
    decoder.feed(frame.slice(1));
    assertEquals(decoder.next(), message);
    UNSEALED.seal(frame, 1, frame.length);
    assertEquals(frame.slice(1), codec.encode(message));
  }
});
