import { RemoteFault } from "../protocol/errors.ts";
import type { Message } from "../protocol/messages.ts";
import { MalformedBytes } from "../util/bytes.ts";
import type { Decoder, DecoderOptions } from "./codec.ts";

/** What one wire knows of its frames. Each decoder has its own, so that `measure` may leave notes for `parse`. */
export interface Framing<M = Message> {
  /**
   * The size in bytes of the frame that begins at `start`, where bytes up to `end` have arrived (at least one): exact
   * once its header is there, and until then any number above `end - start` that the frame surely reaches. Throws
   * RemoteFault at the first byte that cannot be right, and for a length above its type's limit.
   */
  measure(bytes: Uint8Array, start: number, end: number): number;
  /** The message of a whole frame; called right after the `measure` of the same frame. Throws RemoteFault. */
  parse(frame: Frame): M;
}

/** One whole frame, which lies in `bytes` from `start` to `end`. It is valid during `parse` only. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The part of `bytes` from `start` to `end` in memory that nobody else writes to: copied at most once. */
  keep(start: number, end: number): Uint8Array;
}

const EMPTY = new Uint8Array(0);
/** 256 B, the usual size of a small frame. The buffer of a split frame starts with as much, if the frame is as large. */
const INITIAL_CAPACITY_BYTES = 256;
/** 8 KiB, copied at once for the small parts in it. So much at most is pinned by who keeps a single one of them. */
const STRETCH_BYTES = 8192;
/** 1 KiB: a part of this size or less shares a copy, where copies are dear. */
const MAX_SHARED_BYTES = 1024;

/**
 * Cuts one byte stream into frames, for both wires. Frames that lie whole in a chunk are parsed in place. One that
 * spans chunks is collected in memory of its own, which grows with the bytes that really arrive and never by what the
 * header promises, so that a stranger must send a byte for each two that we reserve.
 */
export class FrameDecoder<M = Message> implements Decoder<M>, Frame {
  readonly #framing: Framing<M>;
  readonly #maxSharedBytes: number;
  /** Bytes fed and not yet looked at: `#chunk` from `#offset` on. */
  #chunk: Uint8Array = EMPTY;
  #offset = 0;
  #chunkIsBorrowed = false;
  /** The beginning of a frame whose end is not here yet: the first `#partialBytes` bytes of `#partial`. */
  #partial: Uint8Array = EMPTY;
  #partialBytes = 0;
  /** A copy of the chunk from `#stretchStart` on. */
  #stretch: Uint8Array = EMPTY;
  #stretchStart = 0;
  #fault: RemoteFault | undefined;
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  lastFrameBytes = 0;

  constructor(framing: Framing<M>, { copiesAreCheap = false }: DecoderOptions = {}) {
    this.#framing = framing;
    this.#maxSharedBytes = copiesAreCheap ? 0 : MAX_SHARED_BYTES;
  }

  get bufferedBytes(): number {
    return this.#partialBytes + this.#chunk.length - this.#offset;
  }

  feed(chunk: Uint8Array): void {
    if (this.#fault) return;
    this.#stretch = EMPTY;
    const unread = this.#chunk.length - this.#offset;
    if (unread === 0) {
      this.#chunk = plain(chunk);
      this.#chunkIsBorrowed = true;
    } else {
      // A caller that detached is not rid of what was under way: one more chunk may come before its pause works.
      const joined = new Uint8Array(unread + chunk.length);
      joined.set(this.#chunk.subarray(this.#offset));
      joined.set(chunk, unread);
      this.#chunk = joined;
      this.#chunkIsBorrowed = false;
    }
    this.#offset = 0;
  }

  next(): M | undefined {
    if (this.#fault) throw this.#fault;
    try {
      if (!this.#advance()) return undefined;
      const message = this.#framing.parse(this);
      this.lastFrameBytes = this.end - this.start;
      return message;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  detach(): void {
    if (!this.#chunkIsBorrowed) return;
    this.#stretch = EMPTY;
    this.#chunk = this.#chunk.slice(this.#offset);
    this.#offset = 0;
    this.#chunkIsBorrowed = false;
  }

  /**
   * Hands over the memory of a frame that was put together here, unless the part would pin far more than itself. Small
   * parts of a chunk share one copy of a stretch of it, unless the platform copies as fast as it makes views.
   */
  keep(start: number, end: number): Uint8Array {
    const sizeBytes = end - start;
    if (this.bytes !== this.#chunk) {
      return 2 * sizeBytes >= this.bytes.length ? this.bytes.subarray(start, end) : this.bytes.slice(start, end);
    }
    if (sizeBytes > this.#maxSharedBytes) return this.bytes.slice(start, end);
    if (start < this.#stretchStart || end > this.#stretchStart + this.#stretch.length) {
      this.#stretch = this.bytes.slice(start, start + STRETCH_BYTES);
      this.#stretchStart = start;
    }
    return this.#stretch.subarray(start - this.#stretchStart, end - this.#stretchStart);
  }

  /** Moves to the next whole frame. False: it is not here yet, and the decoder has copied what there is of it. */
  #advance(): boolean {
    if (this.#partialBytes > 0) return this.#completePartial();
    const available = this.#chunk.length - this.#offset;
    if (available === 0) return this.#dropChunk();
    const sizeBytes = this.#framing.measure(this.#chunk, this.#offset, this.#chunk.length);
    if (sizeBytes > available) {
      this.#collect(available, sizeBytes);
      return this.#dropChunk();
    }
    this.bytes = this.#chunk;
    this.start = this.#offset;
    this.end = this.#offset += sizeBytes;
    return true;
  }

  #completePartial(): boolean {
    for (;;) {
      // Measured anew each time: the first answer is but a lower bound while the header is incomplete.
      const sizeBytes = this.#framing.measure(this.#partial, 0, this.#partialBytes);
      const missing = sizeBytes - this.#partialBytes;
      if (missing <= 0) {
        this.bytes = this.#partial;
        this.start = 0;
        this.end = sizeBytes;
        this.#partial = EMPTY;
        this.#partialBytes = 0;
        return true;
      }
      const available = this.#chunk.length - this.#offset;
      if (available === 0) return this.#dropChunk();
      this.#collect(Math.min(missing, available), sizeBytes);
    }
  }

  /** Moves the next `count` bytes of the chunk to the end of a partial frame of at least `sizeBytes`. */
  #collect(count: number, sizeBytes: number): void {
    const needed = this.#partialBytes + count;
    if (needed > this.#partial.length) {
      const roomy = Math.max(INITIAL_CAPACITY_BYTES, 2 * needed);
      const larger = new Uint8Array(Math.min(sizeBytes, roomy));
      larger.set(this.#partial.subarray(0, this.#partialBytes));
      this.#partial = larger;
    }
    this.#partial.set(this.#chunk.subarray(this.#offset, this.#offset + count), this.#partialBytes);
    this.#partialBytes = needed;
    this.#offset += count;
  }

  /** Lets go of a chunk that was read to its end, and of the last frame: an idle decoder holds no memory. */
  #dropChunk(): false {
    this.#chunk = EMPTY;
    this.#offset = 0;
    this.#chunkIsBorrowed = false;
    this.#stretch = EMPTY;
    this.bytes = EMPTY;
    return false;
  }

  #fail(error: unknown): unknown {
    const fault = error instanceof MalformedBytes ? new RemoteFault("malformed", error.message) : error;
    if (!(fault instanceof RemoteFault)) return error;
    this.#fault = fault;
    this.#partial = EMPTY;
    this.#partialBytes = 0;
    this.#dropChunk();
    return fault;
  }
}

/** The same bytes as a plain Uint8Array: the `slice` of Node's Buffer does not copy. */
function plain(chunk: Uint8Array): Uint8Array {
  return chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
}
