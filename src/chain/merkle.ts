import { equalBytes } from "../util/bytes.ts";
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

/** The root over leaves of 32 bytes each, one after the other. The bytes are the tree's work space: they are lost. */
export function computeMerkleRoot(hasher: Hasher, leaves: Uint8Array): MerkleRoot {
  let duplicate = false;
  let count = leaves.length / HASH_SIZE_BYTES;
  if (count === 0) return { root: new Uint8Array(HASH_SIZE_BYTES), duplicate };
  const pair = new Uint8Array(PAIR_BYTES);
  while (count > 1) {
    const pairs = Math.ceil(count / 2);
    for (let i = 0; i < pairs; i++) {
      const left = leaves.subarray(PAIR_BYTES * i, PAIR_BYTES * i + HASH_SIZE_BYTES);
      const alone = 2 * i + 1 === count;
      const right = alone ? left : leaves.subarray(PAIR_BYTES * i + HASH_SIZE_BYTES, PAIR_BYTES * (i + 1));
      if (!alone && equalBytes(left, right)) duplicate = true;
      pair.set(left);
      pair.set(right, HASH_SIZE_BYTES);
      leaves.set(hasher.sha256d(pair), HASH_SIZE_BYTES * i);
    }
    count = pairs;
  }
  return { root: leaves.slice(0, HASH_SIZE_BYTES), duplicate };
}
