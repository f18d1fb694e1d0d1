import type { MessageType } from "../protocol/messages.ts";
import { PACE_WINDOW_MS } from "../protocol/connection_params.ts";
import { exp } from "../util/portable_math.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** What goes each way in a second. */
export interface Rates {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

type Counts = { readonly [T in MessageType]?: number };

/** What a peer knows of its own traffic. */
export interface Talk {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: Counts;
  readonly messagesOut: Counts;
}

/**
 * How fast a peer talks of late, and when it last did: looked at once a tick, so that the way of a message costs nothing.
 * A young connection's rates are those of its whole life; later the last seconds weigh most. Plain numbers, since each
 * peer has one, and every tick looks at all of them.
 */
export class Pace {
  readonly #startedAt: number;
  #lookedAt: number;
  #bytesIn = 0;
  #bytesOut = 0;
  #messagesIn = 0;
  #messagesOut = 0;
  #bytesInRate = 0;
  #bytesOutRate = 0;
  #messagesInRate = 0;
  #messagesOutRate = 0;
  #receivedAt: number | undefined;
  #sentAt: number | undefined;

  constructor(now: number) {
    this.#startedAt = now;
    this.#lookedAt = now;
  }

  /** Per second. */
  get rates(): Rates {
    return {
      bytesIn: this.#bytesInRate,
      bytesOut: this.#bytesOutRate,
      messagesIn: this.#messagesInRate,
      messagesOut: this.#messagesOutRate,
    };
  }

  /** The first tick at which everything that the remote has sent so far was there; undefined before it sent anything. */
  get receivedAt(): number | undefined {
    return this.#receivedAt;
  }

  get sentAt(): number | undefined {
    return this.#sentAt;
  }

  /** Messages are counted only where bytes went since the last look. */
  look(now: number, talk: Talk): void {
    const elapsed = now - this.#lookedAt;
    if (elapsed <= 0) return;
    const { bytesIn, bytesOut } = talk;
    const hasReceived = bytesIn !== this.#bytesIn;
    const hasSent = bytesOut !== this.#bytesOut;
    if (hasReceived) this.#receivedAt = now;
    if (hasSent) this.#sentAt = now;
    const messagesIn = hasReceived ? total(talk.messagesIn) : this.#messagesIn;
    const messagesOut = hasSent ? total(talk.messagesOut) : this.#messagesOut;
    const gain = Math.max(elapsed / (now - this.#startedAt), 1 - exp(-elapsed / PACE_WINDOW_MS));
    const perSecond = MS_PER_SECOND / elapsed;
    this.#bytesInRate += gain * ((bytesIn - this.#bytesIn) * perSecond - this.#bytesInRate);
    this.#bytesOutRate += gain * ((bytesOut - this.#bytesOut) * perSecond - this.#bytesOutRate);
    this.#messagesInRate += gain * ((messagesIn - this.#messagesIn) * perSecond - this.#messagesInRate);
    this.#messagesOutRate += gain * ((messagesOut - this.#messagesOut) * perSecond - this.#messagesOutRate);
    this.#bytesIn = bytesIn;
    this.#bytesOut = bytesOut;
    this.#messagesIn = messagesIn;
    this.#messagesOut = messagesOut;
    this.#lookedAt = now;
  }
}

function total(counts: Counts): number {
  let sum = 0;
  for (const type in counts) sum += counts[type as MessageType] ?? 0;
  return sum;
}
