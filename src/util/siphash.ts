/** A key of 128 bits as four words of 32: the low and the high half of k0, then of k1. */
export type SipKey = Uint32Array;

const KEY_WORDS = 4;
const WORD_BYTES = 4;
const BLOCK_BYTES = 8;
const BYTE_BITS = 8;
const LAST_BYTE_SHIFT = 24;
/** What the state starts from, as the paper has it: the letters of "somepseudorandomlygeneratedbytes". */
const V0_HIGH = 0x736f6d65;
const V0_LOW = 0x70736575;
const V1_HIGH = 0x646f7261;
const V1_LOW = 0x6e646f6d;
const V2_HIGH = 0x6c796765;
const V2_LOW = 0x6e657261;
const V3_HIGH = 0x74656462;
const V3_LOW = 0x79746573;
const FINAL_XOR = 0xff;
const BLOCK_ROUNDS = 2;
const FINAL_ROUNDS = 4;

/** The key that 16 bytes spell, little-endian. */
export function readSipKey(bytes: Uint8Array): SipKey {
  const key = new Uint32Array(KEY_WORDS);
  for (let i = 0; i < KEY_WORDS * WORD_BYTES; i++) key[i >>> 2]! |= bytes[i]! << (BYTE_BITS * (i % WORD_BYTES));
  return key;
}

/**
 * SipHash-2-4 (Aumasson, Bernstein 2012): 64 bits that nobody without the key can foresee, of the bytes from `start`
 * to `end`. `into` gets the low half, then the high one. Halves of 32 bits, because each 64-bit integer would be an
 * object; and carries by bits, because a comparison is a branch that goes either way. bench/compact.ts times it.
 */
export function sipHash24(key: SipKey, data: Uint8Array, into: Uint32Array, start = 0, end = data.length): void {
  let v0l = V0_LOW ^ key[0]!, v0h = V0_HIGH ^ key[1]!;
  let v1l = V1_LOW ^ key[2]!, v1h = V1_HIGH ^ key[3]!;
  let v2l = V2_LOW ^ key[0]!, v2h = V2_HIGH ^ key[1]!;
  let v3l = V3_LOW ^ key[2]!, v3h = V3_HIGH ^ key[3]!;
  const length = end - start;
  const blocks = (length >>> 3) + 1;
  // One pass more than there are blocks: the last one is the end, without a block.
  for (let block = 0; block <= blocks; block++) {
    let low = 0, high = 0;
    let rounds = BLOCK_ROUNDS;
    if (block === blocks) {
      v2l ^= FINAL_XOR;
      rounds = FINAL_ROUNDS;
    } else {
      const at = start + block * BLOCK_BYTES;
      low = wordAt(data, at, end);
      high = wordAt(data, at + WORD_BYTES, end);
      if (block === blocks - 1) high |= length << LAST_BYTE_SHIFT;
      v3l ^= low;
      v3h ^= high;
    }
    // One round, in the order and with the rotations (13, 16, 21, 17, 32) of the paper's figure.
    for (; rounds > 0; rounds--) {
      let sum = (v0l + v1l) | 0;
      v0h = (v0h + v1h + (((v0l & v1l) | ((v0l | v1l) & ~sum)) >>> 31)) | 0;
      v0l = sum;
      sum = v1l;
      v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
      v1h = ((v1h << 13) | (sum >>> 19)) ^ v0h;
      sum = v0l;
      v0l = v0h;
      v0h = sum;

      sum = (v2l + v3l) | 0;
      v2h = (v2h + v3h + (((v2l & v3l) | ((v2l | v3l) & ~sum)) >>> 31)) | 0;
      v2l = sum;
      sum = v3l;
      v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
      v3h = ((v3h << 16) | (sum >>> 16)) ^ v2h;

      sum = (v0l + v3l) | 0;
      v0h = (v0h + v3h + (((v0l & v3l) | ((v0l | v3l) & ~sum)) >>> 31)) | 0;
      v0l = sum;
      sum = v3l;
      v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
      v3h = ((v3h << 21) | (sum >>> 11)) ^ v0h;

      sum = (v2l + v1l) | 0;
      v2h = (v2h + v1h + (((v2l & v1l) | ((v2l | v1l) & ~sum)) >>> 31)) | 0;
      v2l = sum;
      sum = v1l;
      v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
      v1h = ((v1h << 17) | (sum >>> 15)) ^ v2h;
      sum = v2l;
      v2l = v2h;
      v2h = sum;
    }
    v0l ^= low;
    v0h ^= high;
  }
  into[0] = v0l ^ v1l ^ v2l ^ v3l;
  into[1] = v0h ^ v1h ^ v2h ^ v3h;
}

/** Four bytes, little-endian; zeros where the data has ended. */
function wordAt(data: Uint8Array, at: number, end: number): number {
  if (at + WORD_BYTES <= end) {
    return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
  }
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << BYTE_BITS) | data[i]!;
  return word;
}
