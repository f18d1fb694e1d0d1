/** Buckets of one segment: enough that few arrays hold the table, and few enough that a full one moves 64 KiB at most. */
const SEGMENT_BUCKETS = 64;

/** Slots in use, in rising order, and what stands there. */
interface Segment<T> {
  readonly slots: number[];
  readonly values: T[];
}

/**
 * A table of buckets with a few slots each. A slot is named by `bucket × slots per bucket + position`. Only slots in use
 * take memory, and little: the tables of an address book have 81,920 of them, and most books a few hundred entries, each
 * in a bucket of its own.
 */
export class BucketTable<T> {
  readonly #slotsPerBucket: number;
  readonly #segments: (Segment<T> | undefined)[] = [];
  /** Numbers of buckets that hold anything, in no order. */
  readonly #occupied: number[] = [];
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
    const segment = this.#segmentOf(slot);
    if (!segment) return undefined;
    const index = firstFrom(segment.slots, slot);
    return segment.slots[index] === slot ? segment.values[index] : undefined;
  }

  /** Fills an empty slot. */
  put(slot: number, value: T): void {
    const { slots, values } = this.#segmentOf(slot) ?? this.#open(slot);
    const bucket = this.bucketOf(slot);
    const index = firstFrom(slots, slot);
    if (!this.#holds(slots, index, bucket)) this.#occupied.push(bucket);
    slots.splice(index, 0, slot);
    values.splice(index, 0, value);
    this.#size++;
  }

  /** Empties a slot that is in use. */
  clear(slot: number): void {
    const { slots, values } = this.#segmentOf(slot)!;
    const bucket = this.bucketOf(slot);
    const index = firstFrom(slots, slot);
    slots.splice(index, 1);
    values.splice(index, 1);
    this.#size--;
    if (this.#holds(slots, index, bucket)) return;
    const place = this.#occupied.indexOf(bucket);
    const last = this.#occupied.pop()!;
    if (last !== bucket) this.#occupied[place] = last;
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
    const first = bucket * this.#slotsPerBucket;
    const { slots, values } = this.#segmentOf(first)!;
    const index = firstFrom(slots, first + Math.floor(random() * this.#slotsPerBucket));
    const isThere = index < slots.length && this.bucketOf(slots[index]!) === bucket;
    return values[isThere ? index : firstFrom(slots, first)]!;
  }

  /** Whether a bucket holds anything, where `index` is the place of one of its slots among those in use. */
  #holds(slots: readonly number[], index: number, bucket: number): boolean {
    return [slots[index - 1], slots[index]].some((slot) => slot !== undefined && this.bucketOf(slot) === bucket);
  }

  #segmentOf(slot: number): Segment<T> | undefined {
    return this.#segments[this.#segmentNumber(slot)];
  }

  #open(slot: number): Segment<T> {
    const number = this.#segmentNumber(slot);
    while (this.#segments.length <= number) this.#segments.push(undefined);
    const segment = { slots: [], values: [] };
    this.#segments[number] = segment;
    return segment;
  }

  #segmentNumber(slot: number): number {
    return Math.floor(slot / (SEGMENT_BUCKETS * this.#slotsPerBucket));
  }
}

/** The index of the first number that is not below the least, in a list in rising order; its length if there is none. */
function firstFrom(numbers: readonly number[], least: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (numbers[middle]! < least) from = middle + 1;
    else to = middle;
  }
  return from;
}
