import { LocalError } from "../protocol/errors.ts";
import type { FrameSink, SinkEvents } from "./frames.ts";
import {
  ALIGNED_BYTES,
  asleepOf,
  attachedOf,
  awaitedOf,
  CLOSED,
  dataOffset,
  FIRST_PART,
  FIRST_PART_HEAD_BYTES,
  headOf,
  NEXT_PART,
  paddedBytes,
  RESTART,
  type RingSize,
  SKIP,
  STATE,
  TAIL,
  WORD_BYTES,
  WORD_SHIFT,
} from "./layout.ts";
import type { SharedMemory } from "./memory.ts";

export interface WriterOptions extends SinkEvents {
  readonly memory: SharedMemory;
  readonly size: RingSize;
  readonly maxFrameBytes: number;
  /** The writer before this one died: a frame of which it wrote only parts is dropped by the readers. */
  readonly restarts?: boolean;
}

/** A frame that is larger than the ring, on its way. */
interface Stream {
  readonly frame: Uint8Array;
  sent: number;
}

const NOWHERE = -1;
/** A frame in a ring starts anywhere and is in one piece, so half of the ring is what surely fits. */
const WHOLE_SHARE = 2;
/** Parts are smaller than that, so that the reader works on one while the next is written. */
const PART_SHARE = 4;

/**
 * Puts frames into a ring that one thread or several read, each of them all frames. A frame is written once, whatever
 * the number of readers, and its room is free again when the slowest of them is done with it.
 */
export class FrameWriter implements FrameSink {
  readonly maxFrameBytes: number;
  readonly #memory: SharedMemory;
  readonly #options: WriterOptions;
  readonly #capacity: number;
  readonly #mask: number;
  readonly #base: number;
  readonly #wholeBytes: number;
  readonly #partBytes: number;
  /** Readers that get what is committed, and are waited for. */
  readonly #attached: number[] = [];
  /** Where the next frame goes, and up to where readers may read. */
  #tail: number;
  #committed: number;
  /** The slowest reader was here at least, when it was last looked at. */
  #head: number;
  #stream: Stream | undefined;
  #mustRestart: boolean;
  #isWaiting = false;
  #isClosed = false;

  constructor(options: WriterOptions) {
    const { memory, size, maxFrameBytes } = options;
    this.#memory = memory;
    this.#options = options;
    this.maxFrameBytes = maxFrameBytes;
    this.#capacity = size.capacityBytes;
    this.#mask = size.capacityBytes - 1;
    this.#base = dataOffset(size.readers);
    this.#wholeBytes = size.capacityBytes / WHOLE_SHARE - WORD_BYTES;
    this.#partBytes = size.capacityBytes / PART_SHARE - ALIGNED_BYTES;
    for (let reader = 0; reader < size.readers; reader++) {
      if (memory.load(attachedOf(reader)) !== 0) this.#attached.push(reader);
    }
    this.#tail = memory.load(TAIL);
    this.#committed = this.#tail;
    this.#head = this.#slowest();
    this.#mustRestart = options.restarts ?? false;
  }

  /** Whether a frame that was taken has yet to go into the ring. */
  get isBusy(): boolean {
    return this.#stream !== undefined;
  }

  offer(frame: Uint8Array): boolean {
    if (this.#isClosed) throw new LocalError("stopped", "Cannot put a frame into a ring: it is closed");
    if (this.#stream !== undefined || this.#mustRestart && !this.#restart()) return this.#waitForRoom();
    const { length } = frame;
    if (length > this.#wholeBytes) return this.#offerParts(frame);
    const at = this.#claim(length);
    if (at === NOWHERE) return false;
    this.#memory.put(at >> WORD_SHIFT, length);
    this.#memory.copyIn(frame, at + WORD_BYTES);
    return true;
  }

  commit(): void {
    if (this.#committed === this.#tail) return;
    this.#committed = this.#tail;
    // Releases the frames; whoever reads this position may read them.
    this.#memory.store(TAIL, this.#tail);
    // After the store, never before: a reader says that it sleeps and then looks at the position once more, so one of
    // the two sees the other.
    for (const reader of this.#attached) this.#wakeReader(reader);
  }

  close(): void {
    if (this.#isClosed) return;
    this.commit();
    this.#isClosed = true;
    if (this.#stream === undefined) this.#tellEnd();
  }

  wake(): void {
    if (this.#isWaiting && this.#attached.some((reader) => this.#memory.load(awaitedOf(reader)) === 0)) this.#goOn();
  }

  /**
   * From now on whoever opens this place gets what is committed, and the ring waits for it. The place must not be one in
   * which a thread that was ended may still be writing.
   */
  attach(reader: number): void {
    if (this.#attached.includes(reader)) return;
    this.#memory.store(headOf(reader), this.#committed);
    this.#memory.store(attachedOf(reader), 1);
    this.#attached.push(reader);
  }

  /** The ring no longer waits for this reader: it left, or its thread died. */
  detach(reader: number): void {
    const index = this.#attached.indexOf(reader);
    if (index < 0) return;
    this.#attached.splice(index, 1);
    this.#memory.store(attachedOf(reader), 0);
    // It may have been the one that we wait for, and died between taking note of that and waking us.
    if (this.#isWaiting) this.#goOn();
  }

  /** There may be room. */
  #goOn(): void {
    this.#isWaiting = false;
    this.#await(0);
    if (this.#stream !== undefined && !this.#pushParts(this.#stream)) return;
    if (this.#isClosed) this.#tellEnd();
    else this.#options.onRoom?.();
  }

  #await(value: 0 | 1): void {
    for (const reader of this.#attached) this.#memory.store(awaitedOf(reader), value);
  }

  /** Readers who read this state find all frames committed: the position was stored before. */
  #tellEnd(): void {
    this.#memory.store(STATE, CLOSED);
    for (const reader of this.#attached) this.#wakeReader(reader);
  }

  #wakeReader(reader: number): void {
    const word = asleepOf(reader);
    if (this.#memory.load(word) !== 1) return;
    if (this.#memory.compareExchange(word, 1, 0) === 1) this.#options.wakeReader(reader);
  }

  /** Where a word and `sizeBytes` behind it may be written in one piece, in bytes from the start of the memory. */
  #claim(sizeBytes: number): number {
    const size = paddedBytes(sizeBytes);
    const place = this.#tail & this.#mask;
    const toEnd = this.#capacity - place;
    const needed = size <= toEnd ? size : toEnd + size;
    if (needed > this.#free() && !this.#findRoom(needed)) return NOWHERE;
    this.#tail = (this.#tail + needed) | 0;
    if (size <= toEnd) return this.#base + place;
    this.#memory.put((this.#base + place) >> WORD_SHIFT, SKIP);
    return this.#base;
  }

  #free(): number {
    return this.#capacity - ((this.#tail - this.#head) | 0);
  }

  /** Looks where the readers are now; if that is not enough, they will wake us. */
  #findRoom(needed: number): boolean {
    this.#head = this.#slowest();
    if (needed <= this.#free()) return true;
    this.commit();
    this.#await(1);
    // A reader that was done before that store does not know that we wait.
    this.#head = this.#slowest();
    if (needed <= this.#free()) {
      this.#await(0);
      this.#isWaiting = false;
      return true;
    }
    this.#isWaiting = true;
    return false;
  }

  /** Acquires what the readers released: what lies before the answer is ours to write. */
  #slowest(): number {
    let furthest = 0;
    for (const reader of this.#attached) {
      furthest = Math.max(furthest, (this.#tail - this.#memory.load(headOf(reader))) | 0);
    }
    return (this.#tail - furthest) | 0;
  }

  #waitForRoom(): false {
    this.#isWaiting = true;
    return false;
  }

  #restart(): boolean {
    const at = this.#claim(0);
    if (at === NOWHERE) return false;
    this.#memory.put(at >> WORD_SHIFT, RESTART);
    this.#mustRestart = false;
    return true;
  }

  #offerParts(frame: Uint8Array): boolean {
    if (frame.length > this.maxFrameBytes) {
      const text = `Cannot put a frame into a ring: it takes at most ${this.maxFrameBytes} bytes a frame`;
      throw new LocalError("limit", `${text}: received ${frame.length}`);
    }
    const stream = { frame, sent: 0 };
    const at = this.#claim(FIRST_PART_HEAD_BYTES + this.#partBytes);
    if (at === NOWHERE) return false;
    this.#memory.put(at >> WORD_SHIFT, FIRST_PART | this.#partBytes);
    this.#memory.put((at + WORD_BYTES) >> WORD_SHIFT, frame.length);
    this.#copyPart(stream, this.#partBytes, at + WORD_BYTES + FIRST_PART_HEAD_BYTES);
    this.#pushParts(stream);
    return true;
  }

  /** As many parts as there is room for. True once that was all. */
  #pushParts(stream: Stream): boolean {
    this.#stream = stream;
    while (stream.sent < stream.frame.length) {
      this.commit();
      const length = Math.min(this.#partBytes, stream.frame.length - stream.sent);
      const at = this.#claim(length);
      if (at === NOWHERE) return false;
      this.#memory.put(at >> WORD_SHIFT, NEXT_PART | length);
      this.#copyPart(stream, length, at + WORD_BYTES);
    }
    this.commit();
    this.#stream = undefined;
    return true;
  }

  #copyPart(stream: Stream, length: number, at: number): void {
    this.#memory.copyIn(stream.frame.subarray(stream.sent, stream.sent + length), at);
    stream.sent += length;
  }
}
