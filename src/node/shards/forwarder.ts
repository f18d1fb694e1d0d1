import { RECORD_BYTES } from "../../protocol/shard_params.ts";
import type { RawFrame } from "../../wire/codec.ts";
import type { RecordSender } from "./record_sender.ts";
import { FRAMES_HEAD_BYTES, writeFramesHead } from "./records.ts";

const NOTHING = new Uint8Array(0);

/** Passes frames of peers on to the main thread; those that lie side by side in one chunk go as one record. */
export class Forwarder {
  readonly #sender: RecordSender;
  readonly #scratch = new Uint8Array(FRAMES_HEAD_BYTES + RECORD_BYTES);
  #peer = 0;
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;

  constructor(sender: RecordSender) {
    this.#sender = sender;
  }

  /** False: something waits for room in the ring, and this peer should not be read from. */
  forward(peer: number, { bytes, start, end }: RawFrame): boolean {
    const isNext = peer === this.#peer && bytes === this.#bytes && start === this.#end;
    if (isNext && end - this.#start <= RECORD_BYTES) {
      this.#end = end;
      return true;
    }
    const hasRoom = this.flush();
    this.#peer = peer;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    return hasRoom;
  }

  /** Before the chunk is given back. False: something waits for room in the ring. */
  flush(): boolean {
    const sizeBytes = this.#end - this.#start;
    if (sizeBytes === 0) return true;
    const recordBytes = FRAMES_HEAD_BYTES + sizeBytes;
    const record = sizeBytes <= RECORD_BYTES ? this.#scratch.subarray(0, recordBytes) : new Uint8Array(recordBytes);
    writeFramesHead(record, this.#peer);
    record.set(this.#bytes.subarray(this.#start, this.#end), FRAMES_HEAD_BYTES);
    this.#bytes = NOTHING;
    this.#start = this.#end = 0;
    return this.#sender.put(record);
  }
}
