import { LocalError } from "../protocol/errors.ts";
import type { FrameSink } from "./frames.ts";
import type { SharedMemory } from "./memory.ts";
import {
  advance,
  announceSleep,
  CLOSED,
  FREE,
  FULL,
  isAnnounced,
  LENGTH_WORD,
  type QueueSize,
  SLOT_HEADER_BYTES,
  Slots,
  TAIL,
  VOID,
  WAIT_FOR_FRAMES,
  WAIT_FOR_ROOM,
  wakeOne,
  withdrawSleep,
  wordAt,
  WRITTEN_BY,
} from "./queue_layout.ts";

export interface QueueUserOptions {
  readonly memory: SharedMemory;
  readonly size: QueueSize;
  /** This thread's number in the queue. */
  readonly user: number;
  /** Rings the bell of another user. */
  readonly wake: (user: number) => void;
}

export interface QueueProducerOptions extends QueueUserOptions {
  readonly onRoom?: () => void;
}

const FULL_QUEUE = -1;
/** Others are told of every so many tickets that are gone: telling them of each would cost as much as the frames. */
const TOLD_EVERY = 8;

/** Puts frames into a queue that several threads fill and several empty. A frame is in one slot, or refused. */
export class QueueProducer implements FrameSink {
  readonly maxFrameBytes: number;
  readonly #memory: SharedMemory;
  readonly #options: QueueProducerOptions;
  readonly #slots: Slots;
  /** Every ticket before this one is taken. */
  #ticket: number;
  #hasNews = false;
  #isWaiting = false;
  #isClosed = false;

  constructor(options: QueueProducerOptions) {
    this.#options = options;
    this.#memory = options.memory;
    this.#slots = new Slots(options.size);
    this.maxFrameBytes = options.size.slotBytes;
    this.#ticket = options.memory.load(TAIL);
  }

  /** Takes a copy of the frame. Consumers may see it at once; `commit` wakes those that sleep. */
  offer(frame: Uint8Array): boolean {
    if (frame.length > this.maxFrameBytes) {
      const text = `Cannot queue a frame: a slot takes at most ${this.maxFrameBytes} bytes: received ${frame.length}`;
      throw new LocalError("limit", text);
    }
    if (this.#isClosed) throw stopped();
    const place = this.#claim();
    if (place === FULL_QUEUE) return false;
    // After the claim, never before: a consumer sees that the queue is closed and then looks who has its slot.
    if (this.#memory.load(CLOSED) === 1) throw this.#giveUp(place);
    this.#memory.put(wordAt(place) + LENGTH_WORD, frame.length);
    this.#memory.copyIn(frame, place + SLOT_HEADER_BYTES);
    // Releases the frame; whoever takes this state may read it.
    this.#memory.store(wordAt(place), this.#slots.stateOf(this.#ticket - 1, FULL));
    this.#hasNews = true;
    return true;
  }

  commit(): void {
    if (!this.#hasNews) return;
    this.#hasNews = false;
    // After the frames: a consumer says that it sleeps and then looks at its slot once more.
    wakeOne(this.#memory, WAIT_FOR_FRAMES, this.#options.wake);
  }

  /** This producer is done; others go on. */
  close(): void {
    this.commit();
    this.#isClosed = true;
  }

  wake(): void {
    if (!this.#isWaiting || isAnnounced(this.#memory, WAIT_FOR_ROOM, this.#options.user)) return;
    this.#isWaiting = false;
    this.#options.onRoom?.();
  }

  /** The place of a slot that is ours; its ticket is the one before `#ticket`. */
  #claim(): number {
    const place = this.#tryClaim();
    if (place !== FULL_QUEUE) return place;
    this.commit();
    announceSleep(this.#memory, WAIT_FOR_ROOM, this.#options.user);
    // A consumer that freed a slot before that does not know that we wait.
    const again = this.#tryClaim();
    this.#isWaiting = again === FULL_QUEUE;
    if (!this.#isWaiting) withdrawSleep(this.#memory, WAIT_FOR_ROOM, this.#options.user);
    return again;
  }

  #giveUp(place: number): LocalError {
    this.#memory.store(wordAt(place), this.#slots.stateOf(this.#ticket - 1, VOID));
    wakeOne(this.#memory, WAIT_FOR_FRAMES, this.#options.wake);
    return stopped();
  }

  #tryClaim(): number {
    const told = this.#memory.load(TAIL);
    let ticket = ((told - this.#ticket) | 0) > 0 ? told : this.#ticket;
    for (;;) {
      const place = this.#slots.placeOf(ticket);
      const free = this.#slots.stateOf(ticket, FREE);
      const state = this.#memory.load(wordAt(place));
      if (state === free) {
        const mine = this.#slots.stateOf(ticket, WRITTEN_BY + this.#options.user);
        if (this.#memory.compareExchange(wordAt(place), free, mine) !== free) continue;
        this.#ticket = (ticket + 1) | 0;
        if (this.#ticket % TOLD_EVERY === 0) advance(this.#memory, TAIL, this.#ticket);
        return place;
      }
      // Still in its last round: whoever has the frame before is not done with it, so the queue is full.
      if (this.#slots.roundsAhead(state, ticket) < 0) return FULL_QUEUE;
      ticket = (ticket + 1) | 0;
    }
  }
}

function stopped(): LocalError {
  return new LocalError("stopped", "Cannot queue a frame: the queue is closed");
}
