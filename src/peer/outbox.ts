import { type Lane, LANE_POLICIES, LANES } from "../protocol/lanes.ts";
import { BATCH_BYTES, DIRECT_WRITE_BYTES } from "../protocol/params.ts";
import { concatBytes } from "../util/bytes.ts";
import { Deque } from "../util/deque.ts";
import type { Env } from "../util/env.ts";

/** What became of a frame offered to an outbox. */
export type OfferOutcome = "queued" | "dropped" | "overflow";

export interface OutboxOptions {
  readonly env: Env;
  /** Hands bytes to the connection; false: hold the rest until `drained`. */
  readonly write: (bytes: Uint8Array) => boolean;
  /** Called after the connection took frames, when there may be room for more. */
  readonly onWritten: () => void;
}

interface LaneQueue {
  readonly frames: Deque<Uint8Array>;
  bytes: number;
  /** Frames that the lane may still send in this round. */
  credit: number;
}

/**
 * Frames on their way to one peer, in four weighted lanes. Everything offered in one turn of the loop leaves at its end
 * in as few writes as possible: small frames joined, large ones as they are. Bounded in bytes and frames by lane.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #lanes: { readonly [L in Lane]: LaneQueue } = {
    control: emptyLane("control"),
    sync: emptyLane("sync"),
    inventory: emptyLane("inventory"),
    data: emptyLane("data"),
  };
  #bytes = 0;
  #frames = 0;
  #dropped = 0;
  #flushPending = false;
  #blocked = false;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
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

  /** Queues a frame, which must not be changed any more. `overflow`: the peer is too slow for frames it needs. */
  offer(frame: Uint8Array, lane: Lane): OfferOutcome {
    if (this.#closed) return "dropped";
    const queue = this.#lanes[lane];
    const policy = LANE_POLICIES[lane];
    // A frame alone in its lane always fits: the wire's own limits bound it.
    const full = queue.frames.length >= policy.maxFrames ||
      (queue.bytes > 0 && queue.bytes + frame.length > policy.maxBytes);
    if (full) {
      this.#dropped++;
      return policy.whenFull === "close" ? "overflow" : "dropped";
    }
    queue.frames.push(frame);
    queue.bytes += frame.length;
    this.#bytes += frame.length;
    this.#frames++;
    this.#scheduleFlush();
    return "queued";
  }

  /** The connection takes bytes again. */
  drained(): void {
    this.#blocked = false;
    this.#flush();
  }

  /** Hands everything that waits to the connection, which is about to close, whether it wants more or not. */
  flushAll(): void {
    while (this.#frames > 0) this.#options.write(this.#takeBatch());
    this.close();
  }

  /** Drops what waits; later frames are dropped too. */
  close(): void {
    this.#closed = true;
    for (const lane of LANES) {
      this.#lanes[lane].frames.clear();
      this.#lanes[lane].bytes = 0;
    }
    this.#bytes = 0;
    this.#frames = 0;
  }

  #scheduleFlush(): void {
    if (this.#flushPending || this.#blocked) return;
    this.#flushPending = true;
    this.#options.env.soon(() => {
      this.#flushPending = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#blocked || this.#frames === 0) return;
    while (!this.#blocked && this.#frames > 0) {
      this.#blocked = !this.#options.write(this.#takeBatch());
    }
    this.#options.onWritten();
  }

  /** The next bytes to write: one large frame as it is, or small ones joined. */
  #takeBatch(): Uint8Array {
    const batch: Uint8Array[] = [];
    let batchBytes = 0;
    for (let queue = this.#nextLane(); queue; queue = this.#nextLane()) {
      const frame = queue.frames.peek()!;
      const isLarge = frame.length >= DIRECT_WRITE_BYTES;
      if (batch.length > 0 && (isLarge || batchBytes + frame.length > BATCH_BYTES)) break;
      this.#take(queue);
      if (isLarge) return frame;
      batch.push(frame);
      batchBytes += frame.length;
    }
    return batch.length === 1 ? batch[0]! : concatBytes(batch);
  }

  /** The first lane in rank that has a frame and credit left; a round ends when none has both. */
  #nextLane(): LaneQueue | undefined {
    if (this.#frames === 0) return undefined;
    for (let round = 0; round < 2; round++) {
      for (const lane of LANES) {
        const queue = this.#lanes[lane];
        if (queue.frames.length > 0 && queue.credit > 0) return queue;
      }
      for (const lane of LANES) this.#lanes[lane].credit = LANE_POLICIES[lane].weight;
    }
    return undefined;
  }

  #take(queue: LaneQueue): void {
    const frame = queue.frames.shift()!;
    queue.credit--;
    queue.bytes -= frame.length;
    this.#bytes -= frame.length;
    this.#frames--;
  }
}

function emptyLane(lane: Lane): LaneQueue {
  return { frames: new Deque(), bytes: 0, credit: LANE_POLICIES[lane].weight };
}
