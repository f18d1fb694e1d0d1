import type { SharedMemory } from "../../../src/ring/memory.ts";
import type { Seen, State } from "./state.ts";

/** What a virtual thread does. It must do the same whenever it sees the same. */
export type ThreadBody = (thread: ThreadView) => void;

/** Thrown where a thread has to wait for its next step; never caught by what is tested. One for all: a stack is dear. */
export const PAUSE = new Error("pause");

const WORD_BYTES = 4;
/** Operations of one thread: who does more in a program of some frames goes round in circles. */
const MAX_OPERATIONS = 1000;
const PREPARING = -1;

/**
 * The memory as one virtual thread sees it. A thread is run from its start each time, with what it saw before, then
 * does one atomic operation for real, and is stopped at the next one.
 */
export class ThreadView implements SharedMemory {
  readonly reports: unknown[] = [];
  /** A race. Also thrown, but what is tested may clean up on its way out, and so hide it. */
  fault: unknown;
  readonly #state: State;
  readonly #thread: number;
  readonly #log: readonly Seen[];
  readonly #bytes: Uint8Array;
  readonly #isGhost: boolean;
  #replayed = 0;
  /** Whether the one step was done. */
  #hasStepped: boolean;
  #isOver = false;

  /**
   * A thread that has never run goes to its first atomic operation only: `hasStepped`. What a ghost reads plainly is not
   * judged.
   */
  constructor(state: State, thread: number, hasStepped = false, isGhost = false) {
    this.#state = state;
    this.#thread = thread;
    this.#log = thread === PREPARING ? [] : state.log(thread);
    this.#bytes = new Uint8Array(state.words.words.buffer);
    this.#hasStepped = hasStepped;
    this.#isGhost = isGhost;
    if (thread !== PREPARING) state.setPending(thread, undefined);
  }

  /** For the time before the threads: nothing races yet. */
  static preparing(state: State): ThreadView {
    return new ThreadView(state, PREPARING);
  }

  load(word: number): number {
    return this.#atomic(() => {
      this.#judge(() => this.#state.races.acquire(this.#thread, word));
      return this.#state.words.get(word);
    }, () => this.#state.words.get(word));
  }

  store(word: number, value: number): void {
    this.#atomic(() => {
      this.#judge(() => this.#state.races.release(this.#thread, word));
      this.#state.words.set(word, value);
      return 0;
    }, () => {
      this.#state.words.set(word, value);
      return 0;
    });
  }

  compareExchange(word: number, expected: number, value: number): number {
    return this.#atomic(() => {
      this.#judge(() => this.#state.races.acquire(this.#thread, word));
      const found = this.#state.words.get(word);
      if (found !== expected) return found;
      this.#judge(() => this.#state.races.release(this.#thread, word));
      this.#state.words.set(word, value);
      return found;
    }, () => {
      throw new Error("not while preparing");
    });
  }

  get(word: number): number {
    const replayed = this.#replay();
    if (replayed !== undefined) return replayed as number;
    this.#judgeRead(word);
    return this.#remember(this.#state.words.get(word));
  }

  put(word: number, value: number): void {
    if (this.#replay() !== undefined) return;
    if (this.#thread !== PREPARING) this.#judge(() => this.#state.races.plainWrite(this.#thread, word));
    this.#state.words.set(word, value);
    this.#remember(0);
  }

  copyIn(source: Uint8Array, offset: number): void {
    if (this.#replay() !== undefined) return;
    this.#eachWord(
      offset,
      source.length,
      (word) => this.#judge(() => this.#state.races.plainWrite(this.#thread, word)),
    );
    const words = this.#bytes.slice(
      offset - offset % WORD_BYTES,
      Math.ceil((offset + source.length) / WORD_BYTES) * WORD_BYTES,
    );
    words.set(source, offset % WORD_BYTES);
    const first = Math.floor(offset / WORD_BYTES);
    new Int32Array(words.buffer).forEach((word, index) => this.#state.words.set(first + index, word));
    this.#remember(0);
  }

  lend(offset: number, sizeBytes: number): Uint8Array {
    const replayed = this.#replay();
    if (replayed !== undefined) return replayed as Uint8Array;
    this.#eachWord(offset, sizeBytes, (word) => this.#judgeRead(word));
    // A copy of all: the thread sees these bytes again when it is replayed.
    const seen = this.#bytes.slice();
    seen.fill(0, 0, offset).fill(0, offset + sizeBytes);
    return this.#remember(seen);
  }

  /** Wakes another thread. It orders nothing: no algorithm is to rely on a wake-up for that. */
  ring(thread: number): void {
    this.#atomic(() => this.#state.bells[thread] = 1, () => 0);
  }

  /** Waits until this thread was rung. */
  waitForBell(): void {
    this.#atomic(() => this.#state.bells[this.#thread] = 0, () => 0, "bell");
  }

  /** Waits until a thread died, and answers which; as the supervisor of threads learns it from the runtime. */
  waitForDeath(): number {
    const outlive = () => {
      this.#state.races.outlive(this.#thread, this.#state.dead!);
      return this.#state.dead!;
    };
    return this.#atomic(outlive, () => 0, "death");
  }

  /** Something for the check at the end of the run. */
  report(value: unknown): void {
    this.reports.push(value);
  }

  #atomic(act: () => number, prepare: () => number, pending: "operation" | "bell" | "death" = "operation"): number {
    if (this.#thread === PREPARING) return prepare();
    const replayed = this.#replay();
    if (replayed !== undefined) return replayed as number;
    if (this.#hasStepped) {
      this.#state.setPending(this.#thread, pending);
      this.#isOver = true;
      throw PAUSE;
    }
    this.#hasStepped = true;
    return this.#remember(act());
  }

  #judgeRead(word: number): void {
    if (this.#thread === PREPARING || this.#isGhost) return;
    this.#judge(() => this.#state.races.plainRead(this.#thread, word));
  }

  #judge(access: () => void): void {
    try {
      access();
    } catch (error) {
      this.fault = error;
      this.#isOver = true;
      throw error;
    }
  }

  #replay(): Seen | undefined {
    // Code that cleans up after the pause must not touch anything any more.
    if (this.#isOver) throw PAUSE;
    return this.#replayed < this.#log.length ? this.#log[this.#replayed++] : undefined;
  }

  #remember<T extends Seen>(seen: T): T {
    if (this.#log.length > MAX_OPERATIONS) this.#judge(() => fail(`thread ${this.#thread} goes round in circles`));
    if (this.#thread !== PREPARING) this.#state.remember(this.#thread, seen);
    return seen;
  }

  #eachWord(offset: number, sizeBytes: number, act: (word: number) => void): void {
    if (this.#thread === PREPARING) return;
    const last = Math.ceil((offset + sizeBytes) / WORD_BYTES);
    for (let word = Math.floor(offset / WORD_BYTES); word < last; word++) act(word);
  }
}

function fail(text: string): never {
  throw new Error(text);
}
