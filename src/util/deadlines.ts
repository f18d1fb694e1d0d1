import type { Env, Timer } from "./env.ts";

/** 10 ms: deadlines that fall together fire together, however many short ones there are. */
const GRAIN_MS = 10;

/**
 * Tells which items are overdue, with one timer for all: nearly every item is done in time, and a timer for each would
 * cost more than the item.
 */
export class Deadlines<T> {
  readonly #env: Env;
  readonly #onDue: (item: T) => void;
  readonly #dueAt = new Map<T, number>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** `onDue` is called once an item whose time is over; it is forgotten then. */
  constructor(env: Env, onDue: (item: T) => void) {
    this.#env = env;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#dueAt.size;
  }

  /** Gives the item `delayMs` from now, whatever it had before. */
  set(item: T, delayMs: number): void {
    const dueAt = this.#env.now() + delayMs;
    this.#dueAt.set(item, dueAt);
    if (dueAt < this.#timerAt) this.#arm(dueAt);
  }

  /** False if it had none, or its time is over. */
  clear(item: T): boolean {
    return this.#dueAt.delete(item);
  }

  /** Forgets all items. */
  close(): void {
    this.#timer?.cancel();
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#dueAt.clear();
  }

  #arm(at: number): void {
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#env.after(Math.max(GRAIN_MS, at - this.#env.now()), () => this.#fire());
  }

  #fire(): void {
    const now = this.#env.now();
    this.#timerAt = Number.POSITIVE_INFINITY;
    const due: T[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [item, dueAt] of this.#dueAt) {
      if (dueAt <= now) due.push(item);
      else if (dueAt < next) next = dueAt;
    }
    // What is called back may clear others, or set new ones.
    for (const item of due) if (this.#isDue(item, now) && this.#dueAt.delete(item)) this.#onDue(item);
    if (this.#dueAt.size > 0 && next < this.#timerAt) this.#arm(next);
  }

  #isDue(item: T, now: number): boolean {
    return (this.#dueAt.get(item) ?? Number.POSITIVE_INFINITY) <= now;
  }
}
