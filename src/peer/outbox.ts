import { type Lane, LANE_POLICIES, LANES } from "../protocol/lanes.ts";
import type { Message, MessageType } from "../protocol/messages.ts";
import {
  BATCH_BYTES,
  DIRECT_WRITE_BYTES,
  MIN_BATCH_BYTES,
  OUTBOX_LOW_WATER_BYTES,
} from "../protocol/connection_params.ts";
import { concatBytes } from "../util/bytes.ts";
import type { Env } from "../util/env.ts";
import type { TimeSink } from "../util/time_counts.ts";
import type { WireCodec } from "../wire/codec.ts";
import { type Batch, LaneQueue } from "./lane_queue.ts";

/** What became of a frame offered to an outbox. */
export type OfferOutcome = "queued" | "dropped" | "overflow";

/** Whose outbox it is. */
export interface OutboxOwner {
  /** Hands bytes to the connection; false: hold the rest until `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Called once after `awaitRoom`, in a turn of its own: there is room for bulk data again. */
  onRoom(): void;
}

export interface OutboxOptions {
  readonly env: Env;
  readonly codec: WireCodec;
  readonly owner: OutboxOwner;
  /** How long the connection took nothing; undefined: not measured. */
  readonly waits?: TimeSink;
}

/**
 * Frames on their way to one peer, in four weighted lanes. Small frames are written side by side into the batch that
 * will be handed to the socket; large ones are handed over as they are. What was offered in one turn of the loop leaves
 * at its end. Bounded in bytes and frames by lane.
 */
export class Outbox {
  readonly #env: Env;
  readonly #codec: WireCodec;
  readonly #owner: OutboxOwner;
  readonly #waits: TimeSink | undefined;
  /** Each is made when it is first used. */
  readonly #lanes: { [L in Lane]: LaneQueue | undefined } = {
    control: undefined,
    sync: undefined,
    inventory: undefined,
    data: undefined,
  };
  #bytes = 0;
  #frames = 0;
  #dropped = 0;
  #flushPending = false;
  #roomWanted = false;
  #roomPending = false;
  #blocked = false;
  #blockedAt = 0;
  #closed = false;

  constructor({ env, codec, owner, waits }: OutboxOptions) {
    this.#env = env;
    this.#codec = codec;
    this.#owner = owner;
    this.#waits = waits;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Frames that wait. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames dropped because their lane was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What waits in one lane. */
  waiting(lane: Lane): { readonly bytes: number; readonly frames: number } {
    return this.#lanes[lane] ?? NOTHING;
  }

  /** Encodes a message and queues it. `overflow`: the peer is too slow for frames that it needs. */
  offer(message: Message, lane: Lane): OfferOutcome {
    if (this.#closed) return "dropped";
    const queue = this.#queueOf(lane);
    if (queue.isFullOfFrames) return this.#offerReserved(queue, message);
    const room = queue.open;
    const sizeBytes = room ? this.#codec.encodeInto(message, room.bytes, room.used) : -1;
    if (sizeBytes < 0) return this.offerFrame(this.#codec.encode(message), lane, message.type);
    if (!queue.hasRoomFor(sizeBytes)) return this.#offerReserved(queue, message);
    queue.extend(sizeBytes);
    return this.#queued(sizeBytes);
  }

  /**
   * Queues a frame that was encoded before; it may be shared and must not be changed any more. `type`: of what it holds,
   * for room that is reserved.
   */
  offerFrame(frame: Uint8Array, lane: Lane, type?: MessageType): OfferOutcome {
    if (this.#closed) return "dropped";
    const queue = this.#queueOf(lane);
    if (queue.isFullOfFrames || !queue.hasRoomFor(frame.length)) return this.#appendReserved(queue, frame, type);
    return this.#append(queue, frame);
  }

  /** The lane is full. Of what it is offered then most is refused, and not encoded for that. */
  #offerReserved(queue: LaneQueue, message: Message): OfferOutcome {
    if (!queue.policy.reserve?.types.has(message.type)) return this.#refuse(queue);
    return this.#appendReserved(queue, this.#codec.encode(message), message.type);
  }

  #appendReserved(queue: LaneQueue, frame: Uint8Array, type: MessageType | undefined): OfferOutcome {
    const isAdmitted = type !== undefined && queue.hasReserveFor(type, frame.length);
    return isAdmitted ? this.#append(queue, frame) : this.#refuse(queue);
  }

  #append(queue: LaneQueue, frame: Uint8Array): OfferOutcome {
    if (frame.length >= DIRECT_WRITE_BYTES) queue.pushAlone(frame);
    else queue.append(frame, MIN_BATCH_BYTES, BATCH_BYTES);
    return this.#queued(frame.length);
  }

  /** Asks for one call of `onRoom`, once the connection took frames and little waits. */
  awaitRoom(): void {
    this.#roomWanted = true;
    if (this.#frames === 0) this.#scheduleRoom();
  }

  /** The connection takes bytes again. */
  drained(): void {
    const now = this.#env.now();
    if (this.#blocked) this.#waits?.add(now - this.#blockedAt, now);
    this.#blocked = false;
    this.#flush();
  }

  /** Hands everything that waits to the connection, which is about to close, whether it wants more or not. */
  flushAll(): void {
    while (this.#frames > 0) this.#owner.write(this.#takeBytes());
    this.close();
  }

  /** Drops what waits; later frames are dropped too. */
  close(): void {
    this.#closed = true;
    for (const lane of LANES) this.#lanes[lane]?.clear();
    this.#bytes = 0;
    this.#frames = 0;
  }

  #queueOf(lane: Lane): LaneQueue {
    return this.#lanes[lane] ??= new LaneQueue(LANE_POLICIES[lane]);
  }

  #queued(sizeBytes: number): OfferOutcome {
    this.#bytes += sizeBytes;
    this.#frames++;
    this.#scheduleFlush();
    return "queued";
  }

  #refuse(queue: LaneQueue): OfferOutcome {
    this.#dropped++;
    return queue.policy.whenFull === "close" ? "overflow" : "dropped";
  }

  #scheduleFlush(): void {
    if (this.#flushPending || this.#blocked) return;
    this.#flushPending = true;
    this.#env.soon(() => {
      this.#flushPending = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#blocked || this.#frames === 0) return;
    while (!this.#blocked && this.#frames > 0) this.#blocked = !this.#owner.write(this.#takeBytes());
    if (this.#blocked) this.#blockedAt = this.#env.now();
    if (this.#roomWanted) this.#scheduleRoom();
  }

  /** Not at once: whoever fills the outbox again and again would keep the loop from all others. */
  #scheduleRoom(): void {
    if (this.#roomPending) return;
    this.#roomPending = true;
    this.#env.nextTurn(() => {
      this.#roomPending = false;
      if (this.#closed || this.#bytes >= OUTBOX_LOW_WATER_BYTES) return;
      this.#roomWanted = false;
      this.#owner.onRoom();
    });
  }

  /** The next bytes to write: all that waits in one piece if that is little, else the next batch by rank and weight. */
  #takeBytes(): Uint8Array {
    const waiting = this.#bytes;
    const first = this.#take(this.#nextLane()!);
    if (this.#frames === 0 || waiting > BATCH_BYTES) return bytesOf(first);
    const parts = [bytesOf(first)];
    for (let queue = this.#nextLane(); queue; queue = this.#nextLane()) parts.push(bytesOf(this.#take(queue)));
    return concatBytes(parts);
  }

  /** The first lane in rank that has something and credit left; a round ends when none has both. */
  #nextLane(): LaneQueue | undefined {
    if (this.#frames === 0) return undefined;
    for (let round = 0; round < 2; round++) {
      for (const lane of LANES) {
        const queue = this.#lanes[lane];
        if (queue && queue.frames > 0 && queue.credit > 0) return queue;
      }
      for (const lane of LANES) this.#lanes[lane]?.refill();
    }
    return undefined;
  }

  #take(queue: LaneQueue): Batch {
    const batch = queue.take();
    this.#bytes -= batch.used;
    this.#frames -= batch.frames;
    return batch;
  }
}

const NOTHING = { bytes: 0, frames: 0 };

function bytesOf(batch: Batch): Uint8Array {
  return batch.used === batch.bytes.length ? batch.bytes : batch.bytes.subarray(0, batch.used);
}
