import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { bitsFromTarget, TARGET_END, targetFromBits } from "../../src/protocol/compact_target.ts";
import { fc } from "../support/properties.ts";

const TARGETS: readonly (readonly [number, bigint | undefined])[] = [
  [0x1d00ffff, 0xffffn << 208n],
  [0x207fffff, 0x7fffffn << 232n],
  [0x01003456, undefined],
  [0x01123456, 0x12n],
  [0x02008000, 0x80n],
  [0x03123456, 0x123456n],
  [0x04123456, 0x12345600n],
  [0x05009234, 0x92340000n],
  [0x04923456, undefined],
  [0x01fedcba, undefined],
  [0, undefined],
  [0x00ffffff, undefined],
  [0x20123456, 0x123456n << 232n],
  [0x220000ff, 0xffn << 248n],
  [0x220001ff, undefined],
  [0xff123456, undefined],
];

for (const [bits, target] of TARGETS) {
  test(`compact target: 0x${bits.toString(16)} is ${target === undefined ? "no target" : `0x${target.toString(16)}`}`, () => {
    assertEquals(targetFromBits(bits), target);
  });
}

test("compact target: a sign bit moves into the next byte", () => {
  assertEquals(bitsFromTarget(0x80n), 0x02008000);
  assertEquals(bitsFromTarget(0x12n), 0x01120000);
  assertEquals(bitsFromTarget(0x92340000n), 0x05009234);
});

test("compact target: a target loses at most what is below its three leading bytes, and nothing the second time", () => {
  fc.assert(fc.property(fc.bigInt({ min: 1n, max: TARGET_END - 1n }), (target) => {
    const bits = bitsFromTarget(target);
    const rounded = targetFromBits(bits)!;
    assertEquals(bitsFromTarget(rounded), bits);
    assertEquals(rounded <= target && target - rounded <= target >> 15n, true);
  }));
});
