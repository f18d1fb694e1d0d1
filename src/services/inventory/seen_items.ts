import type { InvItem } from "../../protocol/messages.ts";
import type { Hash } from "../../util/hash.ts";

export interface SeenItemsOptions {
  /** How long an announcement is remembered, in milliseconds. */
  readonly ttlMs: number;
  /** Announcements that one generation holds; there are two. */
  readonly capacity: number;
}

/** Time of the announcement that counted, by kind and hash. */
interface Generation {
  readonly times: Map<number, Map<Hash, number>>;
  count: number;
  readonly since: number;
}

/**
 * Which items were announced lately. A repetition within the time to live does not prolong it, so that one announcement
 * in that time always counts. The oldest are forgotten first, in two generations so that no order has to be kept: a
 * generation ends when it is full or as old as the time to live.
 */
export class SeenItems {
  readonly #options: SeenItemsOptions;
  #young: Generation;
  #old: Generation;

  constructor(options: SeenItemsOptions, now: number) {
    this.#options = options;
    this.#young = newGeneration(now);
    this.#old = newGeneration(now);
  }

  /** Announcements that are remembered. */
  get size(): number {
    return this.#young.count + this.#old.count;
  }

  /** Whether the item was announced within the time to live; if not, this is the announcement that counts. */
  note({ kind, hash }: InvItem, now: number): boolean {
    const { ttlMs, capacity } = this.#options;
    const last = this.#young.times.get(kind)?.get(hash) ?? this.#old.times.get(kind)?.get(hash);
    if (last !== undefined && now - last <= ttlMs) return true;
    if (this.#young.count >= capacity) this.#rotate(now);
    else this.tick(now);
    let young = this.#young.times.get(kind);
    if (!young) this.#young.times.set(kind, young = new Map());
    const before = young.size;
    young.set(hash, now);
    this.#young.count += young.size - before;
    return false;
  }

  /** Forgets what is past its time, so that an idle node remembers nothing. */
  tick(now: number): void {
    if (now - this.#young.since > this.#options.ttlMs) this.#rotate(now);
  }

  #rotate(now: number): void {
    this.#old = this.#young;
    this.#young = newGeneration(now);
  }
}

function newGeneration(since: number): Generation {
  return { times: new Map(), count: 0, since };
}
