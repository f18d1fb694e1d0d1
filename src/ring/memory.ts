import { LocalError } from "../protocol/errors.ts";

/** Copies all of `source` to `offset` of `target`. The fastest way differs by runtime, so a platform brings it. */
export type CopyBytes = (source: Uint8Array, target: Uint8Array, offset: number) => void;

/**
 * The memory that threads share, as the algorithms of this folder see it: words of 32 bits, and bytes over the same
 * buffer. Behind this seam tests put a memory that runs every order of its operations and sees every data race.
 */
export interface SharedMemory {
  /** Sequentially consistent: it acquires what the thread that stored the value had released. */
  load(word: number): number;
  /** Sequentially consistent: it releases every plain write before it. */
  store(word: number, value: number): void;
  /** Answers what was there; both acquires and releases. */
  compareExchange(word: number, expected: number, value: number): number;
  /** Plain: only between an acquire and a release that make the word this thread's own. */
  get(word: number): number;
  put(word: number, value: number): void;
  /** Plain, as `put`. */
  copyIn(source: Uint8Array, offset: number): void;
  /** All bytes, of which the caller may read those that it names. */
  lend(offset: number, sizeBytes: number): Uint8Array;
}

/** Memory for `what`, all zero. Throws LocalError where the runtime has none that threads can share. */
export function shareMemory(what: string, sizeBytes: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === "function") return new SharedArrayBuffer(sizeBytes);
  const instead =
    "send frames by messages (MessageWriter, MessageReader), or in a browser serve the page cross-origin isolated";
  throw new LocalError("bad-argument", `Cannot make ${what}: there is no SharedArrayBuffer here: ${instead}`);
}

/** A real SharedArrayBuffer. */
export class BufferMemory implements SharedMemory {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #copy: CopyBytes;

  constructor(buffer: SharedArrayBuffer, copy: CopyBytes) {
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#copy = copy;
  }

  load(word: number): number {
    return Atomics.load(this.#words, word);
  }

  store(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }

  compareExchange(word: number, expected: number, value: number): number {
    return Atomics.compareExchange(this.#words, word, expected, value);
  }

  get(word: number): number {
    return this.#words[word]!;
  }

  put(word: number, value: number): void {
    this.#words[word] = value;
  }

  copyIn(source: Uint8Array, offset: number): void {
    this.#copy(source, this.#bytes, offset);
  }

  lend(_offset: number, _sizeBytes: number): Uint8Array {
    return this.#bytes;
  }
}
