// The program of a thread of the pool: loads the modules of subscribers and runs their handlers, each one's events in
// order, and those of different subscribers side by side as far as handlers wait.

import { onParentMessage, ownData, postToParent } from "../../platform/threads.ts";
import {
  begunOf,
  doneOf,
  type EventItem,
  type FromThread,
  LOADING,
  type NotifyStart,
  RUNNING,
  type ToThread,
} from "./messages.ts";

type Handle = (item: EventItem, data: unknown) => unknown;

type Load = Extract<ToThread, { readonly is: "load" }>;

interface Subscriber {
  readonly id: number;
  readonly slot: number;
  readonly handle: Handle;
  readonly data: unknown;
  isDropped: boolean;
  /** Ends the wait for the event under way. */
  skip: (() => void) | undefined;
}

/** As Node (`imported from PATH`) and Bun (`from "PATH"`) say it. */
const ASKED_BY_US = /(?: imported)? from ["']?[^"'\n]*notify_worker\.[jt]s["']?/;

const words = new Int32Array((ownData() as NotifyStart).words);
const subscribers = new Map<number, Subscriber>();
/** One after the other, so that it is known whose module hangs. */
let loading = Promise.resolve();

const HANDLERS: { readonly [I in ToThread["is"]]: (message: Extract<ToThread, { readonly is: I }>) => unknown } = {
  load(message) {
    loading = loading.then(() => load(message));
  },
  events: ({ id, items }) => deliver(subscribers.get(id), items),
  skip({ id, done }) {
    const subscriber = subscribers.get(id);
    if (subscriber && Atomics.load(words, doneOf(subscriber.slot)) === done) subscriber.skip?.();
  },
  drop({ id }) {
    const subscriber = subscribers.get(id);
    if (subscriber) subscriber.isDropped = true;
    subscribers.delete(id);
  },
};

onParentMessage((message) => {
  const { is } = message as ToThread;
  (HANDLERS[is] as (message: unknown) => unknown)(message);
});

async function load({ id, slot, module, data }: Load): Promise<void> {
  try {
    Atomics.store(words, LOADING, slot + 1);
    const { handle } = await importFile(module) as { readonly handle?: unknown };
    if (typeof handle !== "function") throw new Error("it does not export a function named handle");
    Atomics.store(words, begunOf(slot), 0);
    Atomics.store(words, doneOf(slot), 0);
    subscribers.set(id, { id, slot, handle: handle as Handle, data, isDropped: false, skip: undefined });
    tell({ is: "loaded", id });
  } catch (error) {
    tell({ is: "failed", id, reason: textOf(error) });
  } finally {
    Atomics.store(words, LOADING, 0);
  }
}

async function importFile(module: string): Promise<unknown> {
  try {
    return await import(module);
  } catch (error) {
    // Who asked for the file is our own business: Node and Bun name this program, which is no file of the user's.
    if (error instanceof Error) error.message = error.message.replace(ASKED_BY_US, "");
    throw error;
  }
}

async function deliver(subscriber: Subscriber | undefined, items: readonly EventItem[]): Promise<void> {
  if (!subscriber || subscriber.isDropped) return;
  const { id, slot } = subscriber;
  for (const item of items) {
    Atomics.add(words, begunOf(slot), 1);
    try {
      const pending = run(subscriber, item);
      if (isThenable(pending)) await orSkipped(subscriber, pending);
    } catch (error) {
      tell({ is: "threw", id, type: item.type, reason: textOf(error) });
    }
    // Somebody else may have its words by now.
    if (subscriber.isDropped) return;
    Atomics.add(words, doneOf(slot), 1);
  }
  tell({ is: "done", id });
}

function run({ slot, handle, data }: Subscriber, item: EventItem): unknown {
  try {
    Atomics.store(words, RUNNING, slot + 1);
    return handle(item, data);
  } finally {
    Atomics.store(words, RUNNING, 0);
  }
}

function orSkipped(subscriber: Subscriber, pending: PromiseLike<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>();
  subscriber.skip = resolve;
  const settled = Promise.resolve(pending);
  // Whoever is skipped may still fail, later, when nobody waits for it any more.
  settled.catch(() => {});
  return Promise.race([settled, promise]).finally(() => subscriber.skip = undefined);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function tell(message: FromThread): void {
  postToParent(message);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
