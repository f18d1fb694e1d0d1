import { Deque } from "../util/deque.ts";
import type { Env } from "../util/env.ts";

/** Someone with more to do than one turn allows. */
export interface Worker {
  takeTurn(): void;
}

/**
 * Gives those who have work left one turn each, round after round; I/O runs between two rounds. So a peer that floods
 * delays the others by one turn at most. An entry a worker: the owner enlists a worker once until its turn came.
 */
export class Turns {
  readonly #env: Env;
  readonly #waiting = new Deque<Worker>();
  #scheduled = false;

  constructor(env: Env) {
    this.#env = env;
  }

  enlist(worker: Worker): void {
    this.#waiting.push(worker);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#env.nextTurn(() => this.#round());
  }

  #round(): void {
    this.#scheduled = false;
    for (let left = this.#waiting.length; left > 0; left--) this.#waiting.shift()!.takeTurn();
  }
}
