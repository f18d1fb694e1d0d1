import type { Env } from "../util/env.ts";
import { type Channel, type ChannelMode, DELIVERIES_PER_TURN, type PerChannel } from "./channels.ts";
import { EventQueues, type Lag, type Published, type SubscriberUse } from "./event_queues.ts";

export interface SubscriberOptions {
  readonly env: Env;
  readonly mode: ChannelMode;
  readonly capacities: PerChannel<number>;
  /** Callback form: called for each event; what it returns is waited for if it is a promise. */
  readonly deliver?: (event: unknown) => unknown;
  readonly onLag?: ((channel: Channel, missed: number) => unknown) | undefined;
  /** The other form: something can be taken, or nothing more will come. */
  readonly onNews?: () => void;
  readonly onError: (error: unknown) => void;
  /** How long a measured event waited. */
  readonly waited: (channel: Channel, ms: number, now: number) => void;
}

/** One subscriber's bounded queues and the pump that empties them: one event at a time, control first. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #queues: EventQueues;
  #pumping = false;
  #closed = false;
  #cancelled = false;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#queues = new EventQueues(options.mode, options.capacities);
  }

  offer(published: Published): void {
    if (this.#closed) return;
    this.#queues.push(published);
    const { deliver, onNews, env } = this.#options;
    if (onNews) return onNews();
    if (!deliver || this.#pumping) return;
    this.#pumping = true;
    env.soon(() => this.#pump());
  }

  use(channel: Channel): SubscriberUse {
    return this.#queues.use(channel);
  }

  reshape(mode: ChannelMode, capacities: PerChannel<number>): void {
    this.#queues.reshape(mode, capacities);
  }

  /** Whether nothing new will come. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** The next event or lag notice that waits. */
  take(): Published | Lag | undefined {
    if (this.#cancelled) return undefined;
    const next = this.#queues.take();
    if (next && "at" in next && next.at > 0) this.#noteWait(next);
    return next;
  }

  /** Takes nothing more; what waits can still be read. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.onNews?.();
  }

  /** Forgets what waits: no delivery begins any more, not even of a publish under way. */
  cancel(): void {
    this.#cancelled = true;
    this.#queues.clear();
    this.close();
  }

  #noteWait({ channel, at }: Published): void {
    const now = this.#options.env.now();
    this.#options.waited(channel, now - at, now);
  }

  #pump(): void {
    for (let count = 0; count < DELIVERIES_PER_TURN; count++) {
      const next = this.take();
      if (!next) {
        this.#pumping = false;
        return;
      }
      const pending = this.#deliver(next);
      if (pending) {
        pending.catch(this.#options.onError).then(() => this.#pump());
        return;
      }
    }
    this.#options.env.nextTurn(() => this.#pump());
  }

  /** What the program's function does is its own business, but for errors and promises. */
  #deliver(next: Published | Lag): Promise<unknown> | undefined {
    const { deliver, onLag, onError } = this.#options;
    try {
      const result = "missed" in next ? onLag?.(next.channel, next.missed) : deliver!(next.event);
      return isThenable(result) ? Promise.resolve(result) : undefined;
    } catch (error) {
      onError(error);
      return undefined;
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
