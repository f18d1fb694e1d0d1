import { MS_PER_SECOND } from "./units.ts";

/** A token bucket: what may be spent at once, refilled at a steady rate. Times in milliseconds. */
export class Allowance {
  readonly #capacity: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  constructor(capacity: number, perSecond: number, now: number) {
    this.#capacity = capacity;
    this.#perMs = perSecond / MS_PER_SECOND;
    this.#left = capacity;
    this.#at = now;
  }

  /** Spends `cost` if so much is left. */
  take(cost: number, now: number): boolean {
    this.#left = Math.min(this.#capacity, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (cost > this.#left) return false;
    this.#left -= cost;
    return true;
  }
}
