import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { Message } from "../../src/protocol/messages.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import type { WireCodec } from "../../src/wire/codec.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { fc } from "../support/properties.ts";
import { testHasher } from "../support/test_hasher.ts";

const CODECS: readonly WireCodec[] = [bitcoinCodec(REGTEST.magic, testHasher), nativeCodec(REGTEST.magic)];
const MESSAGES: readonly Message[] = [
  { type: "verack" },
  { type: "ping", nonce: 0x0102_0304_0506_0708n },
  { type: "inv", items: [{ kind: 2, hash: "ab".repeat(32) }] },
  { type: "sendcmpct", highBandwidth: true, version: 2n },
  { type: "app", payload: new Uint8Array(20).fill(9) },
  { type: "publish", topic: "chat", id: 5n, payload: new Uint8Array(20).fill(9) },
  { type: "response", id: 5, status: 1, payload: new Uint8Array(0) },
  { type: "block", block: new Uint8Array(100).fill(7) },
];

for (const codec of CODECS) {
  test(`${codec.name}: a frame in the caller's memory is the same as one of its own, and touches nothing else`, () => {
    fc.assert(fc.property(fc.constantFrom(...MESSAGES), fc.nat(50), fc.nat(50), (message, before, after) => {
      const frame = codec.encode(message);
      const target = new Uint8Array(before + frame.length + after).fill(0xee);
      assertEquals(codec.encodeInto(message, target, before), frame.length);
      assertEquals(target.subarray(before, before + frame.length), frame);
      assertEquals(
        [...target.subarray(0, before), ...target.subarray(before + frame.length)].every((b) => b === 0xee),
        true,
      );
    }));
  });

  test(`${codec.name}: a frame that does not fit is not written`, () => {
    for (const message of MESSAGES) {
      const sizeBytes = codec.encode(message).length;
      assertEquals(codec.encodeInto(message, new Uint8Array(sizeBytes + 2), 3), -1);
    }
  });
}
