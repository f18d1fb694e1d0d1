import { BULK_READ_BYTES, ROUND_BYTES } from "../protocol/connection_params.ts";
import { Deque } from "../util/deque.ts";
import type { Env } from "../util/env.ts";

/** Someone with more to do than one turn allows. */
export interface Worker {
  takeTurn(): void;
}

/**
 * Shares the loop out between peers, in rounds; I/O runs between two rounds. Who has messages left, or was stopped from
 * reading, gets one turn a round, in order, as long as the round's bytes last. So neither a peer that floods nor a
 * hundred of them delay the others by more than a round. An entry a worker: the owner enlists a worker once until its
 * turn came.
 */
export class Turns {
  readonly #env: Env;
  readonly #waiting = new Deque<Worker>();
  #scheduled = false;
  /** Bulk bytes read, or granted to be read, since the last round began. */
  #spentBytes = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  enlist(worker: Worker): void {
    this.#waiting.push(worker);
    this.#schedule();
  }

  /**
   * Notes bytes that were read at once. False: the round has no more to give, and the reader should stop until its turn
   * comes. Small reads are free: whoever says little is never stopped.
   */
  spend(sizeBytes: number): boolean {
    if (sizeBytes < BULK_READ_BYTES) return true;
    this.#spentBytes += sizeBytes;
    this.#schedule();
    return this.#spentBytes <= ROUND_BYTES;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#env.nextTurn(() => this.#round());
  }

  #round(): void {
    this.#scheduled = false;
    this.#spentBytes = 0;
    for (let left = this.#waiting.length; left > 0 && this.#spentBytes < ROUND_BYTES; left--) {
      this.#waiting.shift()!.takeTurn();
    }
    if (this.#waiting.length > 0) this.#schedule();
  }
}
