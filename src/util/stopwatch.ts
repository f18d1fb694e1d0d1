import type { Env } from "./env.ts";

const NOT_TIMED = -1;

/** Adds up how long something takes that happens often: one time in so many is measured and stands for the others. */
export class Stopwatch {
  readonly #env: Env;
  readonly #every: number;
  #count: number;
  #ms = 0;

  /** `phase` spreads stopwatches that start together: they do not all measure the same turn. */
  constructor(env: Env, every: number, phase = 0) {
    this.#env = env;
    this.#every = every;
    this.#count = phase % every;
  }

  /** All in all, in milliseconds, as far as can be told from those that were measured. */
  get ms(): number {
    return this.#ms;
  }

  /** What `stop` needs to know. */
  start(): number {
    if (++this.#count < this.#every) return NOT_TIMED;
    this.#count = 0;
    return this.#env.clock();
  }

  stop(startedAt: number): void {
    if (startedAt !== NOT_TIMED) this.#ms += (this.#env.clock() - startedAt) * this.#every;
  }
}
