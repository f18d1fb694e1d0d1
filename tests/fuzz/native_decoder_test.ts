import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { RemoteFault } from "../../src/protocol/errors.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { type CborValue, encodeCbor } from "../../src/wire/cbor.ts";
import { NATIVE_HEADER_BYTES, nativeCodec } from "../../src/wire/native.ts";
import { NATIVE_PAYLOADS } from "../../src/wire/native_payloads.ts";
import { anyNativeMessage } from "../support/arbitrary_native_messages.ts";
import { fc } from "../support/properties.ts";

const MAGIC = 0x70327021;
const MAGIC_AND_TYPE_BYTES = 5;
const codec = nativeCodec(MAGIC);

/** What came out of a stream, and how many bytes of it those messages took. */
interface Outcome {
  readonly messages: readonly Message[];
  readonly consumedBytes: number;
  readonly fault: RemoteFault | undefined;
}

/** Feeds the stream in chunks of `chunkBytes`. Anything that is thrown and is no RemoteFault ends the test. */
function decode(stream: Uint8Array, chunkBytes: number): Outcome {
  const decoder = codec.createDecoder();
  const messages: Message[] = [];
  let consumedBytes = 0;
  try {
    for (let at = 0; at < stream.length; at += chunkBytes) {
      decoder.feed(stream.slice(at, at + chunkBytes));
      for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
        messages.push(message);
        consumedBytes += decoder.lastFrameBytes;
      }
    }
  } catch (error) {
    if (!(error instanceof RemoteFault)) throw error;
    return { messages, consumedBytes, fault: error };
  }
  assertEquals(decoder.bufferedBytes, stream.length - consumedBytes);
  return { messages, consumedBytes, fault: undefined };
}

/** Whatever the bytes: faults only, the same at every cut, and what was accepted is what we would have sent. */
function assertSound(stream: Uint8Array, chunkBytes: number): Outcome {
  const whole = decode(stream, stream.length || 1);
  const cut = decode(stream, chunkBytes);
  assertEquals(cut.messages, whole.messages);
  assertEquals(cut.fault?.message, whole.fault?.message);
  const again = concatBytes(whole.messages.map((message) => codec.encode(message)));
  assertEquals(bytesToHex(again), bytesToHex(stream.subarray(0, whole.consumedBytes)));
  return whole;
}

const chunkBytes = fc.integer({ min: 1, max: 100 });
const frame = anyNativeMessage.map((message) => codec.encode(message));

/** A small change somewhere: a byte set, bytes cut out, bytes put in, bytes repeated. */
interface Change {
  readonly kind: "set" | "cut" | "insert" | "repeat";
  readonly at: number;
  readonly bytes: Uint8Array;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("set", "cut", "insert", "repeat"),
  at: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
});
const changes = fc.array(change, { minLength: 1, maxLength: 3 });

const CHANGES: {
  readonly [K in Change["kind"]]: (before: Uint8Array, after: Uint8Array, bytes: Uint8Array) => Uint8Array[];
} = {
  set: (before, after, bytes) => [before, bytes.subarray(0, 1), after.subarray(1)],
  cut: (before, after, bytes) => [before, after.subarray(bytes.length)],
  insert: (before, after, bytes) => [before, bytes, after],
  repeat: (before, after, bytes) => [before, after.subarray(0, bytes.length), after],
};

function apply(bytes: Uint8Array, all: readonly Change[]): Uint8Array {
  return all.reduce((current, { kind, at, bytes }) => {
    const position = current.length === 0 ? 0 : at % current.length;
    return concatBytes(CHANGES[kind](current.subarray(0, position), current.subarray(position), bytes));
  }, bytes);
}

/** A frame of the type with this body and a header that fits it, so that the change reaches the payload's decoder. */
function reframe(typeNumber: number, body: Uint8Array): Uint8Array {
  const length = Uint8Array.of(body.length, body.length >>> 8, body.length >>> 16);
  return concatBytes([hexToBytes("70327021"), Uint8Array.of(typeNumber), length, body]);
}

test("native decoder: noise", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), chunkBytes, (bytes, size) => void assertSound(bytes, size)),
    { numRuns: 1000 },
  );
});

test("native decoder: noise behind the right magic", () => {
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => concatBytes([hexToBytes("70327021"), bytes]));
  fc.assert(fc.property(noise, chunkBytes, (bytes, size) => void assertSound(bytes, size)), { numRuns: 1000 });
});

test("native decoder: streams with a change anywhere", () => {
  const stream = fc.array(frame, { minLength: 1, maxLength: 4 }).map(concatBytes);
  fc.assert(
    fc.property(stream, changes, chunkBytes, (bytes, all, size) => void assertSound(apply(bytes, all), size)),
    { numRuns: 1500 },
  );
});

test("native decoder: bodies with a change, behind a header that fits them", () => {
  const outcomes = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(frame, changes, chunkBytes, (bytes, all, size) => {
      const typeNumber = bytes[MAGIC_AND_TYPE_BYTES - 1]!;
      const changed = reframe(typeNumber, apply(bytes.subarray(NATIVE_HEADER_BYTES), all));
      const { fault } = assertSound(changed, size);
      outcomes[fault ? "refused" : "accepted"] += 1;
    }),
    { numRuns: 3000 },
  );
  // A fuzzer whose inputs all die at the door, or all pass, tests nothing.
  assert(outcomes.accepted > 300 && outcomes.refused > 300, JSON.stringify(outcomes));
});

test("native decoder: bodies of one type under the number of another", () => {
  const numbers = fc.constantFrom(...Object.values(NATIVE_PAYLOADS).map((row) => row.number));
  fc.assert(
    fc.property(frame, numbers, chunkBytes, (bytes, typeNumber, size) => {
      assertSound(reframe(typeNumber, bytes.subarray(NATIVE_HEADER_BYTES)), size);
    }),
    { numRuns: 1500 },
  );
});

test("native decoder: well-formed CBOR of any shape in any type", () => {
  const value = fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", maxDepth: 5 },
      fc.nat({ max: 70_000 }),
      fc.bigInt({ min: 0x1_0000_0000n, max: 0xffff_ffff_ffff_ffffn }),
      fc.string({ maxLength: 20 }),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom(0, 6, 32, 36, 80).map((sizeBytes) => new Uint8Array(sizeBytes)),
      fc.array(tie("value"), { maxLength: 9 }),
    ),
  })).value;
  const numbers = fc.constantFrom(...Object.values(NATIVE_PAYLOADS).map((row) => row.number));
  const body = fc.array(value, { maxLength: 9 }).map((fields) => Uint8Array.from(encodeCbor(fields)));
  fc.assert(
    fc.property(
      numbers,
      body,
      chunkBytes,
      (typeNumber, bytes, size) => void assertSound(reframe(typeNumber, bytes), size),
    ),
    { numRuns: 2000 },
  );
});
