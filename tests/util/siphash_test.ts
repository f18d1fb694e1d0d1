import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { readSipKey, sipHash24 } from "../../src/util/siphash.ts";
import { fc } from "../support/properties.ts";

function count(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}

function hash(key: Uint8Array, data: Uint8Array): bigint {
  const halves = new Uint32Array(2);
  sipHash24(readSipKey(key), data, halves);
  return (BigInt(halves[1]!) << 32n) | BigInt(halves[0]!);
}

/** From the reference implementation of the authors: key and data are 0, 1, 2, …; by length of the data. */
const VECTORS: readonly [length: number, hash: bigint][] = [
  [0, 0x726fdb47dd0e0e31n],
  [1, 0x74f839c593dc67fdn],
  [7, 0xab0200f58b01d137n],
  [8, 0x93f5f5799a932462n],
  [15, 0xa129ca6149be45e5n],
  [16, 0x3f2acc7f57c29bdbn],
  [32, 0x7127512f72f27ccen],
  [63, 0x958a324ceb064572n],
];

test("siphash: the published vectors, of every length modulo a block", () => {
  for (const [length, expected] of VECTORS) assertEquals(hash(count(16), count(length)), expected);
});

test("siphash: equals the definition in integers of 64 bits", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(fc.property(bytes(16), fc.uint8Array({ maxLength: 100 }), (key, data) => {
    assertEquals(hash(key, data), slowSipHash(key, data));
  }));
});

test("siphash: a part of an array is hashed without what surrounds it", () => {
  const [whole, part] = [new Uint32Array(2), new Uint32Array(2)];
  const key = readSipKey(count(16));
  for (const [start, end] of [[3, 3], [3, 10], [5, 37], [60, 64]] as const) {
    sipHash24(key, count(64), part, start, end);
    sipHash24(key, count(64).slice(start, end), whole);
    assertEquals(part, whole, `from ${start} to ${end}`);
  }
});

/** The paper's definition, word by word. */
function slowSipHash(key: Uint8Array, data: Uint8Array): bigint {
  const word = (bytes: Uint8Array, at: number) => new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
  const rotate = (value: bigint, bits: bigint) => BigInt.asUintN(64, (value << bits) | (value >> (64n - bits)));
  const add = (left: bigint, right: bigint) => BigInt.asUintN(64, left + right);
  const [k0, k1] = [word(key, 0), word(key, 8)];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const round = () => {
    v0 = add(v0, v1);
    v2 = add(v2, v3);
    v1 = rotate(v1, 13n) ^ v0;
    v3 = rotate(v3, 16n) ^ v2;
    v0 = add(rotate(v0, 32n), v3);
    v2 = add(v2, v1);
    v3 = rotate(v3, 21n) ^ v0;
    v1 = rotate(v1, 17n) ^ v2;
    v2 = rotate(v2, 32n);
  };
  const padded = new Uint8Array((Math.floor(data.length / 8) + 1) * 8);
  padded.set(data);
  padded[padded.length - 1] = data.length;
  for (let at = 0; at < padded.length; at += 8) {
    v3 ^= word(padded, at);
    round();
    round();
    v0 ^= word(padded, at);
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}
