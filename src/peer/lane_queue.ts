import { type LanePolicy, reserveAdmits } from "../protocol/lanes.ts";
import type { MessageType } from "../protocol/messages.ts";
import { Deque } from "../util/deque.ts";

/** Frames side by side, to be written at once. */
export interface Batch {
  readonly bytes: Uint8Array;
  /** Bytes in use, from the start. */
  used: number;
  frames: number;
}

/** What waits in one lane of an outbox, in order: batches of small frames, and large frames alone. */
export class LaneQueue {
  readonly policy: LanePolicy;
  /** What is written next. An idle peer has none, and one that reads as we write never has others behind it. */
  #first: Batch | undefined;
  #others: Deque<Batch> | undefined;
  /** The last batch, while it may still grow. */
  open: Batch | undefined;
  bytes = 0;
  frames = 0;
  /** Batches that the lane may still send in this round. */
  credit: number;
  /** Size of the batch that was sent last: the next one will be like it. */
  #usualBytes = 0;

  constructor(policy: LanePolicy) {
    this.policy = policy;
    this.credit = policy.weight;
  }

  get isFullOfFrames(): boolean {
    return this.frames >= this.policy.maxFrames;
  }

  /** A frame alone in its lane always fits: the wire's own limits bound it. */
  hasRoomFor(sizeBytes: number): boolean {
    return this.bytes === 0 || this.bytes + sizeBytes <= this.policy.maxBytes;
  }

  /** The same beyond the lane's bounds, for the types that have room reserved there. */
  hasReserveFor(type: MessageType, sizeBytes: number): boolean {
    return reserveAdmits(this.policy, type, sizeBytes, this);
  }

  /** Counts a frame that was written behind the open batch's last one. */
  extend(sizeBytes: number): void {
    this.open!.used += sizeBytes;
    this.open!.frames++;
    this.#count(sizeBytes);
  }

  /** Copies a small frame into the open batch, which grows up to `maxBytes`, or into a new one of at least `minBytes`. */
  append(frame: Uint8Array, minBytes: number, maxBytes: number): void {
    let batch = this.open;
    if (!batch || batch.used + frame.length > batch.bytes.length) {
      batch = this.#makeRoom(frame.length, minBytes, maxBytes);
    }
    batch.bytes.set(frame, batch.used);
    this.extend(frame.length);
  }

  /** Queues a large frame as it is, behind what waits. */
  pushAlone(frame: Uint8Array): void {
    this.#push({ bytes: frame, used: frame.length, frames: 1 });
    this.open = undefined;
    this.#count(frame.length);
  }

  take(): Batch {
    const batch = this.#first!;
    this.#first = this.#others?.shift();
    if (batch === this.open) this.open = undefined;
    this.#usualBytes = batch.used;
    this.bytes -= batch.used;
    this.frames -= batch.frames;
    this.credit--;
    return batch;
  }

  /** A new round. */
  refill(): void {
    this.credit = this.policy.weight;
  }

  clear(): void {
    this.#first = undefined;
    this.#others = undefined;
    this.open = undefined;
    this.bytes = 0;
    this.frames = 0;
  }

  /** A batch with room for the frame: the open one, larger; or a new one. */
  #makeRoom(frameBytes: number, minBytes: number, maxBytes: number): Batch {
    const { open } = this;
    if (open && open.used + frameBytes <= maxBytes) {
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(2 * open.bytes.length, open.used + frameBytes)));
      larger.set(open.bytes.subarray(0, open.used));
      return this.#replaceOpen({ bytes: larger, used: open.used, frames: open.frames });
    }
    const capacity = Math.min(maxBytes, Math.max(minBytes, frameBytes, this.#usualBytes));
    this.open = { bytes: new Uint8Array(capacity), used: 0, frames: 0 };
    this.#push(this.open);
    return this.open;
  }

  #push(batch: Batch): void {
    if (!this.#first) this.#first = batch;
    else (this.#others ??= new Deque()).push(batch);
  }

  #replaceOpen(batch: Batch): Batch {
    if (this.#others && this.#others.length > 0) this.#others.replaceLast(batch);
    else this.#first = batch;
    this.open = batch;
    return batch;
  }

  #count(sizeBytes: number): void {
    this.bytes += sizeBytes;
    this.frames++;
  }
}
