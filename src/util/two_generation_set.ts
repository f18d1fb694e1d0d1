/**
 * Remembers what was added last: at least `capacity` values and at most twice as many. When the young generation is
 * full, the old one is forgotten as a whole, so that no order has to be kept. A generation that is empty takes no memory:
 * each peer has a set, and most say little.
 */
export class TwoGenerationSet<T> {
  readonly #capacity: number;
  #young: Set<T> | undefined;
  #old: Set<T> | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Values that are remembered; one that is in both generations counts twice. */
  get size(): number {
    return (this.#young?.size ?? 0) + (this.#old?.size ?? 0);
  }

  has(value: T): boolean {
    return (this.#young?.has(value) ?? false) || (this.#old?.has(value) ?? false);
  }

  /** Remembers the value as the newest. False if it was remembered already. */
  add(value: T): boolean {
    if (this.#young?.has(value)) return false;
    const isNew = !this.#old?.has(value);
    if (this.#young && this.#young.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = undefined;
    }
    this.#young ??= new Set();
    this.#young.add(value);
    return isNew;
  }

  delete(value: T): void {
    this.#young?.delete(value);
    this.#old?.delete(value);
  }
}
