import type { FrameHandler, FrameSource, RingEnd, SourceEvents } from "./frames.ts";
import {
  ABANDONED,
  asleepOf,
  awaitedOf,
  CLOSED,
  dataOffset,
  FIRST_PART,
  FIRST_PART_HEAD_BYTES,
  headOf,
  LENGTH_MASK,
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

export interface ReaderOptions extends SourceEvents {
  readonly memory: SharedMemory;
  readonly size: RingSize;
  readonly reader: number;
  /** Told when a frame will never be complete, because its writer died. */
  readonly onLost?: (frameBytes: number) => void;
}

/** A frame that comes in parts. */
interface Assembly {
  readonly frame: Uint8Array;
  received: number;
}

/** The writer is woken when this share of the ring is free: waking it for each frame would cost more than the frames. */
const WAKE_SHARE = 2;

/** Takes frames out of a ring, in order. */
export class FrameReader implements FrameSource {
  readonly #memory: SharedMemory;
  readonly #options: ReaderOptions;
  readonly #capacity: number;
  readonly #mask: number;
  readonly #base: number;
  readonly #headWord: number;
  readonly #asleepWord: number;
  readonly #awaitedWord: number;
  #head: number;
  /** The writer was here at least, when it was last looked at. */
  #tail: number;
  #assembly: Assembly | undefined;
  #isAsleep = false;

  constructor(options: ReaderOptions) {
    const { memory, size, reader } = options;
    this.#memory = memory;
    this.#options = options;
    this.#capacity = size.capacityBytes;
    this.#mask = size.capacityBytes - 1;
    this.#base = dataOffset(size.readers);
    this.#headWord = headOf(reader);
    this.#asleepWord = asleepOf(reader);
    this.#awaitedWord = awaitedOf(reader);
    this.#head = memory.load(this.#headWord);
    this.#tail = this.#head;
  }

  get end(): RingEnd {
    const state = this.#memory.load(STATE);
    if (state !== CLOSED && state !== ABANDONED) return "open";
    // The writer's last commit came before it wrote the state.
    if (this.#memory.load(TAIL) !== this.#head) return "open";
    return state === CLOSED ? "closed" : "abandoned";
  }

  take(handle: FrameHandler, limit = Infinity): number {
    if (this.#head === this.#tail) {
      // Acquires the frames before that position.
      this.#tail = this.#memory.load(TAIL);
      if (this.#head === this.#tail) return 0;
    }
    let taken = 0;
    try {
      while (this.#head !== this.#tail && taken < limit) taken += this.#next(handle);
    } finally {
      this.#release();
    }
    return taken;
  }

  sleep(): boolean {
    this.#memory.store(this.#asleepWord, 1);
    // A writer that committed before that store does not know that we sleep.
    if (this.#memory.load(TAIL) !== this.#head || this.#memory.load(STATE) !== 0) {
      this.#memory.store(this.#asleepWord, 0);
      return false;
    }
    this.#isAsleep = true;
    return true;
  }

  wake(): void {
    if (!this.#isAsleep || this.#memory.load(this.#asleepWord) === 1) return;
    this.#isAsleep = false;
    this.#options.onFrames?.();
  }

  /** One record; answers how many frames it completed. The position moves on before the handler can throw. */
  #next(handle: FrameHandler): number {
    const place = this.#head & this.#mask;
    const at = this.#base + place;
    const word = this.#memory.get(at >> WORD_SHIFT);
    if (word === SKIP) {
      this.#head = (this.#head + this.#capacity - place) | 0;
      return 0;
    }
    if (word === RESTART) {
      this.#head = (this.#head + paddedBytes(0)) | 0;
      this.#loseAssembly();
      return 0;
    }
    if ((word & ~LENGTH_MASK) !== 0) return this.#nextPart(word, at, handle);
    this.#head = (this.#head + paddedBytes(word)) | 0;
    const start = at + WORD_BYTES;
    handle(this.#memory.lend(start, word), start, start + word);
    return 1;
  }

  #nextPart(word: number, at: number, handle: FrameHandler): number {
    const length = word & LENGTH_MASK;
    let start = at + WORD_BYTES;
    let assembly = this.#assembly;
    let sizeBytes = length;
    if ((word & ~LENGTH_MASK) === FIRST_PART) {
      assembly = { frame: new Uint8Array(this.#memory.get(start >> WORD_SHIFT)), received: 0 };
      this.#assembly = assembly;
      start += FIRST_PART_HEAD_BYTES;
      sizeBytes += FIRST_PART_HEAD_BYTES;
    }
    this.#head = (this.#head + paddedBytes(sizeBytes)) | 0;
    // Whoever was attached in the middle of a frame has not seen its start.
    if (assembly === undefined) return 0;
    assembly.frame.set(this.#memory.lend(start, length).subarray(start, start + length), assembly.received);
    assembly.received += length;
    if (assembly.received < assembly.frame.length) return 0;
    this.#assembly = undefined;
    handle(assembly.frame, 0, assembly.frame.length);
    return 1;
  }

  #loseAssembly(): void {
    if (this.#assembly === undefined) return;
    const { received } = this.#assembly;
    this.#assembly = undefined;
    this.#options.onLost?.(received);
  }

  #release(): void {
    // Releases our reads: whoever reads this position may write before it.
    this.#memory.store(this.#headWord, this.#head);
    // After the store, never before: the writer says that it waits and then looks at the position once more.
    if (this.#memory.load(this.#awaitedWord) !== 1) return;
    const isWorthIt = ((this.#memory.load(TAIL) - this.#head) | 0) <= this.#capacity / WAKE_SHARE;
    if (isWorthIt && this.#memory.compareExchange(this.#awaitedWord, 1, 0) === 1) this.#options.wakeWriter();
  }
}
