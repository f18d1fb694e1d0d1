import { createHash } from "node:crypto";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { sha3 } from "../../src/util/sha3.ts";

/** Length 0, 24 and 1,600 bits of a repeated byte: examples that NIST published with FIPS 202. */
const VECTORS: readonly (readonly [message: Uint8Array, digest: string])[] = [
  [new Uint8Array(0), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"],
  [hexToBytes("616263"), "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"],
  [new Uint8Array(200).fill(0xa3), "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787"],
];

test("sha3: published vectors", () => {
  for (const [message, digest] of VECTORS) assertEquals(bytesToHex(sha3(message)), digest);
});

test("sha3: agrees with the runtime around the borders of a block", () => {
  for (const size of [1, 7, 8, 9, 134, 135, 136, 137, 271, 272, 273]) {
    const data = new Uint8Array(size).map((_, index) => index * 37);
    assertEquals(bytesToHex(sha3(data)), createHash("sha3-256").update(data).digest("hex"), `${size} bytes`);
  }
});
