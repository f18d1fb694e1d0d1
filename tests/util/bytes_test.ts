import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { ByteReader, ByteWriter, concatBytes, equalBytes, MalformedBytes, varIntSize } from "../../src/util/bytes.ts";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { fc } from "../support/properties.ts";

function hexOf(write: (writer: ByteWriter) => ByteWriter): string {
  return bytesToHex(write(new ByteWriter()).finish());
}

test("bytes: integers are spelled little-endian unless named otherwise", () => {
  assertEquals(hexOf((writer) => writer.uint8(0xfe)), "fe");
  assertEquals(hexOf((writer) => writer.uint16(0x0102).uint16BigEndian(0x0102)), "02010102");
  assertEquals(hexOf((writer) => writer.uint32(0xfffefdfc).int32(-2)), "fcfdfefffeffffff");
  assertEquals(hexOf((writer) => writer.uint64(0xfffefdfcfbfaf9f8n)), "f8f9fafbfcfdfeff");
  assertEquals(hexOf((writer) => writer.int64(-2n)), "feffffffffffffff");
});

test("bytes: integers are read as they were written", () => {
  const reader = new ByteReader(hexToBytes("fe02010102fcfdfefffefffffff8f9fafbfcfdfefffeffffffffffffff"));
  assertEquals([reader.uint8(), reader.uint16(), reader.uint16BigEndian()], [0xfe, 0x0102, 0x0102]);
  assertEquals([reader.uint32(), reader.int32()], [0xfffefdfc, -2]);
  assertEquals([reader.uint64(), reader.int64()], [0xfffefdfcfbfaf9f8n, -2n]);
  reader.expectEnd();
});

test("bytes: a CompactSize has one spelling, the shortest", () => {
  const spellings: readonly (readonly [value: number, hex: string])[] = [
    [0, "00"],
    [0xfc, "fc"],
    [0xfd, "fdfd00"],
    [0xffff, "fdffff"],
    [0x10000, "fe00000100"],
    [0xffff_ffff, "feffffffff"],
    [0x1_0000_0000, "ff0000000001000000"],
    [Number.MAX_SAFE_INTEGER, "ffffffffffffff1f00"],
  ];
  for (const [value, hex] of spellings) {
    assertEquals(hexOf((writer) => writer.varInt(value)), hex);
    assertEquals(hexOf((writer) => writer.varUint64(BigInt(value))), hex);
    assertEquals(new ByteReader(hexToBytes(hex)).varInt(), value);
    assertEquals(new ByteReader(hexToBytes(hex)).varUint64(), BigInt(value));
    assertEquals(varIntSize(value), hex.length / 2);
  }
  for (const hex of ["fdfc00", "feffff0000", "ffffffffff00000000"]) {
    assertThrows(() => new ByteReader(hexToBytes(hex)).varInt(), MalformedBytes);
    assertThrows(() => new ByteReader(hexToBytes(hex)).varUint64(), MalformedBytes);
  }
  assertThrows(() => new ByteReader(hexToBytes("ff00000000000020ff")).varInt(), MalformedBytes);
  assertEquals(new ByteReader(hexToBytes("ffffffffffffffffff")).varUint64(), 0xffff_ffff_ffff_ffffn);
});

test("bytes: nothing is read beyond the end, and a failed read moves nothing", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 2, 5);
  for (const read of [() => reader.uint32(), () => reader.uint64(), () => reader.hash(), () => reader.view(4)]) {
    assertThrows(read, MalformedBytes);
  }
  assertThrows(() => reader.skip(Number.MAX_SAFE_INTEGER), MalformedBytes);
  assertThrows(() => reader.expectEnd(), MalformedBytes);
  assertEquals([...reader.copy(3)], [3, 4, 5]);
  assertEquals(reader.remaining, 0);
});

test("bytes: a writer keeps everything that was written, however often it grows", () => {
  const anyPart = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex),
  );
  fc.assert(fc.property(fc.array(anyPart), fc.integer({ min: 0, max: 64 }), (parts, capacity) => {
    const writer = new ByteWriter(capacity);
    for (const part of parts) {
      if (typeof part === "string") writer.hash(part);
      else if (typeof part === "bigint") writer.uint64(part);
      else if (typeof part === "number") writer.uint32(part).uint16(part & 0xffff).uint8(part & 0xff);
      else writer.varInt(part.length).raw(part);
    }
    const reader = new ByteReader(writer.finish());
    for (const part of parts) {
      if (typeof part === "string") assertEquals(reader.hash(), part);
      else if (typeof part === "bigint") assertEquals(reader.uint64(), part);
      else if (typeof part === "number") {
        assertEquals([reader.uint32(), reader.uint16(), reader.uint8()], [part, part & 0xffff, part & 0xff]);
      } else assertEquals(reader.copy(reader.varInt()), part);
    }
    reader.expectEnd();
  }));
});

test("bytes: reserved space is zero, also where it makes the writer grow", () => {
  const writer = new ByteWriter(2).uint8(1);
  assertEquals(writer.reserve(4), 1);
  assertEquals([...writer.uint8(2).finish()], [1, 0, 0, 0, 0, 2]);
});

test("bytes: hex is appended in its own order, and only hex", () => {
  assertEquals([...new ByteWriter(1).uint8(9).hex("0102ff").uint8(8).finish()], [9, 1, 2, 0xff, 8]);
  for (const digits of ["0", "0g", "0x"]) assertThrows(() => new ByteWriter().hex(digits), SyntaxError);
  assertThrows(() => new ByteWriter().hash("00"), SyntaxError);
});

test("bytes: comparing and joining", () => {
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
  assertEquals([...concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)])], [1, 2, 3]);
});
