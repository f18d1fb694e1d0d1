/** Room that several memories share for growing, in ids. */
export class SharedRoom {
  #left: number;

  constructor(ids: number) {
    this.#left = ids;
  }

  take(ids: number): boolean {
    if (ids > this.#left) return false;
    this.#left -= ids;
    return true;
  }

  give(ids: number): void {
    this.#left += ids;
  }
}

export interface RecentIdsOptions {
  /** Ids that a generation holds whatever others need: a power of two. */
  readonly ownIds: number;
  /** Ids that it holds at the most: a power of two. */
  readonly maxIds: number;
  /** What is beyond the own ones comes from here. */
  readonly room: SharedRoom;
  /** It grows rather than forget what is younger, in milliseconds. */
  readonly retainMs: number;
  /** 16 bytes that nobody knows: else a stranger could choose ids that all belong to one place. */
  readonly secret: Uint8Array;
}

/**
 * Remembers 64-bit ids that strangers choose. In two generations: when the young one is full and old enough, or cannot
 * grow, the old one is forgotten as a whole. So it holds what came within `retainMs` up to `maxIds`, and beyond that
 * rate the last `maxIds`. 16 bytes an id: a set of 64-bit integers takes five times as much.
 */
export class RecentIds {
  readonly #options: RecentIdsOptions;
  #young: IdTable;
  #old: IdTable | undefined;
  /** When the young generation began. */
  #since: number | undefined;

  constructor(options: RecentIdsOptions) {
    this.#options = options;
    this.#young = new IdTable(options.ownIds, options.secret);
  }

  has(id: bigint): boolean {
    wide[0] = id;
    return this.#young.has(halves[0]!, halves[1]!) || (this.#old?.has(halves[0]!, halves[1]!) ?? false);
  }

  /** Remembers the id as the newest. False if it was remembered already. */
  add(id: bigint, now: number): boolean {
    wide[0] = id;
    const [low, high] = [halves[0]!, halves[1]!];
    if (this.#young.has(low, high)) return false;
    this.#since ??= now;
    if (this.#young.isFull) this.#makeRoom(now);
    this.#young.add(low, high);
    return !(this.#old?.has(low, high) ?? false);
  }

  /** Forgets everything and gives back what it took from others. */
  close(): void {
    this.#release(this.#young);
    this.#release(this.#old);
    this.#young = new IdTable(this.#options.ownIds, this.#options.secret);
    this.#old = undefined;
  }

  #makeRoom(now: number): void {
    const { retainMs, maxIds, room } = this.#options;
    const { capacity } = this.#young;
    const isYoung = now - this.#since! < retainMs;
    if (isYoung && 2 * capacity <= maxIds && room.take(this.#beyond(2 * capacity) - this.#beyond(capacity))) {
      this.#young = this.#young.grown();
      return;
    }
    this.#release(this.#old);
    this.#old = this.#young;
    this.#young = this.#next(capacity);
    this.#since = now;
  }

  /** As large as the last one had to be, if that can be had. */
  #next(capacity: number): IdTable {
    const { ownIds, room, secret } = this.#options;
    return new IdTable(room.take(this.#beyond(capacity)) ? capacity : ownIds, secret);
  }

  #release(table: IdTable | undefined): void {
    if (table) this.#options.room.give(this.#beyond(table.capacity));
  }

  #beyond(capacity: number): number {
    return capacity > this.#options.ownIds ? capacity : 0;
  }
}

const wide = new BigUint64Array(1);
/** The same memory: low half, high half. */
const halves = new Uint32Array(wide.buffer);

const PLACES_PER_ID = 2;
const WORDS_PER_PLACE = 2;
const MIX_SHIFT = 15;

/** Open addressing with linear probing, half of the places at the most in use. Two zero words are an empty place. */
class IdTable {
  readonly capacity: number;
  readonly #words: Uint32Array;
  readonly #secret: Uint8Array;
  readonly #keys: Uint32Array;
  readonly #mask: number;
  #count = 0;
  /** Zero looks like an empty place. */
  #hasZero = false;

  constructor(capacity: number, secret: Uint8Array) {
    this.capacity = capacity;
    this.#secret = secret;
    // Odd, so that a multiplication loses nothing.
    this.#keys = new Uint32Array(secret.slice().buffer).map((key) => key | 1);
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

  /** An id that is not there, while it is not full. */
  add(low: number, high: number): void {
    this.#count++;
    if ((low | high) === 0) {
      this.#hasZero = true;
      return;
    }
    const at = this.#find(low, high);
    this.#words[at] = low;
    this.#words[at + 1] = high;
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

  /** Where the id is, or the empty place where it belongs. */
  #find(low: number, high: number): number {
    const words = this.#words;
    const [lowKey, highKey, lowFactor, highFactor] = this.#keys;
    let mixed = Math.imul(low ^ lowKey!, lowFactor!);
    mixed = Math.imul(mixed ^ (mixed >>> MIX_SHIFT) ^ high ^ highKey!, highFactor!);
    let place = (mixed ^ (mixed >>> MIX_SHIFT)) & this.#mask;
    for (;;) {
      const at = place * WORDS_PER_PLACE;
      if ((words[at] === low && words[at + 1] === high) || (words[at] === 0 && words[at + 1] === 0)) return at;
      place = (place + 1) & this.#mask;
    }
  }
}
