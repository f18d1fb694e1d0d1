/** Words that know a hash of all of them, kept up to date by each change: 64 bits in two halves. */
export class HashedWords {
  readonly words: Int32Array<ArrayBuffer>;
  left: number;
  right: number;

  constructor(length: number, from?: HashedWords) {
    this.words = from ? from.words.slice() : new Int32Array(length);
    this.left = from ? from.left : 0;
    this.right = from ? from.right : 0;
  }

  clone(): HashedWords {
    return new HashedWords(this.words.length, this);
  }

  get(index: number): number {
    return this.words[index]!;
  }

  set(index: number, value: number): void {
    this.#toggle(index);
    this.words[index] = value;
    this.#toggle(index);
  }

  /** A word counts by the exclusive or of a hash of its place and value, so that what goes out cancels what came in. */
  #toggle(index: number): void {
    const value = this.words[index]!;
    this.left ^= mix(mix(0x243f6a88, index), value);
    this.right ^= mix(mix(0x13198a2e, value), index);
  }
}

export function mix(hash: number, value: number): number {
  const once = Math.imul(hash ^ value, 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
