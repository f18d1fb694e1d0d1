const WORD_BITS = 32;

/** A set of small whole numbers: four bytes for each 32 up to the largest. */
export class BitSet {
  /** Numbers 0 to 31, which is often all. */
  #first = 0;
  #others: number[] | undefined;

  has(value: number): boolean {
    if (value < WORD_BITS) return (this.#first & (1 << value)) !== 0;
    return ((this.#others?.[Math.floor(value / WORD_BITS) - 1] ?? 0) & (1 << (value % WORD_BITS))) !== 0;
  }

  add(value: number): void {
    if (value < WORD_BITS) {
      this.#first |= 1 << value;
      return;
    }
    const others = this.#others ??= [];
    const word = Math.floor(value / WORD_BITS) - 1;
    while (others.length <= word) others.push(0);
    others[word]! |= 1 << (value % WORD_BITS);
  }

  /** Takes out every number that `other` holds. */
  subtract(other: BitSet): void {
    this.#first &= ~other.#first;
    const shared = Math.min(this.#others?.length ?? 0, other.#others?.length ?? 0);
    for (let word = 0; word < shared; word++) this.#others![word]! &= ~other.#others![word]!;
  }
}
