import type { Env, Timer } from "./env.ts";
import { exponential } from "./portable_math.ts";

/**
 * Calls back once after each `arm`, at a time that nobody can foresee: as a Poisson process of the given mean interval
 * would that ran all the time, since it does not remember. With a mean of 0, at the end of the present turn.
 */
export class Beat {
  readonly #env: Env;
  readonly #meanMs: number;
  readonly #onBeat: () => void;
  #timer: Timer | undefined;
  #isArmed = false;

  constructor(env: Env, meanMs: number, onBeat: () => void) {
    this.#env = env;
    this.#meanMs = meanMs;
    this.#onBeat = onBeat;
  }

  /** Sees to it that a beat comes. */
  arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    if (this.#meanMs === 0) return this.#env.soon(() => this.#beat());
    this.#timer = this.#env.after(exponential(this.#env.random(), this.#meanMs), () => this.#beat());
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#isArmed = false;
  }

  #beat(): void {
    if (!this.#isArmed) return;
    this.#isArmed = false;
    this.#onBeat();
  }
}
