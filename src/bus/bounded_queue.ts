import { Deque } from "../util/deque.ts";

/** A first-in, first-out queue that keeps the newest: when it is full, by number or by bytes, the oldest leave. */
export class BoundedQueue<T extends { readonly sizeBytes: number }> {
  readonly capacity: number;
  readonly #maxBytes: number;
  readonly #items = new Deque<T>();
  #bytes = 0;

  constructor(capacity: number, maxBytes: number) {
    this.capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `left` is called for each that has to leave. One item always fits, however large. */
  push(item: T, left: (item: T) => void): void {
    while (this.#items.length > 0 && !this.#hasRoomFor(item)) left(this.shift()!);
    this.#items.push(item);
    this.#bytes += item.sizeBytes;
  }

  shift(): T | undefined {
    const item = this.#items.shift();
    if (item) this.#bytes -= item.sizeBytes;
    return item;
  }

  clear(): void {
    this.#items.clear();
    this.#bytes = 0;
  }

  #hasRoomFor({ sizeBytes }: T): boolean {
    return this.#items.length < this.capacity && this.#bytes + sizeBytes <= this.#maxBytes;
  }
}
