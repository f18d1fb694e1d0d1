import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { bytesToHex } from "../../src/util/hex.ts";
import { exp, exponential, ln } from "../../src/util/portable_math.ts";
import { SeededRandom } from "../../src/platform/seeded_random.ts";

const EPSILON = 2 ** -52;

function isClose(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= 2 * EPSILON * Math.abs(expected);
}

test("portable math: logarithms and powers of e agree with the engine's within two units in the last place", () => {
  const random = new SeededRandom(1);
  for (let i = 0; i < 20_000; i++) {
    const x = random.number() * 2 ** random.integer(-40, 40);
    assert(isClose(ln(x), Math.log(x)), `ln ${x}`);
    const y = (random.number() - 1 / 2) * 1400;
    assert(isClose(exp(y), Math.exp(y)), `exp ${y}`);
  }
});

test("portable math: the ends of the ranges", () => {
  assertEquals([ln(1), ln(0), ln(Infinity), ln(-1), ln(NaN)], [0, -Infinity, Infinity, NaN, NaN]);
  assert(isClose(ln(Number.MIN_VALUE), -744.4400719213812));
  assertEquals([exp(0), exp(-1000), exp(1000), exp(-Infinity), exp(NaN)], [1, 0, Infinity, 0, NaN]);
  assertEquals(exponential(0, 1000), 0);
});

test("portable math: the bits are the same on every runtime", () => {
  const random = new SeededRandom(2);
  const bits = new DataView(new ArrayBuffer(8));
  let [high, low] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    bits.setFloat64(0, ln(random.number()) + exp(random.number() * 20 - 10));
    high = Math.imul(high ^ bits.getUint32(0), 0x01000193);
    low = Math.imul(low ^ bits.getUint32(4), 0x01000193);
  }
  bits.setInt32(0, high);
  bits.setInt32(4, low);
  assertEquals(bytesToHex(new Uint8Array(bits.buffer)), "e84fea64ec0c5708");
});
