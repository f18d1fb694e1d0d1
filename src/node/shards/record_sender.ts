import type { FrameSink } from "../../ring/frames.ts";
import { Deque } from "../../util/deque.ts";
import type { Env } from "../../util/env.ts";

export interface RecordSenderOptions {
  readonly env: Env;
  readonly sink: FrameSink;
  /** Everything that waited is in the ring. */
  readonly onRoom?: () => void;
}

/** A ring takes a record that is larger than this in parts, and in its own time. */
const MAX_LENT_BYTES = 65_536;

/**
 * Puts records into a ring, in order, and commits them at the end of the turn. What the ring has no room for waits here:
 * the owner bounds how much that is, by what it does once `put` said so.
 */
export class RecordSender {
  readonly #options: RecordSenderOptions;
  readonly #waiting = new Deque<Uint8Array>();
  #waitingBytes = 0;
  #commitDue = false;
  #isClosed = false;

  constructor(options: RecordSenderOptions) {
    this.#options = options;
  }

  /** Bytes that wait for room in the ring. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a copy of the record. False: it waits. */
  put(record: Uint8Array): boolean {
    if (this.#isClosed) return true;
    if (this.#waiting.length === 0 && this.#offer(record)) return true;
    this.#waiting.push(record.slice());
    this.#waitingBytes += record.length;
    return false;
  }

  /** Call it when the ring has room again. */
  proceed(): void {
    for (let record = this.#waiting.peek(); record; record = this.#waiting.peek()) {
      if (!this.#offer(record)) return;
      this.#waiting.shift();
      this.#waitingBytes -= record.length;
    }
    if (this.#isClosed) this.#options.sink.close();
    else this.#options.onRoom?.();
  }

  /** The other end learns that nothing more comes, after all that waits. */
  close(): void {
    this.#isClosed = true;
    if (this.#waiting.length === 0) this.#options.sink.close();
  }

  #offer(record: Uint8Array): boolean {
    const isTaken = this.#options.sink.offer(record.length > MAX_LENT_BYTES ? record.slice() : record);
    if (isTaken) this.#scheduleCommit();
    return isTaken;
  }

  #scheduleCommit(): void {
    if (this.#commitDue) return;
    this.#commitDue = true;
    this.#options.env.soon(() => {
      this.#commitDue = false;
      if (!this.#isClosed) this.#options.sink.commit();
    });
  }
}
