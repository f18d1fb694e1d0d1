import type { MemoryNetwork } from "../platform/memory.ts";
import type { Member } from "./member.ts";
import { CHECK_INTERVAL_MS, CHECKED_NODES } from "./params.ts";
import type { Watch } from "./watch.ts";

/** Has somebody look at the members now and then: at all of a few, and of many at some each time, in turn. */
export class Rounds {
  /** When the next one is due, in virtual milliseconds. */
  dueAt = CHECK_INTERVAL_MS;
  readonly #network: MemoryNetwork;
  readonly #members: readonly Member[];
  readonly #watch: Watch;
  #next = 0;

  constructor(network: MemoryNetwork, members: readonly Member[], watch: Watch) {
    this.#network = network;
    this.#members = members;
    this.#watch = watch;
  }

  go(): void {
    this.dueAt = this.#network.now() + CHECK_INTERVAL_MS;
    const some = this.#members.slice(this.#next, this.#next + CHECKED_NODES);
    this.#next += CHECKED_NODES;
    if (this.#next >= this.#members.length) this.#next = 0;
    this.#watch.check(some);
  }
}
