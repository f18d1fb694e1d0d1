import { IdTable } from "./id_table.ts";

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
  /** `ID_SECRET_BYTES` that nobody else knows. */
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
    this.#since ??= now;
    if (this.#young.isFull) {
      if (this.#young.has(low, high)) return false;
      this.#makeRoom(now);
    }
    if (!this.#young.add(low, high)) return false;
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
