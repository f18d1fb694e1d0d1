import type { BellsHandle } from "../../platform/bells.ts";
import type { FrameSink, FrameSource } from "../../ring/frames.ts";
import { MAX_RING_FRAME_BYTES } from "../../protocol/ring_params.ts";
import { SHARD_RING_BYTES } from "../../protocol/shard_params.ts";
import { type FramePort, MessageReader, MessageWriter, type RingMessage } from "../../ring/message_ring.ts";
import type { RingHandle } from "../../ring/ring.ts";

/** What a shard's thread is given to open its ends of the rings. */
export type WaysStart =
  | {
    readonly by: "memory";
    readonly bells: BellsHandle;
    readonly toShard: RingHandle;
    readonly toMain: RingHandle;
    /** Read by all shards. */
    readonly broadcasts: RingHandle;
    /** Which one of its readers this thread is; its predecessor was another one. */
    readonly place: number;
    readonly flags: SharedArrayBuffer;
  }
  /** Where memory cannot be shared: the rings are made of messages between the threads. */
  | { readonly by: "messages" };

/** The ends of one thread: records out, and records in. */
export interface Ways {
  readonly sink: FrameSink;
  readonly source: FrameSource;
}

export interface WayEvents {
  readonly onRoom: () => void;
  readonly onFrames: () => void;
}

/** Words of the flags. */
export const FLAG = {
  /** 1 while somebody listens to messages of applications. Read for each of them, written when that changes. */
  hearsApps: 0,
} as const;

export const FLAGS_BYTES = Int32Array.BYTES_PER_ELEMENT;
export const MAIN_THREAD = 0;

export function threadOf(shard: number): number {
  return MAIN_THREAD + 1 + shard;
}

type Way = "toShard" | "toMain";

/** A message between threads, and the ring that it belongs to. */
export interface Envelope {
  readonly way: Way;
  readonly message: RingMessage;
}

/** Both rings of a shard over the one channel that two threads have. */
export class MessagePorts {
  readonly #post: (envelope: Envelope, transfer: readonly ArrayBuffer[]) => void;
  readonly #listeners = new Map<Way, (message: RingMessage) => void>();

  constructor(post: (envelope: Envelope, transfer: readonly ArrayBuffer[]) => void) {
    this.#post = post;
  }

  port(way: Way): FramePort {
    return {
      post: (message, transfer) => this.#post({ way, message }, transfer),
      listen: (listener) => void this.#listeners.set(way, listener),
    };
  }

  deliver({ way, message }: Envelope): void {
    this.#listeners.get(way)?.(message);
  }

  /** The ends of the thread whose records go out by the one and come in by the other. */
  open(out: Way, into: Way, { onRoom, onFrames }: WayEvents): Ways {
    const sink = new MessageWriter({
      ports: [this.port(out)],
      capacityBytes: SHARD_RING_BYTES,
      maxFrameBytes: MAX_RING_FRAME_BYTES,
      onRoom,
    });
    return { sink, source: new MessageReader({ port: this.port(into), onFrames }) };
  }
}
