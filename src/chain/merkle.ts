import { HASH_SIZE_BYTES, type Hasher } from "../util/hash.ts";

export interface MerkleRoot {
  /** 32 bytes in wire order; zeros for no leaves. */
  readonly root: Uint8Array;
  /**
   * Whether two hashes that are paired are equal. A tree of an odd row pairs its last hash with itself, so a list with
   * its tail repeated has the same root as the honest one (CVE-2012-2459).
   */
  readonly duplicate: boolean;
}

const PAIR_BYTES = 2 * HASH_SIZE_BYTES;

/** The root over leaves of 32 bytes each, one after the other. */
export function computeMerkleRoot(hasher: Hasher, leaves: Uint8Array): MerkleRoot {
  if (leaves.length === 0) return { root: new Uint8Array(HASH_SIZE_BYTES), duplicate: false };
  let duplicate = false;
  // Each row takes the place of the one below, whose hashes are read before they are overwritten.
  const row = leaves.slice();
  const pair = new Uint8Array(PAIR_BYTES);
  for (let count = row.length / HASH_SIZE_BYTES; count > 1; count = Math.ceil(count / 2)) {
    for (let left = 0; left < count; left += 2) {
      const isAlone = left + 1 === count;
      const areEqual = readPair(pair, row, left, isAlone ? left : left + 1);
      duplicate ||= areEqual && !isAlone;
      hasher.sha256dInto(pair, row, HASH_SIZE_BYTES * (left / 2));
    }
  }
  return { root: row.slice(0, HASH_SIZE_BYTES), duplicate };
}

/** Copies the hashes at two places of a row; whether they are equal. */
function readPair(pair: Uint8Array, row: Uint8Array, left: number, right: number): boolean {
  let areEqual = true;
  for (let i = 0; i < HASH_SIZE_BYTES; i++) {
    const a = row[HASH_SIZE_BYTES * left + i]!;
    const b = row[HASH_SIZE_BYTES * right + i]!;
    pair[i] = a;
    pair[HASH_SIZE_BYTES + i] = b;
    areEqual &&= a === b;
  }
  return areEqual;
}
