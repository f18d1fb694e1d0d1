import type { Message, MessageType } from "../protocol/messages.ts";
import type { RawFrame } from "./codec.ts";
import type { Frame, Framing } from "./frame_decoder.ts";

/** A wire's frames as they look from outside. */
export interface ClosedFraming extends Framing {
  /** Of the frame that was measured last, once its header was there. */
  readonly type: MessageType;
  /** Throws RemoteFault if a whole frame is damaged, as far as can be told without opening it. */
  check(frame: Frame): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Opens messages of some types, and leaves all others closed. */
export class Sorter implements Framing<Message | RawFrame> {
  readonly #framing: ClosedFraming;
  readonly #opens: ReadonlySet<MessageType>;
  /** One for all: a frame is valid only until the next. */
  readonly #raw: Mutable<RawFrame> = { type: "unknown", bytes: new Uint8Array(0), start: 0, end: 0 };

  constructor(framing: ClosedFraming, opens: ReadonlySet<MessageType>) {
    this.#framing = framing;
    this.#opens = opens;
  }

  measure(bytes: Uint8Array, start: number, end: number): number {
    return this.#framing.measure(bytes, start, end);
  }

  parse(frame: Frame): Message | RawFrame {
    const { type } = this.#framing;
    if (this.#opens.has(type)) return this.#framing.parse(frame);
    this.#framing.check(frame);
    const raw = this.#raw;
    raw.type = type;
    raw.bytes = frame.bytes;
    raw.start = frame.start;
    raw.end = frame.end;
    return raw;
  }
}
