import type { Bus } from "../../bus/bus.ts";
import type { Threads } from "../../platform/types.ts";
import { LocalError } from "../../protocol/errors.ts";
import {
  DEFAULT_NOTIFY_WORKERS,
  MAX_NOTIFY_SUBSCRIBERS,
  MAX_NOTIFY_WORKERS,
  NOTIFY_STALL_MS,
  NOTIFY_STOP_MS,
  NOTIFY_WATCH_MS,
} from "../../protocol/notify_params.ts";
import type { NodeEvents } from "../../protocol/node_events.ts";
import type { Env, Logger, Timer } from "../../util/env.ts";
import { PoolThread } from "./pool_thread.ts";
import { type NotifyOptions, type NotifySubscription, Subscription } from "./subscription.ts";

export interface NotifyPoolOptions {
  readonly env: Env;
  readonly bus: Bus<NodeEvents>;
  readonly threads: Threads | undefined;
  /** Threads, started when they are needed. */
  readonly workers?: number | undefined;
}

/**
 * Runs handlers of modules off the main thread. The publisher pays for a push into the subscriber's bounded queue; at the
 * end of the turn one message takes all that waits to the thread, and the next one follows when that is handled.
 */
export class NotifyPool {
  readonly #options: NotifyPoolOptions;
  readonly #log: Logger;
  readonly #workers: number;
  readonly #threads: PoolThread[] = [];
  readonly #subscriptions = new Map<number, Subscription>();
  /** The thread of each, by the subscription's id. */
  readonly #homes = new Map<number, PoolThread>();
  #watch: Timer | undefined;
  #onIdle: (() => void) | undefined;
  #ids = 0;
  #isClosed = false;

  constructor(options: NotifyPoolOptions) {
    this.#options = options;
    this.#log = options.env.logger("notify");
    this.#workers = options.workers ?? DEFAULT_NOTIFY_WORKERS;
  }

  /** Resolves once the module is loaded in its thread. What happens meanwhile waits for it. */
  async subscribe(
    types: readonly (keyof NodeEvents)[],
    module: URL | string,
    options: NotifyOptions,
  ): Promise<NotifySubscription> {
    const { env, bus, threads } = this.#options;
    const href = hrefOf(module);
    if (!threads) throw refusal("the node has no threads among its parts", href);
    if (types.length === 0) throw refusal("it names no type of events", href);
    if (this.#isClosed) throw new LocalError("stopped", "Cannot run a handler in a thread: the node is stopped");
    const slot = this.#freeSlot(href);
    const id = ++this.#ids;
    const thread = this.#emptiest(threads);
    const subscription: Subscription = new Subscription({
      env,
      log: this.#log,
      id,
      slot,
      module: href,
      options,
      stallMs: options.stallMs ?? NOTIFY_STALL_MS,
      tap: (onNews) => bus.tap(types, onNews),
      post: (message) => {
        this.#homes.get(id)?.post(message);
        this.#startWatch();
      },
      onEnd: () => {
        this.#subscriptions.delete(slot);
        this.#remove(id);
        // Its handler may run on.
        this.#startWatch();
      },
      onIdle: () => this.#noteIdle(),
    });
    this.#subscriptions.set(slot, subscription);
    this.#homes.set(id, thread);
    this.#add(thread, subscription);
    this.#startWatch();
    await subscription.loaded;
    return { stats: () => subscription.stats(), [Symbol.dispose]: () => subscription.end() };
  }

  /** Call it when the bus is closed: handlers have a moment for what waits, then their threads end. */
  async stop(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#isBusy()) await this.#untilIdle();
    this.#watch?.cancel();
    await Promise.all(this.#threads.map((thread) => thread.close()));
    for (const subscription of this.#subscriptions.values()) subscription.end();
  }

  #freeSlot(href: string): number {
    for (let slot = 0; slot < MAX_NOTIFY_SUBSCRIBERS; slot++) if (!this.#subscriptions.has(slot)) return slot;
    const text = `Cannot run the handler ${href}: ${MAX_NOTIFY_SUBSCRIBERS} are running`;
    throw new LocalError("limit", text);
  }

  #emptiest(threads: Threads): PoolThread {
    const [emptiest] = this.#threads.toSorted((left, right) => left.size - right.size);
    if (emptiest && (emptiest.size === 0 || this.#threads.length >= this.#workers)) return emptiest;
    return this.#open(threads);
  }

  #open(threads: Threads): PoolThread {
    const thread = new PoolThread({
      threads,
      separate: (subscriptions, reason) => this.#separate(threads, subscriptions, reason),
    });
    this.#threads.push(thread);
    return thread;
  }

  /** For each loss that nobody can be blamed for, half of those who may be it: who loses a thread of its own has done it. */
  #separate(threads: Threads, subscriptions: readonly Subscription[], reason: string): boolean {
    if (this.#threads.length >= MAX_NOTIFY_WORKERS || subscriptions.length === 0) return false;
    this.#log.warn("a thread of handlers was lost: they are kept apart, to see by whom", { reason });
    const thread = this.#open(threads);
    for (const subscription of subscriptions) {
      this.#homes.set(subscription.id, thread);
      thread.add(subscription);
    }
    return true;
  }

  #remove(id: number): void {
    const thread = this.#homes.get(id);
    if (!thread) return;
    this.#homes.delete(id);
    thread.remove(id);
    if (thread.size > 0 || this.#threads.length <= this.#workers) return;
    // It was there to keep somebody apart.
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    void thread.close();
  }

  /** What its owner gives it may be nothing that can be cloned. */
  #add(thread: PoolThread, subscription: Subscription): void {
    try {
      thread.add(subscription);
    } catch (error) {
      subscription.end();
      throw refusal(
        `its data cannot be cloned: ${error instanceof Error ? error.message : error}`,
        subscription.module,
      );
    }
  }

  #isBusy(): boolean {
    return this.#threads.some((thread) => thread.isBusy);
  }

  #noteIdle(): void {
    if (this.#onIdle && !this.#isBusy()) this.#onIdle();
  }

  async #untilIdle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.env.after(NOTIFY_STOP_MS, resolve);
    this.#onIdle = resolve;
    await promise;
    timer.cancel();
  }

  /** Only while there is something to watch. */
  #startWatch(): void {
    if (this.#watch || this.#isClosed) return;
    this.#watch = this.#options.env.after(NOTIFY_WATCH_MS, () => {
      this.#watch = undefined;
      const now = this.#options.env.now();
      for (const thread of this.#threads) thread.watch(now);
      if (this.#isBusy() || this.#threads.some(({ hasStray }) => hasStray)) this.#startWatch();
    });
  }
}

/** As `import` takes it. A relative path would be one of ours. */
function hrefOf(module: URL | string): string {
  const url = module instanceof URL ? module : URL.parse(module);
  if (url) return url.href;
  throw refusal("a module is a URL, such as new URL('./handler.ts', import.meta.url)", String(module));
}

function refusal(why: string, module: string): LocalError {
  return new LocalError("bad-argument", `Cannot run a handler in a thread: ${why}: received ${module}`);
}
