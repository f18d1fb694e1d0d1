import { concatBytes, equalBytes } from "../util/bytes.ts";
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
  let row = leaves;
  while (row.length > HASH_SIZE_BYTES) {
    const pairs = Math.ceil(row.length / PAIR_BYTES);
    const above = new Uint8Array(pairs * HASH_SIZE_BYTES);
    for (let i = 0; i < pairs; i++) {
      const pair = row.subarray(PAIR_BYTES * i, PAIR_BYTES * (i + 1));
      const isAlone = pair.length === HASH_SIZE_BYTES;
      if (!isAlone && equalBytes(pair.subarray(0, HASH_SIZE_BYTES), pair.subarray(HASH_SIZE_BYTES))) duplicate = true;
      above.set(hasher.sha256d(isAlone ? concatBytes([pair, pair]) : pair), HASH_SIZE_BYTES * i);
    }
    row = above;
  }
  return { root: row.slice(), duplicate };
}
