import { LocalError } from "../protocol/errors.ts";
import type { Env, Logger } from "../util/env.ts";
import { type Channel, type ChannelMode, CHANNELS, SINGLE_CHANNEL_CAPACITY } from "./channels.ts";
import { Subscriber, type SubscriberOptions } from "./subscriber.ts";

/** Event types and what each carries. */
export type EventMap = Record<string, unknown>;

/** One event of any of the types. */
export type AnyEvent<E> = { readonly [T in keyof E & string]: { readonly type: T; readonly event: E[T] } }[
  keyof E & string
];

/** What a stream yields: an event, or the news that so many were missed before it. */
export type StreamItem<E> = AnyEvent<E> | { readonly type: "lag"; readonly channel: Channel; readonly missed: number };

export interface BusOptions<E> {
  readonly env: Env;
  /** The channel that each event type travels in. Types that only a pattern names, `topic:…`, travel in data. */
  readonly channelOf: { readonly [T in keyof E]: Channel };
  readonly mode: ChannelMode;
  /** Events that may wait for one subscriber, by channel. */
  readonly capacities: { readonly [C in Channel]: number };
  /** Somebody subscribed, or left. */
  readonly onSubscribers?: () => void;
}

export interface LagOptions {
  /** Told how many events of a channel were missed, before the next one is delivered. */
  readonly onLag?: (channel: Channel, missed: number) => void;
}

/** How much of one channel is in use, over all subscribers. */
export interface ChannelUse {
  readonly channel: Channel;
  readonly capacity: number;
  readonly published: number;
  /** Events that subscribers missed because their queue was full. */
  readonly lag: number;
  /** The fullest subscriber's queue, 0 to 1. */
  readonly usage: number;
  readonly subscribers: number;
}

/**
 * Tells subscribers what happened, in four channels so that a flood of data never costs a control event. Publishing
 * enqueues and returns: no subscriber runs within it, and a slow one harms only itself.
 */
export class Bus<E extends object> {
  readonly #options: BusOptions<E>;
  readonly #log: Logger;
  /** Copy-on-write: a publish under way keeps the list it began with. */
  readonly #subscribers = new Map<keyof E, readonly Subscriber[]>();
  readonly #all = new Set<Subscriber>();
  readonly #published: { [C in Channel]: number } = { control: 0, sync: 0, inventory: 0, data: 0 };
  readonly #pastLag: { [C in Channel]: number } = { control: 0, sync: 0, inventory: 0, data: 0 };
  #closed = false;

  constructor(options: BusOptions<E>) {
    this.#options = options;
    this.#log = options.env.logger("bus");
  }

  publish<T extends keyof E>(type: T, event: E[T]): void {
    if (this.#closed) return;
    const channel = this.#options.channelOf[type] ?? "data";
    this.#published[channel]++;
    const subscribers = this.#subscribers.get(type);
    if (!subscribers) return;
    const delivery = { type: type as string, event };
    for (const subscriber of subscribers) subscriber.offer(channel, delivery);
  }

  /** Whether anybody would hear of such an event: ask before building an expensive one. */
  hasSubscribers(type: keyof E): boolean {
    return (this.#subscribers.get(type)?.length ?? 0) > 0;
  }

  /**
   * Calls `listener` for each event of the type, in order, after the publisher's turn. A listener that returns a
   * promise gets its next event once that settled. After the handle was disposed no call begins.
   */
  subscribe<T extends keyof E>(
    type: T,
    listener: (event: E[T]) => void | Promise<void>,
    options?: LagOptions,
  ): Disposable {
    const subscriber = this.#add([type], {
      deliver: ({ event }) => listener(event as E[T]),
      onLag: options?.onLag,
    });
    return { [Symbol.dispose]: () => this.#remove([type], subscriber) };
  }

  /** Yields events of the given types as they come, until the loop is left, `signal` aborts or the bus closes. */
  async *stream<T extends keyof E & string>(
    types: readonly T[],
    signal?: AbortSignal,
  ): AsyncGenerator<StreamItem<Pick<E, T>>, void> {
    const subscriber = this.#add(types, {});
    const stop = () => subscriber.close();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    try {
      for (let item = await subscriber.next(); item; item = await subscriber.next()) {
        yield item as StreamItem<Pick<E, T>>;
      }
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#remove(types, subscriber);
    }
  }

  channels(): readonly ChannelUse[] {
    return CHANNELS.map((channel) => {
      const uses = [...this.#all].map((subscriber) => subscriber.use(channel));
      return {
        channel,
        capacity: this.#capacities()[channel],
        published: this.#published[channel],
        lag: uses.reduce((sum, use) => sum + use.lag, this.#pastLag[channel]),
        usage: Math.max(0, ...uses.map((use) => use.waiting / use.capacity)),
        subscribers: uses.length,
      };
    });
  }

  /** Ends every subscription; what waits for streams is still yielded, later publishes do nothing. */
  close(): void {
    this.#closed = true;
    for (const subscriber of this.#all) subscriber.close();
  }

  #add(types: readonly (keyof E)[], options: Pick<SubscriberOptions, "deliver" | "onLag">): Subscriber {
    if (this.#closed) throw new LocalError("stopped", "Cannot subscribe: the node is stopped");
    const subscriber = new Subscriber({
      ...options,
      env: this.#options.env,
      mode: this.#options.mode,
      capacities: this.#capacities(),
      onError: (error) =>
        this.#log.error("a subscriber threw", { stack: error instanceof Error ? error.stack : error }),
    });
    this.#all.add(subscriber);
    for (const type of types) this.#subscribers.set(type, [...(this.#subscribers.get(type) ?? []), subscriber]);
    this.#options.onSubscribers?.();
    return subscriber;
  }

  #remove(types: readonly (keyof E)[], subscriber: Subscriber): void {
    if (!this.#all.delete(subscriber)) return;
    for (const type of types) {
      const others = (this.#subscribers.get(type) ?? []).filter((other) => other !== subscriber);
      if (others.length > 0) this.#subscribers.set(type, others);
      else this.#subscribers.delete(type);
    }
    this.#options.onSubscribers?.();
    for (const channel of CHANNELS) this.#pastLag[channel] += subscriber.use(channel).lag;
    subscriber.cancel();
  }

  #capacities(): { readonly [C in Channel]: number } {
    if (this.#options.mode === "segmented") return this.#options.capacities;
    const capacity = SINGLE_CHANNEL_CAPACITY;
    return { control: capacity, sync: capacity, inventory: capacity, data: capacity };
  }
}
