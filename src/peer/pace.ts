import { PACE_WINDOW_MS } from "../protocol/params.ts";
import { exp } from "../util/portable_math.ts";

const MS_PER_SECOND = 1_000;

/** What has gone each way so far. */
export interface Traffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

export type Rates = { readonly [K in keyof Traffic]: number };

const NOTHING: Traffic = { bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 };

/**
 * How fast a peer talks of late, and when it last did: looked at once a tick, so that the way of a message costs nothing.
 * A young connection's rates are those of its whole life; later the last seconds weigh most.
 */
export class Pace {
  readonly #startedAt: number;
  #lookedAt: number;
  #seen = NOTHING;
  #rates: Rates = NOTHING;
  #receivedAt: number | undefined;
  #sentAt: number | undefined;

  constructor(now: number) {
    this.#startedAt = now;
    this.#lookedAt = now;
  }

  /** Per second. */
  get rates(): Rates {
    return this.#rates;
  }

  /** The first tick at which everything that the remote has sent so far was there; undefined before it sent anything. */
  get receivedAt(): number | undefined {
    return this.#receivedAt;
  }

  get sentAt(): number | undefined {
    return this.#sentAt;
  }

  /** `countMessages`: in, and out; asked only where bytes went since the last look. */
  look(now: number, bytesIn: number, bytesOut: number, countMessages: () => readonly [number, number]): void {
    const elapsed = now - this.#lookedAt;
    if (elapsed <= 0) return;
    const before = this.#seen;
    if (bytesIn !== before.bytesIn) this.#receivedAt = now;
    if (bytesOut !== before.bytesOut) this.#sentAt = now;
    const isSilent = bytesIn === before.bytesIn && bytesOut === before.bytesOut;
    const [messagesIn, messagesOut] = isSilent ? [before.messagesIn, before.messagesOut] : countMessages();
    const seen = { bytesIn, bytesOut, messagesIn, messagesOut };
    const gain = Math.max(elapsed / (now - this.#startedAt), 1 - exp(-elapsed / PACE_WINDOW_MS));
    const follow = (of: keyof Traffic) => {
      const measured = (seen[of] - before[of]) * MS_PER_SECOND / elapsed;
      return this.#rates[of] + gain * (measured - this.#rates[of]);
    };
    this.#rates = {
      bytesIn: follow("bytesIn"),
      bytesOut: follow("bytesOut"),
      messagesIn: follow("messagesIn"),
      messagesOut: follow("messagesOut"),
    };
    this.#seen = seen;
    this.#lookedAt = now;
  }
}
