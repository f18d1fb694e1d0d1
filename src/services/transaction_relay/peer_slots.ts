import { BitSet } from "../../util/bit_set.ts";

/** Freed numbers that are cleared in one go: a word's worth, so that a peer that leaves costs little. */
const SWEEP_AT = 32;

/**
 * Gives peers small numbers, so that a set of peers is a few bits. A freed number is given out again only after whoever
 * noted it was told to forget it.
 */
export class PeerSlots {
  readonly #forget: (freed: BitSet) => void;
  readonly #free: number[] = [];
  #freed: number[] = [];
  #next = 0;

  constructor(forget: (freed: BitSet) => void) {
    this.#forget = forget;
  }

  take(): number {
    if (this.#free.length === 0 && this.#freed.length >= SWEEP_AT) this.#sweep();
    return this.#free.pop() ?? this.#next++;
  }

  release(slot: number): void {
    this.#freed.push(slot);
  }

  #sweep(): void {
    const freed = new BitSet();
    for (const slot of this.#freed) freed.add(slot);
    this.#forget(freed);
    this.#free.push(...this.#freed);
    this.#freed = [];
  }
}
