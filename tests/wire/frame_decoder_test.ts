import { Buffer } from "node:buffer";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertLessOrEqual, assertThrows } from "@std/assert";
import { RemoteFault } from "../../src/protocol/errors.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { ByteReader, ByteWriter, MalformedBytes } from "../../src/util/bytes.ts";
import { type Frame, FrameDecoder, type Framing } from "../../src/wire/frame_decoder.ts";

const HEADER_BYTES = 4;
const UNLUCKY = 13;
const TOO_LONG = 0xffff_ffff;

/** The least wire: a length of four bytes, then as many bytes. */
class LengthPrefixed implements Framing {
  /** The most memory that a partial frame was seen in. */
  largestBuffer = 0;

  measure(bytes: Uint8Array, start: number, end: number): number {
    this.largestBuffer = Math.max(this.largestBuffer, bytes.length);
    if (end - start < HEADER_BYTES) return HEADER_BYTES;
    const length = new ByteReader(bytes, start).uint32();
    if (length === TOO_LONG) throw new RemoteFault("oversized", "too long");
    return HEADER_BYTES + length;
  }

  parse(frame: Frame): Message {
    const start = frame.start + HEADER_BYTES;
    if (frame.end - start === UNLUCKY) throw new MalformedBytes("thirteen");
    return { type: "unknown", command: "", payload: frame.keep(start, frame.end) };
  }
}

function frameOf(...payload: number[]): Uint8Array {
  return new ByteWriter().uint32(payload.length).raw(Uint8Array.from(payload)).finish();
}

function frameOfSize(size: number): Uint8Array {
  return frameOf(...Array.from({ length: size }, (_, index) => index % 251));
}

function payloadOf(message: Message | undefined): number[] {
  assertEquals(message?.type, "unknown");
  return [...(message as { payload: Uint8Array }).payload];
}

function newDecoder(): FrameDecoder {
  return new FrameDecoder(new LengthPrefixed());
}

test("frames: many in one chunk come out one by one, and empty chunks do not matter", () => {
  const decoder = newDecoder();
  decoder.feed(Uint8Array.of(...frameOf(1, 2), ...frameOf(), ...frameOf(3)));
  assertEquals(decoder.bufferedBytes, 15);
  assertEquals(payloadOf(decoder.next()), [1, 2]);
  assertEquals(decoder.lastFrameBytes, 6);
  assertEquals(payloadOf(decoder.next()), []);
  assertEquals(payloadOf(decoder.next()), [3]);
  assertEquals(decoder.lastFrameBytes, 5);
  assertEquals(decoder.next(), undefined);
  decoder.feed(new Uint8Array(0));
  assertEquals(decoder.next(), undefined);
  assertEquals(decoder.bufferedBytes, 0);
});

test("frames: a chunk may be overwritten once next has answered undefined", () => {
  const decoder = newDecoder();
  const stream = Uint8Array.of(...frameOf(1, 2, 3), ...frameOf(4, 5, 6));
  const chunk = new Uint8Array(5);
  const payloads: number[][] = [];
  for (let at = 0; at < stream.length; at += chunk.length) {
    const part = stream.subarray(at, at + chunk.length);
    chunk.set(part);
    decoder.feed(chunk.subarray(0, part.length));
    for (let message = decoder.next(); message; message = decoder.next()) payloads.push(payloadOf(message));
    chunk.fill(0xee);
  }
  assertEquals(payloads, [[1, 2, 3], [4, 5, 6]]);
});

test("frames: what next returned does not change with the chunk", () => {
  const decoder = newDecoder();
  const chunk = Uint8Array.of(...frameOf(1, 2, 3));
  decoder.feed(chunk);
  const message = decoder.next();
  chunk.fill(0xee);
  assertEquals(payloadOf(message), [1, 2, 3]);
});

test("frames: a Buffer, whose slice does not copy, is copied all the same", () => {
  const decoder = newDecoder();
  const chunk = Buffer.from(frameOf(1, 2, 3));
  decoder.feed(chunk);
  const message = decoder.next();
  chunk.fill(0xee);
  assertEquals(payloadOf(message), [1, 2, 3]);
});

test("frames: after detach the chunk may be reused, and the unread rest comes out later", () => {
  const decoder = newDecoder();
  const chunk = Uint8Array.of(...frameOf(1), ...frameOf(2), ...frameOf(3, 3).subarray(0, 5));
  decoder.feed(chunk);
  assertEquals(payloadOf(decoder.next()), [1]);
  decoder.detach();
  decoder.detach();
  chunk.fill(0xee);
  assertEquals(decoder.bufferedBytes, 10);
  assertEquals(payloadOf(decoder.next()), [2]);
  assertEquals(decoder.next(), undefined);
  decoder.feed(Uint8Array.of(3));
  assertEquals(payloadOf(decoder.next()), [3, 3]);
});

test("frames: a chunk that comes although the last one is unread is put behind it", () => {
  const decoder = newDecoder();
  const first = Uint8Array.of(...frameOf(1), ...frameOf(2));
  decoder.feed(first);
  assertEquals(payloadOf(decoder.next()), [1]);
  decoder.detach();
  const second = frameOf(3);
  decoder.feed(second);
  first.fill(0xee);
  second.fill(0xee);
  assertEquals(payloadOf(decoder.next()), [2]);
  assertEquals(payloadOf(decoder.next()), [3]);
  assertEquals(decoder.next(), undefined);
});

test("frames: memory grows with the bytes that arrive, not with the length that was promised", () => {
  const framing = new LengthPrefixed();
  const decoder = new FrameDecoder(framing);
  decoder.feed(new ByteWriter().uint32(1 << 30).finish());
  assertEquals(decoder.next(), undefined);
  const chunk = new Uint8Array(1000);
  for (let arrived = HEADER_BYTES + chunk.length; arrived < 100_000; arrived += chunk.length) {
    decoder.feed(chunk);
    assertEquals(decoder.next(), undefined);
    assertEquals(decoder.bufferedBytes, arrived);
    assertLessOrEqual(framing.largestBuffer, 2 * arrived);
  }
});

test("frames: a large one that was put together is handed over without another copy, in memory of its size", () => {
  const decoder = newDecoder();
  const frame = frameOfSize(10_000);
  for (let at = 0; at < frame.length; at += 1500) {
    decoder.feed(frame.slice(at, at + 1500));
    if (at + 1500 < frame.length) assertEquals(decoder.next(), undefined);
  }
  const message = decoder.next() as { payload: Uint8Array };
  assertEquals(message.payload, frame.slice(HEADER_BYTES));
  assertEquals(message.payload.byteOffset, HEADER_BYTES);
  assertEquals(message.payload.buffer.byteLength, frame.length);
});

test("frames: handed-over memory is not written to by the frames that follow", () => {
  const decoder = newDecoder();
  const kept: Uint8Array[] = [];
  for (let value = 0; value < 5; value++) {
    const frame = frameOf(...new Array<number>(400).fill(value));
    for (let at = 0; at < frame.length; at += 100) {
      decoder.feed(frame.slice(at, at + 100));
      for (let message = decoder.next(); message; message = decoder.next()) {
        kept.push((message as { payload: Uint8Array }).payload);
      }
    }
  }
  assertEquals(kept.length, 5);
  assert(kept.every((payload, value) => payload.every((byte) => byte === value)));
});

test("frames: after a fault the decoder throws the same one for ever, takes nothing and holds nothing", () => {
  const decoder = newDecoder();
  decoder.feed(Uint8Array.of(...frameOfSize(UNLUCKY), ...frameOf(1)));
  const fault = assertThrows(() => decoder.next(), RemoteFault, "malformed");
  decoder.feed(frameOf(2));
  decoder.detach();
  assertEquals(assertThrows(() => decoder.next()), fault);
  assertEquals(decoder.bufferedBytes, 0);
});

test("frames: frames before the faulty one still come out", () => {
  const decoder = newDecoder();
  decoder.feed(Uint8Array.of(...frameOf(1), 0xff, 0xff, 0xff, 0xff));
  assertEquals(payloadOf(decoder.next()), [1]);
  const fault = assertThrows(() => decoder.next());
  assertInstanceOf(fault, RemoteFault);
  assertEquals(fault.code, "oversized");
});
