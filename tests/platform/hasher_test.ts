import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { createHasher } from "../../src/platform/hasher.ts";
import { bytesToHex } from "../../src/util/hex.ts";

/** The examples of FIPS 180-4 as published by NIST (CSRC, "Example Algorithms: SHA-256"), and of FIPS 180-2, B.3. */
const VECTORS: readonly (readonly [text: string, digest: string])[] = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];
/** The header of Bitcoin's first block, whose double hash is the block's name. */
const GENESIS_HEADER =
  "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e" +
  "67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";
const GENESIS_HASH = "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000";

const hasher = createHasher();

for (const [text, digest] of VECTORS) {
  test(`SHA-256 of ${text.length} characters`, () => {
    assertEquals(bytesToHex(hasher.sha256(new TextEncoder().encode(text))), digest);
  });
}

test("a double hash is the hash of a hash", () => {
  const header = Uint8Array.from(GENESIS_HEADER.match(/../g)!, (digits) => Number.parseInt(digits, 16));
  assertEquals(bytesToHex(hasher.sha256d(header)), GENESIS_HASH);
  assertEquals(hasher.sha256d(header), hasher.sha256(hasher.sha256(header)));
});

test("a double hash is put where it is wanted, and nothing else is touched", () => {
  for (const size of [0, 64, 250, 500, 2_000]) {
    const data = new Uint8Array(size).map((_, index) => index * 31 + size);
    const into = new Uint8Array(42).fill(7);
    hasher.sha256dInto(data, into, 5);
    assertEquals(into, Uint8Array.of(7, 7, 7, 7, 7, ...hasher.sha256d(data), 7, 7, 7, 7, 7), `${size} bytes`);
  }
});

test("a view is hashed without what surrounds it", () => {
  const bytes = new TextEncoder().encode("xxabcxx");
  assertEquals(bytesToHex(hasher.sha256(bytes.subarray(2, 5))), VECTORS[1]![1]);
});

test("a digest is 32 fresh bytes, and slice() of it is a copy", () => {
  for (const hash of [hasher.sha256, hasher.sha256d]) {
    const digest = hash(Uint8Array.of(1));
    assertEquals([digest.length, digest.byteOffset, digest.buffer.byteLength], [32, 0, 32]);
    assertEquals(Object.getPrototypeOf(digest), Uint8Array.prototype);
    assert(hash(Uint8Array.of(1)).buffer !== digest.buffer);
  }
});
