import { LocalError } from "../protocol/errors.ts";
import { RARE_LOG_INTERVAL_MS } from "../protocol/params.ts";
import { MAX_TIME_MS, QUANTILE_WINDOW_MS, TIME_DIGITS, TIMED_EVENTS } from "../protocol/vitals_params.ts";
import type { Env } from "../util/env.ts";
import { RareLog } from "../util/rare_log.ts";
import { RecentTimes, type TimesSnapshot } from "../util/recent_times.ts";
import {
  byChannel,
  type Channel,
  type ChannelMode,
  CHANNELS,
  type PerChannel,
  SINGLE_CHANNEL_CAPACITY,
} from "./channels.ts";
import type { Lag, Published, SubscriberUse } from "./event_queues.ts";
import { EventStream } from "./event_stream.ts";
import { Subscriber, type SubscriberOptions } from "./subscriber.ts";

/** One event of any of the types. */
export type AnyEvent<E> = { readonly [T in keyof E & string]: { readonly type: T; readonly event: E[T] } }[
  keyof E & string
];

/** What a stream yields: an event, or the news that so many were missed before it. */
export type StreamItem<E> = AnyEvent<E> | Lag;

export interface BusOptions<E> {
  readonly env: Env;
  /** The channel that each event type travels in. Types that only a pattern names, `topic:…`, travel in data. */
  readonly channelOf: { readonly [T in keyof E]: Channel };
  readonly mode: ChannelMode;
  /** Events that may wait for one subscriber, by channel. */
  readonly capacities: Readonly<PerChannel<number>>;
  /** Somebody subscribed, or left. */
  readonly onSubscribers?: () => void;
}

/** Who is told of events that a listener missed. */
export interface LagOptions {
  /** Told how many events of a channel were missed, before the next one is delivered. */
  readonly onLag?: (channel: Channel, missed: number) => void;
}

/** The end of a subscription at which events are taken one by one. */
export interface EventTap extends Disposable {
  /** The next event that waits, or how many were missed before it. */
  take(): Published | Lag | undefined;
  use(channel: Channel): SubscriberUse;
}

/** How much of one channel is in use, over all subscribers. */
export interface ChannelUse {
  readonly channel: Channel;
  /** Events that may wait for one subscriber. */
  readonly capacity: number;
  /** Events since the start. */
  readonly published: number;
  /** Deliveries to subscribers that were due: of those, `lag` were missed. */
  readonly offered: number;
  /** Events that subscribers missed because their queue was full. */
  readonly lag: number;
  /** The fullest subscriber's queue, 0 to 1; and the most payload that waits in one, in bytes. */
  readonly usage: number;
  readonly bytes: number;
  readonly subscribers: number;
  /** From an event's publication to its delivery, over all subscribers. */
  readonly wait: TimesSnapshot;
}

const WAIT_SCALE = { windowMs: QUANTILE_WINDOW_MS, maxMs: MAX_TIME_MS, digits: TIME_DIGITS } as const;

/**
 * Tells subscribers what happened, in four channels so that a flood of data never costs a control event. Publishing
 * enqueues and returns: no subscriber runs within it, and a slow one harms only itself.
 */
export class Bus<E extends object> {
  readonly #options: BusOptions<E>;
  readonly #log: RareLog;
  /** Copy-on-write: a publish under way keeps the list it began with. */
  readonly #subscribers = new Map<keyof E, readonly Subscriber[]>();
  readonly #all = new Set<Subscriber>();
  readonly #published = byChannel(() => 0);
  /** Of subscribers that are gone. */
  readonly #past = byChannel(() => ({ lag: 0, offered: 0 }));
  readonly #waits = byChannel(() => new RecentTimes(WAIT_SCALE));
  #mode: ChannelMode;
  #capacities: Readonly<PerChannel<number>>;
  #untilTimed = 0;
  #closed = false;

  constructor(options: BusOptions<E>) {
    this.#options = options;
    this.#mode = options.mode;
    this.#capacities = options.capacities;
    const { env } = options;
    this.#log = new RareLog(env.logger("bus"), () => env.now(), RARE_LOG_INTERVAL_MS);
  }

  /** `sizeBytes`: what the event keeps in memory, where a stranger chose how much. */
  publish<T extends keyof E>(type: T, event: E[T], sizeBytes = 0): void {
    if (this.#closed) return;
    const channel = this.#options.channelOf[type] ?? "data";
    this.#published[channel]++;
    const subscribers = this.#subscribers.get(type);
    if (!subscribers) return;
    const published = { type: type as string, event, channel, sizeBytes, at: this.#stamp() };
    for (const subscriber of subscribers) subscriber.offer(published);
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
      deliver: (event) => listener(event as E[T]),
      onLag: options?.onLag,
    });
    return { [Symbol.dispose]: () => this.#remove([type], subscriber) };
  }

  /** Yields events of the given types as they come, until the loop is left, `signal` aborts or the bus closes. */
  stream<T extends keyof E & string>(
    types: readonly T[],
    signal?: AbortSignal,
  ): AsyncGenerator<StreamItem<Pick<E, T>>, void> {
    return this.#stream(types, signal, (next) => {
      return ("missed" in next ? next : { type: next.type, event: next.event }) as StreamItem<Pick<E, T>>;
    });
  }

  /** Yields the events of one type alone; `onLag` is told how many were missed before the next one. */
  values<T extends keyof E>(
    type: T,
    signal: AbortSignal | undefined,
    onLag: (missed: number) => void,
  ): AsyncGenerator<E[T], void> {
    return this.#stream([type], signal, (next) => {
      if (!("missed" in next)) return next.event as E[T];
      onLag(next.missed);
      return undefined;
    });
  }

  /**
   * A subscriber that takes events when it likes. `onNews` is called within each publish, and when nothing more will
   * come: it must be quick, and not take.
   */
  tap(types: readonly (keyof E)[], onNews: () => void): EventTap {
    const wanted = [...new Set(types)];
    const subscriber = this.#add(wanted, { onNews });
    return {
      take: () => subscriber.take(),
      use: (channel) => subscriber.use(channel),
      [Symbol.dispose]: () => this.#remove(wanted, subscriber),
    };
  }

  channels(): readonly ChannelUse[] {
    const now = this.#options.env.now();
    return CHANNELS.map((channel) => {
      const uses = [...this.#all].map((subscriber) => subscriber.use(channel));
      return {
        channel,
        capacity: this.#queueSizes()[channel],
        published: this.#published[channel],
        offered: uses.reduce((sum, use) => sum + use.offered, this.#past[channel].offered),
        lag: uses.reduce((sum, use) => sum + use.lag, this.#past[channel].lag),
        usage: Math.max(0, ...uses.map((use) => use.waiting / use.capacity)),
        bytes: Math.max(0, ...uses.map((use) => use.bytes)),
        subscribers: uses.length,
        wait: this.#waits[channel].snapshot(now),
      };
    });
  }

  /** How events wait for their subscribers, those that are there included. */
  get mode(): ChannelMode {
    return this.#mode;
  }

  get capacities(): Readonly<PerChannel<number>> {
    return this.#capacities;
  }

  /** Gives every subscriber other queues; what waits moves along. */
  reshape(mode: ChannelMode, capacities: Readonly<PerChannel<number>>): void {
    this.#mode = mode;
    this.#capacities = capacities;
    for (const subscriber of this.#all) subscriber.reshape(mode, this.#queueSizes());
  }

  /** Ends every subscription; what waits for streams is still yielded, later publishes do nothing. */
  close(): void {
    this.#closed = true;
    for (const subscriber of this.#all) subscriber.close();
  }

  #stream<T extends keyof E, V>(
    types: readonly T[],
    signal: AbortSignal | undefined,
    convert: (next: Published | Lag) => V | undefined,
  ): AsyncGenerator<V, void> {
    const wanted = [...new Set(types)];
    const subscriber = this.#add(wanted, { onNews: () => stream.serve() });
    const stop = () => subscriber.close();
    const stream = new EventStream<V>({
      subscriber,
      convert,
      onEnd: () => {
        signal?.removeEventListener("abort", stop);
        this.#remove(wanted, subscriber);
      },
    });
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    return stream;
  }

  #add(types: readonly (keyof E)[], options: Pick<SubscriberOptions, "deliver" | "onLag" | "onNews">): Subscriber {
    if (this.#closed) throw new LocalError("stopped", "Cannot subscribe: the node is stopped");
    const subscriber = new Subscriber({
      ...options,
      env: this.#options.env,
      mode: this.#mode,
      capacities: this.#queueSizes(),
      waited: (channel, ms, now) => this.#waits[channel].add(ms, now),
      onError: (error) =>
        this.#log.write("error", "threw", "a subscriber threw", () => {
          return { stack: error instanceof Error ? error.stack : error };
        }),
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
    for (const channel of CHANNELS) {
      const { lag, offered } = subscriber.use(channel);
      this.#past[channel].lag += lag;
      this.#past[channel].offered += offered;
    }
    subscriber.cancel();
  }

  #queueSizes(): Readonly<PerChannel<number>> {
    return this.#mode === "segmented" ? this.#capacities : byChannel(() => SINGLE_CHANNEL_CAPACITY);
  }

  /** When it was published, for one event in so many; else zero. */
  #stamp(): number {
    if (--this.#untilTimed > 0) return 0;
    this.#untilTimed = TIMED_EVENTS;
    return this.#options.env.now();
  }
}
