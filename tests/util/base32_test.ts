import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { base32ToBytes, bytesToBase32 } from "../../src/util/base32.ts";
import { fc } from "../support/properties.ts";

/** RFC 4648, section 10, without the padding. */
const VECTORS: readonly (readonly [text: string, base32: string])[] = [
  ["", ""],
  ["f", "my"],
  ["fo", "mzxq"],
  ["foo", "mzxw6"],
  ["foob", "mzxw6yq"],
  ["fooba", "mzxw6ytb"],
  ["foobar", "mzxw6ytboi"],
];

test("base32: the vectors of RFC 4648", () => {
  for (const [text, base32] of VECTORS) {
    const bytes = new TextEncoder().encode(text);
    assertEquals(bytesToBase32(bytes), base32);
    assertEquals(base32ToBytes(base32), bytes);
    assertEquals(base32ToBytes(base32.toUpperCase()), bytes);
  }
});

test("base32: any bytes come back", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assertEquals(base32ToBytes(bytesToBase32(bytes)), bytes)));
});

test("base32: foreign letters, stray bits and impossible lengths are refused", () => {
  for (const text of ["m1", "m=", "mz!q", "mz", "m", "mzx", "mzxw6yr", "m\u212a"]) {
    assertEquals(base32ToBytes(text), undefined, text);
  }
});
