import type { FrameHandler, FrameSource, RingEnd } from "./frames.ts";
import type { SharedMemory } from "./memory.ts";
import {
  advance,
  announceSleep,
  CLOSED,
  FREE,
  FULL,
  HEAD,
  isAnnounced,
  LENGTH_WORD,
  PHASE_MASK,
  READ_BY,
  SLOT_HEADER_BYTES,
  Slots,
  TAIL,
  VOID,
  WAIT_FOR_FRAMES,
  WAIT_FOR_ROOM,
  wakeAll,
  wakeOne,
  withdrawSleep,
  wordAt,
} from "./queue_layout.ts";
import type { QueueUserOptions } from "./queue_producer.ts";

export interface QueueConsumerOptions extends QueueUserOptions {
  readonly onFrames?: () => void;
}

const TOLD_EVERY = 8;
/** Frames that one consumer holds at a time: each costs its user's death a frame that somebody else has to handle. */
const MAX_HELD = 32;

/** Takes frames out of a queue that several threads empty: each frame goes to one of them. */
export class QueueConsumer implements FrameSource {
  readonly #memory: SharedMemory;
  readonly #options: QueueConsumerOptions;
  readonly #slots: Slots;
  /** Every ticket before this one is taken. */
  #ticket: number;
  /** Tickets of frames that are ours and not yet handled; they wait only where a handler threw. */
  readonly #held = new Int32Array(MAX_HELD);
  #heldFrom = 0;
  #heldTo = 0;
  #isAsleep = false;

  constructor(options: QueueConsumerOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#slots = new Slots(options.size);
    this.#ticket = options.memory.load(HEAD);
  }

  /** Closed once nothing more may come and all is taken. */
  get end(): RingEnd {
    return this.#isOver() ? "closed" : "open";
  }

  take(handle: FrameHandler, limit = Infinity): number {
    let taken = 0;
    let hasFreed = false;
    try {
      while (taken < limit) {
        if (this.#heldFrom === this.#heldTo && !this.#fill(limit - taken)) break;
        hasFreed = true;
        while (this.#heldFrom < this.#heldTo) {
          taken++;
          this.#handleHeld(handle);
        }
      }
    } finally {
      // After the slots are free: a producer says that it waits and then looks at its slot once more.
      if (hasFreed && this.#memory.load(WAIT_FOR_ROOM) !== 0) this.#tellOfRoom();
    }
    // There is more than we may take: somebody else can help.
    if (taken === limit) this.#passOn();
    return taken;
  }

  sleep(): boolean {
    const { user } = this.#options;
    announceSleep(this.#memory, WAIT_FOR_FRAMES, user);
    // A producer whose frame came before that does not know that we sleep.
    if (this.#heldFrom < this.#heldTo || this.#hasNext() || this.#isOver()) {
      withdrawSleep(this.#memory, WAIT_FOR_FRAMES, user);
      return false;
    }
    this.#isAsleep = true;
    return true;
  }

  wake(): void {
    if (!this.#isAsleep || isAnnounced(this.#memory, WAIT_FOR_FRAMES, this.#options.user)) return;
    this.#isAsleep = false;
    this.#options.onFrames?.();
  }

  /** Takes nothing more: a wake-up that was meant for this consumer goes to another one. */
  leave(): void {
    if (withdrawSleep(this.#memory, WAIT_FOR_FRAMES, this.#options.user)) return;
    this.#passOn();
  }

  /** Closed, nothing is there, and nobody writes: in this order, so that a producer who does sees that it is closed. */
  #isOver(): boolean {
    if (this.#memory.load(CLOSED) === 0 || this.#heldFrom < this.#heldTo) return false;
    return (this.#find() & PHASE_MASK) === FREE;
  }

  #passOn(): void {
    if (this.#hasNext()) wakeOne(this.#memory, WAIT_FOR_FRAMES, this.#options.wake);
  }

  #handleHeld(handle: FrameHandler): void {
    const ticket = this.#held[this.#heldFrom++]!;
    const place = this.#slots.placeOf(ticket);
    const length = this.#memory.get(wordAt(place) + LENGTH_WORD);
    const start = place + SLOT_HEADER_BYTES;
    try {
      handle(this.#memory.lend(start, length), start, start + length);
    } finally {
      // Releases our reads; whoever claims the slot may write it.
      this.#memory.store(wordAt(place), this.#slots.nextRound(ticket));
    }
  }

  /** Claims frames that are there, at most so many. */
  #fill(limit: number): boolean {
    this.#heldFrom = 0;
    this.#heldTo = 0;
    while (this.#heldTo < Math.min(limit, MAX_HELD) && this.#claimNext());
    return this.#heldTo > 0;
  }

  #claimNext(): boolean {
    for (;;) {
      const state = this.#find();
      const ticket = this.#ticket;
      const word = wordAt(this.#slots.placeOf(ticket));
      const phase = state & PHASE_MASK;
      if (phase === FULL) {
        // Acquires the frame.
        const mine = this.#slots.stateOf(ticket, READ_BY + this.#options.user);
        if (this.#memory.compareExchange(word, state, mine) !== state) continue;
        this.#held[this.#heldTo++] = ticket;
        this.#ticket = (ticket + 1) | 0;
        if (this.#ticket % TOLD_EVERY === 0) advance(this.#memory, HEAD, this.#ticket);
        return true;
      }
      if (phase !== VOID) return false;
      const isFreed = this.#memory.compareExchange(word, state, this.#slots.nextRound(ticket)) === state;
      if (isFreed) wakeAll(this.#memory, WAIT_FOR_ROOM, this.#options.wake);
    }
  }

  /**
   * Once half of the queue is free, since each wake-up costs as much as hundreds of frames. Until then there is a frame
   * that nobody has taken, and whoever does looks again.
   */
  #tellOfRoom(): void {
    this.#find();
    const left = (this.#memory.load(TAIL) - this.#ticket) | 0;
    if (left < this.#options.size.slots / 2) wakeAll(this.#memory, WAIT_FOR_ROOM, this.#options.wake);
  }

  #hasNext(): boolean {
    const phase = this.#find() & PHASE_MASK;
    return phase === FULL || phase === VOID;
  }

  /** Moves `#ticket` on to the first frame that nobody has taken, and answers the state of its slot. */
  #find(): number {
    const told = this.#memory.load(HEAD);
    let ticket = ((told - this.#ticket) | 0) > 0 ? told : this.#ticket;
    for (;; ticket = (ticket + 1) | 0) {
      const state = this.#memory.load(wordAt(this.#slots.placeOf(ticket)));
      const ahead = this.#slots.roundsAhead(state, ticket);
      if (ahead > 0 || ahead === 0 && (state & PHASE_MASK) >= READ_BY) continue;
      this.#ticket = ticket;
      // Still in its last round: nothing has gone in.
      return ahead < 0 ? this.#slots.stateOf(ticket, FREE) : state;
    }
  }
}
