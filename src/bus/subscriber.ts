import type { Env } from "../util/env.ts";
import { BoundedQueue } from "./bounded_queue.ts";
import { type Channel, type ChannelMode, CHANNELS, DELIVERIES_PER_TURN } from "./channels.ts";

export interface Delivery {
  readonly type: string;
  readonly event: unknown;
}

/** An event in the queues of its subscribers, who share it. */
export interface Published {
  readonly channel: Channel;
  readonly delivery: Delivery;
  /** When it was published, if that is measured; else zero. */
  readonly at: number;
}

export interface SubscriberOptions {
  readonly env: Env;
  readonly mode: ChannelMode;
  readonly capacities: { readonly [C in Channel]: number };
  /** Callback form; a subscriber without it is read by `next`. */
  readonly deliver?: (delivery: Delivery) => void | Promise<void>;
  readonly onLag?: ((channel: Channel, missed: number) => void) | undefined;
  readonly onError: (error: unknown) => void;
  /** How long a measured event waited. */
  readonly waited: (channel: Channel, ms: number, now: number) => void;
}

/** How one subscriber keeps up with one channel. */
export interface SubscriberUse {
  readonly waiting: number;
  readonly capacity: number;
  /** Missed, of those offered. */
  readonly lag: number;
  readonly offered: number;
}

type Lag = { readonly type: "lag"; readonly channel: Channel; readonly missed: number };
type QueueOf = { readonly [C in Channel]: BoundedQueue<Published> };

/** One subscriber's bounded queues and the pump that empties them: one event at a time, control first. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #lag: { [C in Channel]: number } = { control: 0, sync: 0, inventory: 0, data: 0 };
  readonly #offered: { [C in Channel]: number } = { control: 0, sync: 0, inventory: 0, data: 0 };
  #queues: QueueOf;
  #pumping = false;
  #closed = false;
  #cancelled = false;
  #wake: (() => void) | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#queues = makeQueues(options.mode, options.capacities);
  }

  offer(published: Published): void {
    if (this.#closed) return;
    const { channel } = published;
    this.#offered[channel]++;
    if (!this.#queues[channel].push(published)) this.#lag[channel]++;
    if (this.#wake) this.#wake();
    else if (this.#options.deliver && !this.#pumping) {
      this.#pumping = true;
      this.#options.env.soon(() => this.#pump());
    }
  }

  use(channel: Channel): SubscriberUse {
    const queue = this.#queues[channel];
    return {
      waiting: queue.length,
      capacity: queue.capacity,
      lag: this.#lag[channel],
      offered: this.#offered[channel],
    };
  }

  /** Takes other queues; what waits moves along, and what then finds no room counts as missed. */
  reshape(mode: ChannelMode, capacities: { readonly [C in Channel]: number }): void {
    const old = this.#queues;
    this.#queues = makeQueues(mode, capacities);
    for (const channel of CHANNELS) {
      const missed = old[channel].takeMissed();
      if (missed > 0) this.#queues[channel].noteMissed(missed);
      for (let queued = old[channel].shift(); queued; queued = old[channel].shift()) {
        if (!this.#queues[queued.channel].push(queued)) this.#lag[queued.channel]++;
      }
    }
  }

  /** The next event or lag notice; waits for one. Undefined once closed and read to the end. */
  async next(): Promise<Delivery | Lag | undefined> {
    for (;;) {
      const item = this.#take();
      if (item) return item;
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
    }
  }

  /** Takes nothing more; what waits can still be read. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Forgets what waits: no delivery begins any more, not even of a publish under way. */
  cancel(): void {
    this.#cancelled = true;
    this.close();
    for (const channel of CHANNELS) this.#queues[channel].clear();
  }

  #take(): Delivery | Lag | undefined {
    for (const channel of CHANNELS) {
      const missed = this.#queues[channel].takeMissed();
      if (missed > 0) return { type: "lag", channel, missed };
      const queued = this.#queues[channel].shift();
      if (!queued) continue;
      if (queued.at > 0) this.#noteWait(queued);
      return queued.delivery;
    }
    return undefined;
  }

  #noteWait({ channel, at }: Published): void {
    const now = this.#options.env.now();
    this.#options.waited(channel, now - at, now);
  }

  #pump(): void {
    for (let count = 0; count < DELIVERIES_PER_TURN; count++) {
      const item = this.#cancelled ? undefined : this.#take();
      if (!item) {
        this.#pumping = false;
        return;
      }
      const pending = this.#deliver(item);
      if (pending) {
        pending.catch(this.#options.onError).then(() => this.#pump());
        return;
      }
    }
    this.#options.env.nextTurn(() => this.#pump());
  }

  #deliver(item: Delivery | Lag): Promise<void> | undefined {
    try {
      if ("missed" in item) this.#options.onLag?.(item.channel, item.missed);
      else return this.#options.deliver!(item) ?? undefined;
    } catch (error) {
      this.#options.onError(error);
    }
    return undefined;
  }
}

function makeQueues(mode: ChannelMode, capacities: { readonly [C in Channel]: number }): QueueOf {
  return mode === "single" ? oneQueue(capacities.data) : fourQueues(capacities);
}

function fourQueues(capacities: { readonly [C in Channel]: number }): QueueOf {
  return {
    control: new BoundedQueue(capacities.control),
    sync: new BoundedQueue(capacities.sync),
    inventory: new BoundedQueue(capacities.inventory),
    data: new BoundedQueue(capacities.data),
  };
}

function oneQueue(capacity: number): QueueOf {
  const queue = new BoundedQueue<Published>(capacity);
  return { control: queue, sync: queue, inventory: queue, data: queue };
}
