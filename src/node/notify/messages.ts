import type { StreamItem } from "../../bus/bus.ts";
import type { NodeEvents } from "../../protocol/node_events.ts";

/** What a handler gets: an event of one of its types, or the news that so many were missed before the next one. */
export type EventItem<T extends keyof NodeEvents & string = keyof NodeEvents & string> = StreamItem<
  Pick<NodeEvents, T>
>;

/** What a thread of the pool is started with. */
export interface NotifyStart {
  /** See `words` below; copied instead of shared where the runtime cannot share. */
  readonly words: SharedArrayBuffer | ArrayBuffer;
}

/** To a thread of the pool. `id` names a subscriber, `slot` its words. */
export type ToThread =
  | { readonly is: "load"; readonly id: number; readonly slot: number; readonly module: string; readonly data: unknown }
  | { readonly is: "events"; readonly id: number; readonly items: readonly EventItem[] }
  /** The event after so many takes too long: go on with the next one, unless that is so already. */
  | { readonly is: "skip"; readonly id: number; readonly done: number }
  | { readonly is: "drop"; readonly id: number };

/** From a thread of the pool. */
export type FromThread =
  | { readonly is: "loaded"; readonly id: number }
  | { readonly is: "failed"; readonly id: number; readonly reason: string }
  /** All events of the last message are handled. */
  | { readonly is: "done"; readonly id: number }
  | { readonly is: "threw"; readonly id: number; readonly type: string; readonly reason: string };

/**
 * Words that a thread writes and the main thread reads when it hangs or has died, each by Atomics: whose handler runs,
 * whose module is loaded (as a slot and one, zero for nobody), and by slot the events that were begun and done since the
 * module was loaded.
 */
export const RUNNING = 0;
export const LOADING = 1;

export function begunOf(slot: number): number {
  return 2 + 2 * slot;
}

export function doneOf(slot: number): number {
  return begunOf(slot) + 1;
}

export function wordsOf(slots: number): number {
  return begunOf(slots);
}
