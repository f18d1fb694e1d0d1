import type { Connection } from "../platform/types.ts";
import type { Message } from "../protocol/messages.ts";
import type { Decoder } from "../wire/codec.ts";

/** Where the bytes come from. */
type Pausable = Pick<Connection, "pause" | "resume">;

/**
 * What one peer sent and nobody handled yet, kept as the bytes it came in: decoding is a part of handling. It holds at
 * most one partial frame and the chunks of two reads; once a turn leaves something unread the socket is paused, so that
 * TCP slows the remote and nothing is lost.
 */
export class Mailbox<M = Message> {
  readonly #decoder: Decoder<M>;
  readonly #connection: Pausable;
  #paused = false;

  constructor(decoder: Decoder<M>, connection: Pausable) {
    this.#decoder = decoder;
    this.#connection = connection;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#decoder.bufferedBytes;
  }

  /** Whether reading from the socket is paused because messages wait. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Lends a chunk; take messages until none is left, or `suspend` before the chunk is reused. */
  offer(chunk: Uint8Array): void {
    this.#decoder.feed(chunk);
  }

  /** The next message, or undefined when all that arrived was handled. Throws RemoteFault. */
  take(): M | undefined {
    return this.#decoder.next();
  }

  /** Size in bytes of the frame of the last message taken. */
  get lastFrameBytes(): number {
    return this.#decoder.lastFrameBytes;
  }

  /** Keeps what was not taken for a later turn, and stops reading. */
  suspend(): void {
    this.#decoder.detach();
    if (this.#paused) return;
    this.#paused = true;
    this.#connection.pause();
  }

  /** All was taken: reads on. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#connection.resume();
  }
}
