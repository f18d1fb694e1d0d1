import { HashedWords } from "./hashed_words.ts";

/** Kinds of access to a word. */
const PLAIN_READ = 0;
const PLAIN_WRITE = 1;
const ATOMIC_READ = 2;
const ATOMIC_WRITE = 3;
const KINDS = 4;

/** By kind of access: the kinds that race with it, when neither happened before the other. */
const RIVALS: readonly (readonly number[])[] = [
  [PLAIN_WRITE, ATOMIC_WRITE],
  [PLAIN_READ, PLAIN_WRITE, ATOMIC_READ, ATOMIC_WRITE],
  [PLAIN_WRITE],
  [PLAIN_READ, PLAIN_WRITE],
];
const NAMES = ["reads", "writes", "loads", "stores"] as const;

/**
 * Knows what happened before what, by vector clocks: an atomic read happens after the atomic write that it sees and
 * all that came before that write in its thread. Throws where two accesses race.
 */
export class RaceDetector {
  readonly #threads: number;
  readonly #words: number;
  /** By thread: how much of each thread it has seen. */
  readonly #clocks: HashedWords;
  /** By word: the clocks of its last atomic write. */
  readonly #released: HashedWords;
  /** By word, kind and thread: when the last such access was, 0 for never. */
  readonly #accesses: HashedWords;

  constructor(words: number, threads: number, from?: RaceDetector) {
    this.#words = words;
    this.#threads = threads;
    this.#clocks = from ? from.#clocks.clone() : new HashedWords(threads * threads);
    this.#released = from ? from.#released.clone() : new HashedWords(words * threads);
    this.#accesses = from ? from.#accesses.clone() : new HashedWords(words * KINDS * threads);
    if (!from) { for (let thread = 0; thread < threads; thread++) this.#clocks.set(thread * threads + thread, 1); }
  }

  clone(): RaceDetector {
    return new RaceDetector(this.#words, this.#threads, this);
  }

  plainRead(thread: number, word: number): void {
    this.#access(thread, word, PLAIN_READ);
  }

  plainWrite(thread: number, word: number): void {
    this.#access(thread, word, PLAIN_WRITE);
  }

  acquire(thread: number, word: number): void {
    const threads = this.#threads;
    for (let other = 0; other < threads; other++) {
      const released = this.#released.get(word * threads + other);
      const own = thread * threads + other;
      if (released > this.#clocks.get(own)) this.#clocks.set(own, released);
    }
    this.#access(thread, word, ATOMIC_READ);
  }

  /** All that `dead` did happened before what `thread` does from now on: the runtime said that it has ended. */
  outlive(thread: number, dead: number): void {
    for (let other = 0; other < this.#threads; other++) {
      const seen = Math.max(
        this.#clocks.get(thread * this.#threads + other),
        this.#clocks.get(dead * this.#threads + other),
      );
      this.#clocks.set(thread * this.#threads + other, seen);
    }
  }

  release(thread: number, word: number): void {
    const threads = this.#threads;
    this.#access(thread, word, ATOMIC_WRITE);
    for (let other = 0; other < threads; other++) {
      this.#released.set(word * threads + other, this.#clocks.get(thread * threads + other));
    }
    const own = thread * threads + thread;
    this.#clocks.set(own, this.#clocks.get(own) + 1);
  }

  hashes(): readonly HashedWords[] {
    return [this.#clocks, this.#released, this.#accesses];
  }

  #access(thread: number, word: number, kind: number): void {
    const threads = this.#threads;
    for (let other = 0; other < threads; other++) {
      if (other === thread) continue;
      const known = this.#clocks.get(thread * threads + other);
      for (const rival of RIVALS[kind]!) {
        if (this.#accesses.get((word * KINDS + rival) * threads + other) <= known) continue;
        const [own, others] = [NAMES[kind], NAMES[rival]];
        throw new Error(`data race at word ${word}: thread ${thread} ${own}, and thread ${other} ${others}`);
      }
    }
    this.#accesses.set((word * KINDS + kind) * threads + thread, this.#clocks.get(thread * threads + thread));
  }
}
