import { type Env, silentLogger, type Timer } from "../../src/util/env.ts";

interface Pending {
  readonly at: number;
  readonly task: () => void;
}

/** An environment that stands still until told: for tests of one part alone. Whole nodes run on the memory platform. */
export class ManualEnv implements Env {
  readonly #soon: (() => void)[] = [];
  readonly #turns: (() => void)[] = [];
  readonly #timers = new Set<Pending>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  clock(): number {
    return this.#now;
  }

  wallClock(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): Timer {
    const pending = { at: this.#now + delayMs, task };
    this.#timers.add(pending);
    return { cancel: () => void this.#timers.delete(pending) };
  }

  soon(task: () => void): void {
    this.#soon.push(task);
  }

  nextTurn(task: () => void): void {
    this.#turns.push(task);
  }

  randomBytes(sizeBytes: number): Uint8Array {
    return new Uint8Array(sizeBytes).fill(1);
  }

  random(): number {
    return 0.5;
  }

  logger() {
    return silentLogger;
  }

  /** Ends the present turn. */
  endTurn(): void {
    for (let task = this.#soon.shift(); task; task = this.#soon.shift()) task();
  }

  /** Runs the tasks that asked for a turn of their own by now. */
  runTurns(): void {
    this.endTurn();
    for (const task of this.#turns.splice(0)) {
      task();
      this.endTurn();
    }
  }

  /** Moves the clock and runs the timers that fall due, in order. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now).sort((left, right) => left.at - right.at);
    for (const pending of due) {
      this.#timers.delete(pending);
      pending.task();
      this.endTurn();
    }
  }
}
