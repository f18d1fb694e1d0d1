import type { Message, MessageType } from "../protocol/messages.ts";

/** How messages are spelled as bytes. One codec serves any number of peers; it keeps no state between calls. */
export interface WireCodec {
  readonly name: "bitcoin" | "native";
  /** One whole frame in memory of its own. */
  encode(message: Message): Uint8Array;
  /**
   * The same frame, written into `target` at `offset`: what many small frames to one peer save is an allocation each.
   * Answers the frame's size in bytes, or -1 if it does not fit; `target` behind `offset` is undefined then.
   */
  encodeInto(message: Message, target: Uint8Array, offset: number): number;
  /** For one byte stream; it keeps what came of a frame so far. */
  createDecoder(options?: DecoderOptions): Decoder;
}

/** What a thread needs that passes frames on between sockets and another thread. */
export interface SortingCodec extends WireCodec {
  /**
   * A decoder for who passes frames on: it opens messages of the given types. Of all others it looks at what can be seen
   * from outside, size and checksum, and hands them over closed.
   */
  createSorter(opens: ReadonlySet<MessageType>, options?: DecoderOptions): Decoder<Message | RawFrame>;
  /** Completes a frame that was encoded without its checksum, where the wire has one; in place. */
  seal(bytes: Uint8Array, start: number, end: number): void;
}

/** A whole frame that nobody opened: `bytes` from `start` to `end`. It is valid until its decoder is used again. */
export interface RawFrame {
  readonly type: MessageType;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** What a decoder should know of its runtime. */
export interface DecoderOptions {
  /** Copy each small payload by itself, rather than many at once with a view of each; see Transport.copiesAreCheap. */
  readonly copiesAreCheap?: boolean;
}

/**
 * Takes messages out of one byte stream, whatever its cuts. It holds at most one partial frame.
 *
 * `feed` borrows the chunk: call `next` until it answers undefined before the chunk is reused, or call `detach` to make
 * the decoder copy what it has not read. What `next` returns never points into a chunk.
 */
export interface Decoder<M = Message> {
  /** More of the stream, of any length. */
  feed(chunk: Uint8Array): void;
  /** The next message, or undefined when more bytes are needed. Throws RemoteFault; the stream is useless then. */
  next(): M | undefined;
  /** Copies the unread rest of the borrowed chunk, so that reading can go on in a later turn. */
  detach(): void;
  /** Bytes fed and not yet returned as messages. */
  readonly bufferedBytes: number;
  /** Size in bytes of the frame that the last message came in. */
  readonly lastFrameBytes: number;
}
