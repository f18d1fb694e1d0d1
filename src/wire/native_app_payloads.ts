import type { MessageOf } from "../protocol/messages.ts";
import { ByteReader } from "../util/bytes.ts";
import { APP_BODIES, type AppBody, type AppType, type BodySource } from "./app_bodies.ts";
import type { Frame } from "./frame_decoder.ts";
import type { NativePayload } from "./native_payload.ts";

const EMPTY = new Uint8Array(0);
const NO_READER = new ByteReader(EMPTY);
const NO_FRAME: Frame = { bytes: EMPTY, start: 0, end: 0, keep: () => EMPTY };

/** The body of the frame that is being read: one for all, as one is read at a time. */
class FrameBody implements BodySource {
  #frame = NO_FRAME;
  reader = NO_READER;

  open(frame: Frame, start: number): void {
    this.#frame = frame;
    this.reader = new ByteReader(frame.bytes, start, frame.end);
  }

  rest(): Uint8Array {
    return this.#frame.keep(this.reader.offset, this.#frame.end);
  }

  /** A decoder that has gone must not be held by the last frame it read. */
  close(): void {
    this.#frame = NO_FRAME;
    this.reader = NO_READER;
  }
}

const body = new FrameBody();

/** A message of an application on the native wire: its head, then its payload as it is. */
export function appPayload<T extends AppType>(type: T, number: number): NativePayload<MessageOf<T>> {
  const { maxBytes, headSize, writeHead, read } = APP_BODIES[type] as AppBody<MessageOf<T>>;
  return {
    number,
    maxBytes,
    layout: { kind: "read", read },
    head: { sizeOf: headSize, write: writeHead },
    encode: (message) => message.payload,
    decode(frame, start) {
      body.open(frame, start);
      try {
        return read(body);
      } finally {
        body.close();
      }
    },
  };
}
