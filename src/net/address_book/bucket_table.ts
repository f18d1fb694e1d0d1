interface Bucket<T> {
  readonly number: number;
  readonly slots: (T | undefined)[];
  used: number;
  /** Where it stands in the list of those that hold anything. */
  place: number;
}

/**
 * A table of buckets with a few slots each. A slot is named by `bucket × slots per bucket + position`. A bucket takes
 * memory while it holds something: the tables of an address book have 81,920 slots, and most books a few hundred entries.
 */
export class BucketTable<T> {
  readonly #slotsPerBucket: number;
  readonly #buckets = new Map<number, Bucket<T>>();
  /** The same, in no order. */
  readonly #occupied: Bucket<T>[] = [];
  #size = 0;

  constructor(slotsPerBucket: number) {
    this.#slotsPerBucket = slotsPerBucket;
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
    return this.#buckets.get(this.bucketOf(slot))?.slots[slot % this.#slotsPerBucket];
  }

  /** Fills an empty slot. */
  put(slot: number, value: T): void {
    const bucket = this.#buckets.get(this.bucketOf(slot)) ?? this.#open(this.bucketOf(slot));
    bucket.slots[slot % this.#slotsPerBucket] = value;
    bucket.used++;
    this.#size++;
  }

  /** Empties a slot that is in use. */
  clear(slot: number): void {
    const bucket = this.#buckets.get(this.bucketOf(slot))!;
    bucket.slots[slot % this.#slotsPerBucket] = undefined;
    bucket.used--;
    this.#size--;
    if (bucket.used > 0) return;
    this.#buckets.delete(bucket.number);
    const last = this.#occupied.pop()!;
    if (last === bucket) return;
    this.#occupied[bucket.place] = last;
    last.place = bucket.place;
  }

  bucketOf(slot: number): number {
    return Math.floor(slot / this.#slotsPerBucket);
  }

  /**
   * One of those it holds: a bucket by chance, then what comes first after a slot by chance. Whoever fills few buckets is
   * chosen seldom, however full they are. The table must not be empty.
   */
  pick(random: () => number): T {
    const { slots } = this.#occupied[Math.floor(random() * this.#occupied.length)]!;
    const start = Math.floor(random() * this.#slotsPerBucket);
    for (let i = 0;; i++) {
      const value = slots[(start + i) % this.#slotsPerBucket];
      if (value !== undefined) return value;
    }
  }

  #open(number: number): Bucket<T> {
    const slots: (T | undefined)[] = new Array(this.#slotsPerBucket).fill(undefined);
    const bucket = { number, slots, used: 0, place: this.#occupied.length };
    this.#buckets.set(number, bucket);
    this.#occupied.push(bucket);
    return bucket;
  }
}
