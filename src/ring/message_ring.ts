import { LocalError } from "../protocol/errors.ts";
import type { FrameHandler, FrameSink, FrameSource, RingEnd, SinkEvents, SourceEvents } from "./frames.ts";
import { paddedBytes, WORD_BYTES } from "./layout.ts";

/** One end of a channel between two threads, as far as rings need it: messages arrive in order, and none is lost. */
export interface FramePort {
  /** Sends a message. What is in `transfer` is moved and not copied. */
  post(message: RingMessage, transfer: readonly ArrayBuffer[]): void;
  /** Calls `listener` for each message of the other end. */
  listen(listener: (message: RingMessage) => void): void;
}

/** What goes through: frames with a word of their length before each, the end; and back, what was read. */
export type RingMessage =
  | { readonly is: "frames"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly is: "end" }
  | { readonly is: "freed"; readonly sizeBytes: number };

export interface MessageWriterOptions extends Pick<SinkEvents, "onRoom"> {
  /** One for each reader. */
  readonly ports: readonly FramePort[];
  /** Bytes that may be under way to a reader. */
  readonly capacityBytes: number;
  readonly maxFrameBytes: number;
}

export interface MessageReaderOptions extends Pick<SourceEvents, "onFrames"> {
  readonly port: FramePort;
}

const WAKE_SHARE = 2;
const FIRST_BATCH_BYTES = 1024;

/**
 * What `FrameWriter` is, where threads cannot share memory: a commit is a message, and readers tell how much they have
 * read. A frame that is larger than all that may be under way goes alone.
 */
export class MessageWriter implements FrameSink {
  readonly maxFrameBytes: number;
  readonly #options: MessageWriterOptions;
  /** By reader: bytes that it has not read; undefined once nobody waits for it. */
  readonly #underWay: (number | undefined)[];
  #batch = new Uint8Array(FIRST_BATCH_BYTES);
  #length = 0;
  #isWaiting = false;
  #isClosed = false;

  constructor(options: MessageWriterOptions) {
    this.#options = options;
    this.maxFrameBytes = options.maxFrameBytes;
    this.#underWay = options.ports.map(() => 0);
    options.ports.forEach((port, reader) => port.listen((message) => this.#onMessage(reader, message)));
  }

  offer(frame: Uint8Array): boolean {
    if (this.#isClosed) throw new LocalError("stopped", "Cannot put a frame into a ring: it is closed");
    if (frame.length > this.maxFrameBytes) {
      const text = `Cannot put a frame into a ring: it takes at most ${this.maxFrameBytes} bytes a frame`;
      throw new LocalError("limit", `${text}: received ${frame.length}`);
    }
    const size = paddedBytes(frame.length);
    const taken = this.#mostUnderWay() + this.#length;
    if (taken > 0 && taken + size > this.#options.capacityBytes) {
      this.commit();
      this.#isWaiting = true;
      return false;
    }
    this.#grow(size);
    new DataView(this.#batch.buffer).setUint32(this.#length, frame.length, true);
    this.#batch.set(frame, this.#length + WORD_BYTES);
    this.#length += size;
    return true;
  }

  commit(): void {
    if (this.#length === 0) return;
    const bytes = this.#batch.subarray(0, this.#length);
    this.#options.ports.forEach((port, reader) => {
      const underWay = this.#underWay[reader];
      if (underWay === undefined) return;
      this.#underWay[reader] = underWay + bytes.length;
      const own = bytes.slice();
      port.post({ is: "frames", bytes: own }, [own.buffer]);
    });
    this.#length = 0;
  }

  close(): void {
    if (this.#isClosed) return;
    this.commit();
    this.#isClosed = true;
    for (const port of this.#options.ports) port.post({ is: "end" }, []);
  }

  /** Messages wake it by themselves. */
  wake(): void {}

  /** From now on the reader gets what is committed. */
  attach(reader: number): void {
    this.#underWay[reader] = 0;
  }

  /** Nobody waits for this reader any more. */
  detach(reader: number): void {
    this.#underWay[reader] = undefined;
    this.#tellRoom();
  }

  #onMessage(reader: number, message: RingMessage): void {
    const underWay = this.#underWay[reader];
    if (message.is !== "freed" || underWay === undefined) return;
    this.#underWay[reader] = underWay - message.sizeBytes;
    this.#tellRoom();
  }

  #tellRoom(): void {
    if (!this.#isWaiting || this.#mostUnderWay() > this.#options.capacityBytes / WAKE_SHARE) return;
    this.#isWaiting = false;
    this.#options.onRoom?.();
  }

  #mostUnderWay(): number {
    return this.#underWay.reduce<number>((most, bytes = 0) => Math.max(most, bytes), 0);
  }

  #grow(sizeBytes: number): void {
    if (this.#length + sizeBytes <= this.#batch.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#batch.length, this.#length + sizeBytes));
    larger.set(this.#batch.subarray(0, this.#length));
    this.#batch = larger;
  }
}

/** What `FrameReader` is, where threads cannot share memory. */
export class MessageReader implements FrameSource {
  readonly #options: MessageReaderOptions;
  readonly #batches: Uint8Array[] = [];
  /** In the first batch. */
  #offset = 0;
  #end: RingEnd = "open";
  #isAsleep = false;

  constructor(options: MessageReaderOptions) {
    this.#options = options;
    options.port.listen((message) => this.#onMessage(message));
  }

  get end(): RingEnd {
    return this.#batches.length > 0 ? "open" : this.#end;
  }

  take(handle: FrameHandler, limit = Infinity): number {
    let [taken, freed] = [0, 0];
    try {
      for (; taken < limit && this.#batches.length > 0; taken++) {
        const [batch] = this.#batches as [Uint8Array];
        const start = this.#offset + WORD_BYTES;
        const length = new DataView(batch.buffer, batch.byteOffset).getUint32(this.#offset, true);
        const size = paddedBytes(length);
        freed += size;
        // It moves on before the handler can throw.
        this.#offset += size;
        if (this.#offset === batch.length) {
          this.#batches.shift();
          this.#offset = 0;
        }
        handle(batch, start, start + length);
      }
    } finally {
      if (freed > 0) this.#options.port.post({ is: "freed", sizeBytes: freed }, []);
    }
    return taken;
  }

  sleep(): boolean {
    this.#isAsleep = this.#batches.length === 0 && this.#end === "open";
    return this.#isAsleep;
  }

  /** Messages wake it by themselves. */
  wake(): void {}

  /** The writer's thread died: what had come is all that there is. */
  abandon(): void {
    this.#end = "abandoned";
    this.#wakeUp();
  }

  #onMessage(message: RingMessage): void {
    if (message.is === "frames") this.#batches.push(message.bytes);
    else if (message.is === "end") this.#end = "closed";
    else return;
    this.#wakeUp();
  }

  #wakeUp(): void {
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    this.#options.onFrames?.();
  }
}
