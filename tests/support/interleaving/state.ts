import { HashedWords, mix } from "./hashed_words.ts";
import { RaceDetector } from "./race_detector.ts";

export type ThreadCount = 1 | 2 | 3 | 4;

/** What a thread saw: results of its operations in order, so that it can be run again up to where it stands. */
export type Seen = number | Uint8Array;

export type Pending = "operation" | "bell" | "death" | undefined;

/** All that one point of a run consists of. */
export class State {
  readonly words: HashedWords;
  readonly races: RaceDetector;
  /** What each thread saw, as linked lists: states share what they have in common. */
  readonly #logs: Log[];
  readonly #threads: number;
  readonly bells: Uint8Array<ArrayBuffer>;
  readonly #pending: Pending[];
  readonly reports: (readonly unknown[])[];
  readonly #done: boolean[];
  dead: number | undefined;

  constructor(words: number, threads: ThreadCount, from?: State) {
    this.#threads = threads;
    this.words = from ? from.words.clone() : new HashedWords(words);
    this.races = from ? from.races.clone() : new RaceDetector(words, threads);
    this.#logs = from ? [...from.#logs] : Array.from({ length: threads }, () => EMPTY_LOG);
    this.bells = from ? from.bells.slice() : new Uint8Array(threads);
    this.#pending = from ? [...from.#pending] : new Array(threads).fill(undefined);
    this.reports = from ? [...from.reports] : new Array(threads).fill([]);
    this.#done = from ? [...from.#done] : new Array(threads).fill(false);
    this.dead = from?.dead;
  }

  clone(): State {
    return new State(this.words.words.length, this.#threads as ThreadCount, this);
  }

  log(thread: number): readonly Seen[] {
    const seen: Seen[] = new Array(this.#logs[thread]!.length);
    for (let log = this.#logs[thread]!; log.before; log = log.before) seen[log.length - 1] = log.seen;
    return seen;
  }

  remember(thread: number, seen: Seen): void {
    this.#logs[thread] = appendLog(this.#logs[thread]!, seen);
  }

  setPending(thread: number, pending: Pending): void {
    this.#pending[thread] = pending;
  }

  canStep(thread: number): boolean {
    if (this.#done[thread] || this.dead === thread) return false;
    const pending = this.#pending[thread];
    if (pending === "bell") return this.bells[thread] === 1;
    return pending !== "death" || this.dead !== undefined;
  }

  isDone(thread: number): boolean {
    return this.#done[thread]!;
  }

  /** Whether a thread that lives waits for what cannot come; for a death that did not happen it may. */
  isStuck(thread: number): boolean {
    if (this.#done[thread] || this.dead === thread) return false;
    return this.#pending[thread] !== "death" || this.dead !== undefined;
  }

  end(thread: number): void {
    this.#done[thread] = true;
  }

  kill(thread: number): void {
    this.dead = thread;
  }

  /** 53 bits that differ where the states do, up to chance; `last` makes equal states of different threads differ. */
  fingerprint(last: number): number {
    let [left, right] = [mix(last, this.dead ?? -1), mix(this.dead ?? -1, last)];
    for (const { left: a, right: b } of [this.words, ...this.races.hashes(), ...this.#logs]) {
      left = mix(left, a);
      right = mix(right, b);
    }
    for (const bell of this.bells) left = mix(left, bell);
    return (left & 0x1f_ffff) * 2 ** 32 + (right >>> 0);
  }
}

interface Log {
  readonly length: number;
  readonly left: number;
  readonly right: number;
  readonly seen: Seen;
  readonly before: Log | undefined;
}

const EMPTY_LOG: Log = { length: 0, left: 17, right: 19, seen: 0, before: undefined };

function appendLog(before: Log, seen: Seen): Log {
  const hash = typeof seen === "number" ? seen : seen.reduce(mix, seen.length);
  const length = before.length + 1;
  return { length, left: mix(before.left, hash), right: mix(Math.imul(before.right, 31) + length, hash), seen, before };
}
