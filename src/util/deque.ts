const INITIAL_CAPACITY = 4;
/** Of every deque that holds nothing yet. Nothing is ever written to it. */
const NO_SLOTS: undefined[] = [];

/**
 * A first-in, first-out queue in a growing ring: no element moves when another leaves. The owner bounds it. One that was
 * never used takes no memory: each peer has a handful, and most peers are idle.
 */
export class Deque<T> {
  #slots: (T | undefined)[] = NO_SLOTS;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#double();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    return item;
  }

  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Puts `item` in the place of the one that was pushed last. The queue must not be empty. */
  replaceLast(item: T): void {
    this.#slots[(this.#head + this.#length - 1) & (this.#slots.length - 1)] = item;
  }

  clear(): void {
    this.#slots = NO_SLOTS;
    this.#head = 0;
    this.#length = 0;
  }

  #double(): void {
    const larger: (T | undefined)[] = new Array(Math.max(INITIAL_CAPACITY, 2 * this.#slots.length));
    for (let i = 0; i < this.#length; i++) larger[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    this.#slots = larger;
    this.#head = 0;
  }
}
