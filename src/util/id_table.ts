/** Bytes of the secret by which ids find their places: whoever knew it could choose ids that all belong to one. */
export const ID_SECRET_BYTES = 16;
const PLACES_PER_ID = 2;
const WORDS_PER_PLACE = 2;
const WORD_BYTES = 4;
const MIX_SHIFT = 15;

/**
 * A set of 64-bit ids, each given as its low and its high half. Open addressing with linear probing, half of the places
 * at the most in use. Two zero words are an empty place.
 */
export class IdTable {
  readonly capacity: number;
  readonly #words: Uint32Array;
  readonly #secret: Uint8Array;
  readonly #lowKey: number;
  readonly #highKey: number;
  readonly #lowFactor: number;
  readonly #highFactor: number;
  readonly #mask: number;
  #count = 0;
  /** Zero looks like an empty place. */
  #hasZero = false;

  /** `capacity` is a power of two; `secret` has `ID_SECRET_BYTES` that nobody else knows. */
  constructor(capacity: number, secret: Uint8Array) {
    this.capacity = capacity;
    this.#secret = secret;
    const words = new DataView(secret.buffer, secret.byteOffset, ID_SECRET_BYTES);
    this.#lowKey = words.getUint32(0);
    this.#highKey = words.getUint32(WORD_BYTES);
    // Odd, so that a multiplication loses nothing.
    this.#lowFactor = words.getUint32(2 * WORD_BYTES) | 1;
    this.#highFactor = words.getUint32(3 * WORD_BYTES) | 1;
    this.#words = new Uint32Array(capacity * PLACES_PER_ID * WORDS_PER_PLACE);
    this.#mask = capacity * PLACES_PER_ID - 1;
  }

  get isFull(): boolean {
    return this.#count === this.capacity;
  }

  has(low: number, high: number): boolean {
    if ((low | high) === 0) return this.#hasZero;
    const at = this.#find(low, high);
    return this.#words[at] !== 0 || this.#words[at + 1] !== 0;
  }

  /** Not for a new id where it is full. False if the id was there. */
  add(low: number, high: number): boolean {
    if ((low | high) === 0) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
    } else {
      const at = this.#find(low, high);
      if (this.#words[at] !== 0 || this.#words[at + 1] !== 0) return false;
      this.#words[at] = low;
      this.#words[at + 1] = high;
    }
    this.#count++;
    return true;
  }

  delete(low: number, high: number): void {
    if (!this.has(low, high)) return;
    this.#count--;
    if ((low | high) === 0) this.#hasZero = false;
    else this.#empty(this.#find(low, high) / WORDS_PER_PLACE);
  }

  /** The same ids with room for as many more. */
  grown(): IdTable {
    const larger = new IdTable(2 * this.capacity, this.#secret);
    if (this.#hasZero) larger.add(0, 0);
    for (let at = 0; at < this.#words.length; at += WORDS_PER_PLACE) {
      const [low, high] = [this.#words[at]!, this.#words[at + 1]!];
      if (low !== 0 || high !== 0) larger.add(low, high);
    }
    return larger;
  }

  /** Empties a place. Whatever lies behind without a gap and was pushed past it moves up, or it would not be found. */
  #empty(place: number): void {
    const words = this.#words;
    let gap = place;
    for (let next = (gap + 1) & this.#mask;; next = (next + 1) & this.#mask) {
      const at = next * WORDS_PER_PLACE;
      const [low, high] = [words[at]!, words[at + 1]!];
      if (low === 0 && high === 0) break;
      const pushed = (next - this.#homeOf(low, high)) & this.#mask;
      if (pushed < ((next - gap) & this.#mask)) continue;
      words[gap * WORDS_PER_PLACE] = low;
      words[gap * WORDS_PER_PLACE + 1] = high;
      gap = next;
    }
    words[gap * WORDS_PER_PLACE] = 0;
    words[gap * WORDS_PER_PLACE + 1] = 0;
  }

  /** Where the id is, or the empty place where it belongs. */
  #find(low: number, high: number): number {
    const words = this.#words;
    let place = this.#homeOf(low, high);
    for (;;) {
      const at = place * WORDS_PER_PLACE;
      if ((words[at] === low && words[at + 1] === high) || (words[at] === 0 && words[at + 1] === 0)) return at;
      place = (place + 1) & this.#mask;
    }
  }

  #homeOf(low: number, high: number): number {
    let mixed = Math.imul(low ^ this.#lowKey, this.#lowFactor);
    mixed = Math.imul(mixed ^ (mixed >>> MIX_SHIFT) ^ high ^ this.#highKey, this.#highFactor);
    return (mixed ^ (mixed >>> MIX_SHIFT)) & this.#mask;
  }
}
