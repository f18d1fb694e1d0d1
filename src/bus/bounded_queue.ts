import { Deque } from "../util/deque.ts";

/** A first-in, first-out queue that keeps the newest: when it is full the oldest leaves, and that is counted. */
export class BoundedQueue<T> {
  readonly capacity: number;
  readonly #items = new Deque<T>();
  #missed = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.#items.length;
  }

  /** True if nothing had to leave. */
  push(item: T): boolean {
    const isFull = this.#items.length === this.capacity;
    if (isFull) {
      this.#items.shift();
      this.#missed++;
    }
    this.#items.push(item);
    return !isFull;
  }

  shift(): T | undefined {
    return this.#items.shift();
  }

  /** Items that left unread since the last call. */
  takeMissed(): number {
    const missed = this.#missed;
    this.#missed = 0;
    return missed;
  }

  /** Items that left another queue unread. */
  noteMissed(count: number): void {
    this.#missed += count;
  }

  clear(): void {
    this.#items.clear();
  }
}
