import { BoundedQueue } from "./bounded_queue.ts";
import { byChannel, type Channel, CHANNEL_BYTES, type ChannelMode, CHANNELS, type PerChannel } from "./channels.ts";

/** An event in the queues of its subscribers, who share it. */
export interface Published {
  readonly type: string;
  readonly event: unknown;
  readonly channel: Channel;
  /** Bytes that it keeps in memory, where they are many; else zero. */
  readonly sizeBytes: number;
  /** When it was published, if that is measured; else zero. */
  readonly at: number;
}

/** The news that so many events of a channel left unread. */
export interface Lag {
  readonly type: "lag";
  readonly channel: Channel;
  readonly missed: number;
}

/** How one subscriber keeps up with one channel. */
export interface SubscriberUse {
  readonly waiting: number;
  readonly capacity: number;
  readonly bytes: number;
  /** Missed, of those offered. */
  readonly lag: number;
  readonly offered: number;
}

/** A queue, and the channels that share it. */
interface Shelf {
  readonly channels: readonly Channel[];
  readonly queue: BoundedQueue<Published>;
}

/** What waits for one subscriber: a queue a channel, or one for all, and an account of what left unread. */
export class EventQueues {
  readonly #lag = byChannel(() => 0);
  readonly #untold = byChannel(() => 0);
  readonly #offered = byChannel(() => 0);
  #shelves: readonly Shelf[] = [];
  #shelfOf: PerChannel<Shelf>;
  #hasUntold = false;

  constructor(mode: ChannelMode, capacities: PerChannel<number>) {
    this.#shelfOf = this.#build(mode, capacities);
  }

  push(published: Published): void {
    this.#offered[published.channel]++;
    this.#shelfOf[published.channel].queue.push(published, this.#left);
  }

  /** The next event, control first; or, before the next one of a channel, how many of it were missed. */
  take(): Published | Lag | undefined {
    for (const { channels, queue } of this.#shelves) {
      const lag = this.#hasUntold ? this.#takeLag(channels) : undefined;
      const next = lag ?? queue.shift();
      if (next) return next;
    }
    return undefined;
  }

  use(channel: Channel): SubscriberUse {
    const { queue } = this.#shelfOf[channel];
    return {
      waiting: queue.length,
      capacity: queue.capacity,
      bytes: queue.bytes,
      lag: this.#lag[channel],
      offered: this.#offered[channel],
    };
  }

  /** Other queues; what waits moves along, and what then finds no room counts as missed. */
  reshape(mode: ChannelMode, capacities: PerChannel<number>): void {
    const old = this.#shelves;
    this.#shelfOf = this.#build(mode, capacities);
    for (const { queue } of old) {
      for (let next = queue.shift(); next; next = queue.shift()) {
        this.#shelfOf[next.channel].queue.push(next, this.#left);
      }
    }
  }

  clear(): void {
    for (const { queue } of this.#shelves) queue.clear();
  }

  #build(mode: ChannelMode, capacities: PerChannel<number>): PerChannel<Shelf> {
    const shelf = (channels: readonly Channel[], capacity: number): Shelf => {
      return { channels, queue: new BoundedQueue<Published>(capacity, CHANNEL_BYTES) };
    };
    if (mode === "single") {
      const all = shelf(CHANNELS, capacities.data);
      this.#shelves = [all];
      return byChannel(() => all);
    }
    const each = byChannel((channel) => shelf([channel], capacities[channel]));
    this.#shelves = Object.values(each);
    return each;
  }

  readonly #left = ({ channel }: Published): void => {
    this.#lag[channel]++;
    this.#untold[channel]++;
    this.#hasUntold = true;
  };

  #takeLag(channels: readonly Channel[]): Lag | undefined {
    for (const channel of channels) {
      const missed = this.#untold[channel];
      if (missed === 0) continue;
      this.#untold[channel] = 0;
      this.#hasUntold = CHANNELS.some((other) => this.#untold[other] > 0);
      return { type: "lag", channel, missed };
    }
    return undefined;
  }
}
