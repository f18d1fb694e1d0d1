import { ADDRESS_BURST, ADDRESS_RATE, ADDRESS_START } from "../../protocol/address_params.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** How many addresses one peer may tell us now. Times as by `env.now()`, which never goes back. */
export class TokenBucket {
  #tokens = ADDRESS_START;
  #filledAt: number;

  constructor(now: number) {
    this.#filledAt = now;
  }

  /** We asked for so many more. */
  grant(count: number): void {
    this.#tokens += count;
  }

  /** Takes what there is of `count`, and returns how many that were. */
  take(count: number, now: number): number {
    const added = ((now - this.#filledAt) / MS_PER_SECOND) * ADDRESS_RATE;
    this.#filledAt = now;
    // What was granted stays; time alone fills it up to the burst.
    if (this.#tokens < ADDRESS_BURST) this.#tokens = Math.min(ADDRESS_BURST, this.#tokens + added);
    const taken = Math.min(count, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }
}
