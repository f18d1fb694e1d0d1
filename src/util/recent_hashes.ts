import { uint32At } from "./bytes.ts";
import type { Hash } from "./hash.ts";
import { hexWordAt } from "./hex.ts";
import { IdTable } from "./id_table.ts";

/** Room for so many at first: a node that never gets a block needs no more. */
const FIRST_IDS = 64;
/** Where the halves begin in a hash as text, which shows the bytes of the wire in reverse. */
const HIGH_AT = 48;
const LOW_AT = 56;
const HALF_BYTES = 4;

export interface RecentHashesOptions {
  /** So many are remembered at the least, and at most four times as many, or `2 * FIRST_IDS`. */
  readonly capacity: number;
  /** `ID_SECRET_BYTES` that nobody else knows. */
  readonly secret: Uint8Array;
}

/**
 * Remembers the hashes that were added last, by the first 64 bits that each has on the wire, in 16 to 32 bytes each: a
 * set of texts takes several times as much memory, all of it the collector's to look at. Whoever wants a hash to pass for
 * a certain one that is remembered has to try 2^64 times. In two generations: when the young one is full, the old one is
 * forgotten as a whole.
 */
export class RecentHashes {
  readonly #options: RecentHashesOptions;
  #young: IdTable;
  #old: IdTable | undefined;

  constructor(options: RecentHashesOptions) {
    this.#options = options;
    this.#young = new IdTable(FIRST_IDS, options.secret);
  }

  has(hash: Hash): boolean {
    const [low, high] = [hexWordAt(hash, LOW_AT), hexWordAt(hash, HIGH_AT)];
    return this.#young.has(low, high) || (this.#old?.has(low, high) ?? false);
  }

  /** Adds the hash whose 32 bytes, in wire order, start at `offset`. */
  add(bytes: Uint8Array, offset: number): void {
    const [low, high] = [uint32At(bytes, offset), uint32At(bytes, offset + HALF_BYTES)];
    if (this.#young.isFull && !this.#young.has(low, high)) this.#makeRoom();
    this.#young.add(low, high);
  }

  delete(hash: Hash): void {
    const [low, high] = [hexWordAt(hash, LOW_AT), hexWordAt(hash, HIGH_AT)];
    this.#young.delete(low, high);
    this.#old?.delete(low, high);
  }

  #makeRoom(): void {
    const { capacity, secret } = this.#options;
    if (this.#young.capacity < capacity) {
      this.#young = this.#young.grown();
      return;
    }
    this.#old = this.#young;
    this.#young = new IdTable(this.#old.capacity, secret);
  }
}
