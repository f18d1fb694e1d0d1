import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { computeMerkleRoot } from "../../src/chain/merkle.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { type Hash, hashFromBytes, hashToBytes } from "../../src/util/hash.ts";
import { testHasher } from "../support/test_hasher.ts";

/** Transactions of main's block 100000, and the root in its header. */
const TRANSACTIONS: Hash[] = [
  "8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87",
  "fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4",
  "6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4",
  "e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d",
];
const ROOT = "f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766";

function rootOf(hashes: readonly Hash[]): { root: Hash; duplicate: boolean } {
  const { root, duplicate } = computeMerkleRoot(testHasher, concatBytes(hashes.map(hashToBytes)));
  return { root: hashFromBytes(root), duplicate };
}

test("merkle: the root of a real block", () => {
  assertEquals(rootOf(TRANSACTIONS), { root: ROOT, duplicate: false });
});

test("merkle: a single transaction is its own root, and none gives zeros", () => {
  assertEquals(rootOf(TRANSACTIONS.slice(0, 1)), { root: TRANSACTIONS[0]!, duplicate: false });
  assertEquals(rootOf([]), { root: "0".repeat(64), duplicate: false });
});

test("merkle: the leaves stay as they are", () => {
  const leaves = concatBytes(TRANSACTIONS.map(hashToBytes));
  const before = leaves.slice();
  computeMerkleRoot(testHasher, leaves);
  assertEquals(leaves, before);
});

test("merkle: an odd row pairs its last hash with itself, which a repeated tail imitates", () => {
  const [a, b, c] = TRANSACTIONS as [Hash, Hash, Hash];
  const honest = rootOf([a, b, c]);
  assertEquals(honest.duplicate, false);
  assertEquals(rootOf([a, b, c, c]), { root: honest.root, duplicate: true });
});

test("merkle: a repeated tail of several transactions is noticed in its row", () => {
  const six = [...TRANSACTIONS, ...TRANSACTIONS.slice(0, 2)];
  const honest = rootOf(six);
  assertEquals(honest.duplicate, false);
  assertEquals(rootOf([...six, ...six.slice(4)]), { root: honest.root, duplicate: true });
});
