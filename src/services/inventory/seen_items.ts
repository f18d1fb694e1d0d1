import type { InvItem } from "../../protocol/messages.ts";
import type { Hash } from "../../util/hash.ts";

export interface SeenItemsOptions {
  /** How long an announcement is remembered, in milliseconds. */
  readonly ttlMs: number;
  /** Announcements that one generation holds; there are two. */
  readonly capacity: number;
}

/** Time of the last announcement, by kind and hash. */
interface Generation {
  readonly times: Map<number, Map<Hash, number>>;
  count: number;
  readonly since: number;
}

/**
 * Which items were announced lately: least recently announced forgotten first, in two generations so that no order has
 * to be kept. A generation ends when it is full or as old as the time to live.
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

  /** Notes an announcement. Whether there was one within the time to live before. */
  note({ kind, hash }: InvItem, now: number): boolean {
    if (this.#young.count >= this.#options.capacity) this.#rotate(now);
    else this.tick(now);
    let young = this.#young.times.get(kind);
    if (!young) this.#young.times.set(kind, young = new Map());
    const last = young.get(hash) ?? this.#old.times.get(kind)?.get(hash);
    const before = young.size;
    young.set(hash, now);
    this.#young.count += young.size - before;
    return last !== undefined && now - last <= this.#options.ttlMs;
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
