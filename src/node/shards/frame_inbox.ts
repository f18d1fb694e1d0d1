import type { Decoder, RawFrame, SortingCodec } from "../../wire/codec.ts";
import type { Message } from "../../protocol/messages.ts";
import type { BroadcastReader } from "./broadcast_reader.ts";
import { decodeBroadcast, decodeSealed, FRAMES_HEAD_BYTES, readFramesHead, RECORD } from "./records.ts";
import type { ShardPeer } from "./shard_peer.ts";

/** Brings frames of the main thread to the outboxes of peers, sealed. */
export class FrameInbox {
  readonly #codec: SortingCodec;
  readonly #broadcasts: BroadcastReader | undefined;
  readonly #peerOf: (id: number) => ShardPeer | undefined;
  readonly #cutter: Decoder<Message | RawFrame>;

  /** `cutter`: finds frames, and does not mind that they are not sealed. */
  constructor(
    codec: SortingCodec,
    cutter: Decoder<Message | RawFrame>,
    broadcasts: BroadcastReader | undefined,
    peerOf: (id: number) => ShardPeer | undefined,
  ) {
    this.#codec = codec;
    this.#broadcasts = broadcasts;
    this.#peerOf = peerOf;
    this.#cutter = cutter;
  }

  /** A record that is no note. What is for a peer that is gone is dropped, as its outbox would be. */
  handle(record: Uint8Array): void {
    if (record[0] === RECORD.frames) return this.#onFrames(record);
    if (record[0] === RECORD.sealed) {
      const { frame, peers } = decodeSealed(record);
      return this.#share(frame.slice(), peers);
    }
    if (!this.#broadcasts) throw new Error("a record speaks of a ring that is not there");
    const { number, peers } = decodeBroadcast(record);
    this.#share(this.#broadcasts.take(number), peers);
  }

  #onFrames(record: Uint8Array): void {
    const peer = this.#peerOf(readFramesHead(record));
    if (!peer) return;
    this.#each(record.subarray(FRAMES_HEAD_BYTES), ({ type, bytes, start, end }) => {
      this.#codec.seal(bytes, start, end);
      peer.send(type, bytes.subarray(start, end), false);
    });
  }

  /** One frame, in memory that nobody changes any more, to each of them. */
  #share(frame: Uint8Array, peers: readonly number[]): void {
    this.#each(frame, ({ type }) => {
      for (const id of peers) this.#peerOf(id)?.send(type, frame, true);
    });
  }

  #each(frames: Uint8Array, use: (frame: RawFrame) => void): void {
    this.#cutter.feed(frames);
    for (let next = this.#cutter.next(); next; next = this.#cutter.next()) use(next as RawFrame);
  }
}
