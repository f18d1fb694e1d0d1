import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createSmallHasher } from "../../src/platform/sha256_wasm.ts";
import { bytesToHex } from "../../src/util/hex.ts";
import { testHasher } from "../support/test_hasher.ts";

const small = createSmallHasher();

/** FIPS 180-2, appendix B. */
const VECTORS: readonly (readonly [text: string, digest: string])[] = [
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
];

test("sha256 in WebAssembly: published vectors", () => {
  for (const [text, digest] of VECTORS) {
    assertEquals(bytesToHex(small.sha256(new TextEncoder().encode(text))), digest);
  }
});

test("sha256 in WebAssembly: agrees with the runtime at every length around the blocks, one after the other", () => {
  const sizes = [...Array.from({ length: 260 }, (_, size) => size), 1000, 4096, small.maxBytes];
  const into = new Uint8Array(34);
  // Down again: what a longer input left in memory must not show.
  for (const size of [...sizes, ...sizes.toReversed()]) {
    const data = new Uint8Array(size).map((_, index) => index * 31 + size);
    assertEquals(small.sha256(data), testHasher.sha256(data), `${size} bytes`);
    assertEquals(small.sha256d(data), testHasher.sha256d(data), `${size} bytes, twice`);
    small.sha256dInto(data, into, 1);
    assertEquals(into, Uint8Array.of(0, ...testHasher.sha256d(data), 0), `${size} bytes, twice, into`);
  }
});

test("sha256 in WebAssembly: a digest is not overwritten by the next", () => {
  const first = small.sha256d(Uint8Array.of(1));
  const copy = first.slice();
  small.sha256d(Uint8Array.of(2));
  assertEquals(first, copy);
  assertEquals(first.buffer.byteLength, 32);
});
