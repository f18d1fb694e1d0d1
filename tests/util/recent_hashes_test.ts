import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type Hash, hashFromBytes } from "../../src/util/hash.ts";
import { ID_SECRET_BYTES } from "../../src/util/id_table.ts";
import { RecentHashes } from "../../src/util/recent_hashes.ts";
import { testHasher } from "../support/test_hasher.ts";

const CAPACITY = 256;
const SECRET = new Uint8Array(ID_SECRET_BYTES);

/** The hash of a number, behind some bytes that are not its own. */
function bytesOf(number: number): Uint8Array {
  return Uint8Array.of(1, 2, 3, ...testHasher.sha256(Uint8Array.of(number, number >>> 8)));
}

function hashOf(number: number): Hash {
  return hashFromBytes(bytesOf(number), 3);
}

function remember(from: number, to: number, hashes = new RecentHashes({ capacity: CAPACITY, secret: SECRET })) {
  for (let number = from; number < to; number++) hashes.add(bytesOf(number), 3);
  return hashes;
}

function known(hashes: RecentHashes, from: number, to: number): number {
  return Array.from({ length: to - from }, (_, i) => hashes.has(hashOf(from + i))).filter(Boolean).length;
}

test("recent hashes: what was added last is known by its text, and nothing else", () => {
  const hashes = remember(0, CAPACITY);
  assertEquals([known(hashes, 0, CAPACITY), known(hashes, CAPACITY, 2 * CAPACITY)], [CAPACITY, 0]);
});

test("recent hashes: two generations are remembered, then the older is forgotten", () => {
  const hashes = remember(0, 2 * CAPACITY);
  assertEquals(known(hashes, 0, 2 * CAPACITY), 2 * CAPACITY);
  remember(2 * CAPACITY, 2 * CAPACITY + 1, hashes);
  assertEquals([known(hashes, 0, CAPACITY), known(hashes, CAPACITY, 2 * CAPACITY + 1)], [0, CAPACITY + 1]);
});

test("recent hashes: what is added again takes no room", () => {
  const hashes = remember(0, 10);
  for (let round = 0; round < CAPACITY; round++) remember(0, 10, hashes);
  assertEquals(known(hashes, 0, 10), 10);
  // Also where there is none left.
  const full = remember(0, 2 * CAPACITY);
  remember(CAPACITY, 2 * CAPACITY, full);
  assertEquals(known(full, 0, 2 * CAPACITY), 2 * CAPACITY);
});

test("recent hashes: a deleted one is unknown, whichever generation held it", () => {
  const hashes = remember(0, CAPACITY + 10);
  for (const number of [0, CAPACITY + 5]) {
    assert(hashes.has(hashOf(number)));
    hashes.delete(hashOf(number));
    assert(!hashes.has(hashOf(number)));
  }
  assertEquals(known(hashes, 0, CAPACITY + 10), CAPACITY + 8);
});
