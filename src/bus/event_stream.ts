import type { Lag, Published } from "./event_queues.ts";
import type { Subscriber } from "./subscriber.ts";

type Settle<T> = (result: IteratorResult<T, void>) => void;

export interface EventStreamOptions<T> {
  readonly subscriber: Subscriber;
  /** What the stream yields for it; undefined: nothing. */
  readonly convert: (next: Published | Lag) => T | undefined;
  /** The stream is over: called once. */
  readonly onEnd: () => void;
}

/**
 * Events as an iterator. Written by hand: a generator's `return` waits for the `next` under way, which may wait for ever.
 */
export class EventStream<T> implements AsyncGenerator<T, void> {
  readonly #options: EventStreamOptions<T>;
  /** Calls of `next` that found nothing, in order. */
  readonly #waiting: Settle<T>[] = [];
  #isOver = false;

  constructor(options: EventStreamOptions<T>) {
    this.#options = options;
  }

  next(): Promise<IteratorResult<T, void>> {
    const value = this.#waiting.length === 0 ? this.#take() : undefined;
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#isOver) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.serve();
    });
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    this.#end();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** There is something to take, or nothing more will come. */
  serve(): void {
    while (this.#waiting.length > 0 && !this.#isOver) {
      const value = this.#take();
      if (value !== undefined) this.#waiting.shift()!({ value, done: false });
      else if (this.#options.subscriber.isClosed) this.#end();
      else return;
    }
  }

  #take(): T | undefined {
    const { subscriber, convert } = this.#options;
    for (let next = subscriber.take(); next; next = subscriber.take()) {
      const value = convert(next);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onEnd();
    for (const settle of this.#waiting.splice(0)) settle({ value: undefined, done: true });
  }
}
