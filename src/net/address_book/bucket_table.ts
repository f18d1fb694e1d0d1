/** A table of buckets with a few slots each. A slot is named by `bucket × slots per bucket + position`. */
export class BucketTable<T> {
  readonly #slotsPerBucket: number;
  readonly #slots: (T | undefined)[];
  readonly #counts: Uint8Array;
  /** Buckets that hold anything, in no order, and where in that list each bucket stands. */
  readonly #occupied: number[] = [];
  readonly #places: Int32Array;
  #size = 0;

  constructor(buckets: number, slotsPerBucket: number) {
    this.#slotsPerBucket = slotsPerBucket;
    this.#slots = new Array(buckets * slotsPerBucket).fill(undefined);
    this.#counts = new Uint8Array(buckets);
    this.#places = new Int32Array(buckets);
  }

  /** Slots in use. */
  get size(): number {
    return this.#size;
  }

  /** Buckets in use. */
  get occupiedBuckets(): number {
    return this.#occupied.length;
  }

  get(slot: number): T | undefined {
    return this.#slots[slot];
  }

  /** Fills an empty slot. */
  put(slot: number, value: T): void {
    const bucket = this.bucketOf(slot);
    this.#slots[slot] = value;
    this.#size++;
    if (this.#counts[bucket]!++ > 0) return;
    this.#places[bucket] = this.#occupied.length;
    this.#occupied.push(bucket);
  }

  /** Empties a slot that is in use. */
  clear(slot: number): void {
    const bucket = this.bucketOf(slot);
    this.#slots[slot] = undefined;
    this.#size--;
    if (--this.#counts[bucket]! > 0) return;
    const last = this.#occupied.pop()!;
    if (last === bucket) return;
    this.#occupied[this.#places[bucket]!] = last;
    this.#places[last] = this.#places[bucket]!;
  }

  bucketOf(slot: number): number {
    return Math.floor(slot / this.#slotsPerBucket);
  }

  /**
   * One of those it holds: a bucket by chance, then what comes first after a slot by chance. Whoever fills few buckets is
   * chosen seldom, however full they are. The table must not be empty.
   */
  pick(random: () => number): T {
    const bucket = this.#occupied[Math.floor(random() * this.#occupied.length)]!;
    const start = Math.floor(random() * this.#slotsPerBucket);
    for (let i = 0;; i++) {
      const value = this.#slots[bucket * this.#slotsPerBucket + (start + i) % this.#slotsPerBucket];
      if (value !== undefined) return value;
    }
  }
}
