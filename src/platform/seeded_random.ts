/** FNV-1a for 32 bits: offset basis and prime (draft-eastlake-fnv). */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Rotation and shifts of sfc32, and the rounds that mix a fresh seed (C. Doty-Humphrey, PractRand). */
const SFC_RIGHT_SHIFT = 9;
const SFC_LEFT_SHIFT = 3;
const SFC_ROTATION = 21;
const SFC_WARM_UP_ROUNDS = 12;
const WORD_BITS = 32;
const TWO_TO_32 = 2 ** 32;
const TWO_TO_MINUS_53 = 2 ** -53;
const TWO_TO_26 = 2 ** 26;
const HIGH_WORD_SHIFT = 5;
const LOW_WORD_SHIFT = 6;

/**
 * Numbers that look random and are the same for the same seed on every runtime (sfc32). One seed gives many independent
 * streams, told apart by name, so that who draws first in one does not matter to another. Not for secrets.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream = "") {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / TWO_TO_32) | 0;
    this.#c = hashText(stream);
    for (let i = 0; i < SFC_WARM_UP_ROUNDS; i++) this.uint32();
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> SFC_RIGHT_SHIFT);
    this.#b = (this.#c + (this.#c << SFC_LEFT_SHIFT)) | 0;
    this.#c = (this.#c << SFC_ROTATION) | (this.#c >>> (WORD_BITS - SFC_ROTATION));
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** A number in [0, 1) of 53 random bits. */
  number(): number {
    const high = this.uint32() >>> HIGH_WORD_SHIFT;
    return (high * TWO_TO_26 + (this.uint32() >>> LOW_WORD_SHIFT)) * TWO_TO_MINUS_53;
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.number() * (most - least + 1));
  }

  bytes(sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    for (let i = 0; i < sizeBytes; i++) bytes[i] = this.uint32();
    return bytes;
  }
}

function hashText(text: string): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}
