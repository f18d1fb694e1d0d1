import type { InvItem } from "../../protocol/messages.ts";
import { Deque } from "../../util/deque.ts";
import type { DeferredAnswer } from "../service.ts";

/** What one peer asked for and did not get yet, in order. */
export class Deferred {
  readonly #queue = new Deque<InvItem | DeferredAnswer>();
  #items = 0;

  /** Items that wait. */
  get items(): number {
    return this.#items;
  }

  push(asked: InvItem | DeferredAnswer): void {
    this.#queue.push(asked);
    this.#items += itemsOf(asked);
  }

  shift(): InvItem | DeferredAnswer | undefined {
    const asked = this.#queue.shift();
    if (asked) this.#items -= itemsOf(asked);
    return asked;
  }
}

function itemsOf(asked: InvItem | DeferredAnswer): number {
  return "make" in asked ? asked.items : 1;
}
