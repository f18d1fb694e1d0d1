import { MAX_ORPHAN_AGE_SECONDS, MAX_ORPHAN_BYTES, MAX_ORPHANS } from "../protocol/consensus.ts";
import { type BlockHeader, HEADER_SIZE_BYTES } from "../protocol/block_header.ts";
import type { Hash } from "../util/hash.ts";

/** A header, or a block, whose parent is unknown. */
export interface Orphan {
  readonly hash: Hash;
  readonly header: BlockHeader;
  /** The whole block; undefined if only the header came. */
  readonly raw: Uint8Array | undefined;
}

interface Entry {
  readonly orphan: Orphan;
  readonly sinceSeconds: number;
}

/** Keeps orphans until their parent comes. Bounded in count, bytes and age; the oldest leave first. */
export class OrphanPool {
  /** In order of arrival. */
  readonly #entries = new Map<Hash, Entry>();
  readonly #byParent = new Map<Hash, Set<Hash>>();
  #sizeBytes = 0;

  get count(): number {
    return this.#entries.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps an orphan. A block takes the place of its mere header; what is there already stays. */
  add(orphan: Orphan, nowSeconds: number): void {
    this.expire(nowSeconds);
    const present = this.#entries.get(orphan.hash);
    if (present && (present.orphan.raw || !orphan.raw)) return;
    this.#remove(orphan.hash);
    this.#entries.set(orphan.hash, { orphan, sinceSeconds: nowSeconds });
    this.#sizeBytes += sizeOf(orphan);
    const siblings = this.#byParent.get(orphan.header.previous);
    if (siblings) siblings.add(orphan.hash);
    else this.#byParent.set(orphan.header.previous, new Set([orphan.hash]));
    while (this.#entries.size > MAX_ORPHANS || this.#sizeBytes > MAX_ORPHAN_BYTES) this.#removeOldest();
  }

  /** Removes and returns the children of a block, in order of arrival. */
  takeChildren(parent: Hash): readonly Orphan[] {
    const children = this.#byParent.get(parent);
    return children === undefined ? NONE : [...children].map((hash) => this.#remove(hash)!);
  }

  /** Removes what has waited for too long. A clock that jumped back lets entries stay longer, never shorter. */
  expire(nowSeconds: number): void {
    for (const [hash, entry] of this.#entries) {
      if (nowSeconds - entry.sinceSeconds <= MAX_ORPHAN_AGE_SECONDS) return;
      this.#remove(hash);
    }
  }

  #removeOldest(): void {
    for (const hash of this.#entries.keys()) return void this.#remove(hash);
  }

  #remove(hash: Hash): Orphan | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    this.#entries.delete(hash);
    this.#sizeBytes -= sizeOf(entry.orphan);
    const siblings = this.#byParent.get(entry.orphan.header.previous)!;
    siblings.delete(hash);
    if (siblings.size === 0) this.#byParent.delete(entry.orphan.header.previous);
    return entry.orphan;
  }
}

const NONE: readonly Orphan[] = [];

function sizeOf(orphan: Orphan): number {
  return orphan.raw?.length ?? HEADER_SIZE_BYTES;
}
