import { Mailbox } from "../../peer/mailbox.ts";
import type { Turns, Worker } from "../../peer/turns.ts";
import type { Message } from "../../protocol/messages.ts";
import { TURN_BYTES } from "../../protocol/connection_params.ts";
import type { Decoder } from "../../wire/codec.ts";

export interface InflowOptions {
  readonly decoder: Decoder;
  readonly turns: Turns;
  /** The shard stops reading from the peer, and goes on. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly isOver: () => boolean;
  /** One message; what it throws ends the peer. */
  readonly handle: (message: Message) => void;
  /** Runs the work of a turn, times it, and catches what it throws. */
  readonly run: (work: () => void) => void;
}

/**
 * Messages of a peer in a shard, on their way through the main thread. The shard cut and verified the frames, and shares
 * its turns out among peers; what is left to do here is to open them, and to stop when a service has enough.
 */
export class Inflow implements Worker {
  readonly #options: InflowOptions;
  readonly #mailbox: Mailbox;
  #isHeld = false;
  #isEnlisted = false;
  /** What the messages of this turn cost besides their size, which the ring bounds. */
  #chargedBytes = 0;

  constructor(options: InflowOptions) {
    this.#options = options;
    this.#mailbox = new Mailbox(options.decoder, options);
  }

  get bytes(): number {
    return this.#mailbox.bytes;
  }

  get paused(): boolean {
    return this.#mailbox.paused;
  }

  /** Whole frames, lent until this returns. */
  offer(frames: Uint8Array): void {
    this.#mailbox.offer(frames);
    if (this.#isHeld || this.#isEnlisted) this.#mailbox.suspend();
    else this.#handleWaiting();
  }

  charge(sizeBytes: number): void {
    this.#chargedBytes += sizeBytes;
    this.#options.turns.spend(sizeBytes);
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.#mailbox.paused) this.#enlist();
  }

  takeTurn(): void {
    this.#isEnlisted = false;
    if (!this.#options.isOver() && !this.#isHeld) this.#handleWaiting();
  }

  /** Handles messages until none is left or there is enough for now; the rest waits, and the shard reads no more of it. */
  #handleWaiting(): void {
    const { isOver, handle, run } = this.#options;
    this.#chargedBytes = 0;
    let isEmptied = false;
    run(() => {
      while (!isOver() && !this.#isHeld && this.#chargedBytes < TURN_BYTES) {
        const message = this.#mailbox.take();
        isEmptied = message === undefined;
        if (!message) break;
        handle(message);
      }
    });
    if (isOver()) return;
    if (isEmptied && !this.#isHeld) return this.#mailbox.resume();
    this.#mailbox.suspend();
    if (!this.#isHeld) this.#enlist();
  }

  #enlist(): void {
    if (this.#isEnlisted) return;
    this.#isEnlisted = true;
    this.#options.turns.enlist(this);
  }
}
