import { createBells, openBells } from "../../platform/bells.ts";
import { copyBytes } from "../../platform/copy_bytes.ts";
import type { Thread } from "../../platform/types.ts";
import { MAX_RING_FRAME_BYTES } from "../../protocol/ring_params.ts";
import { SHARD_RING_BYTES } from "../../protocol/shard_params.ts";
import type { ShardSnapshot } from "../../protocol/snapshots.ts";
import type { FrameSink } from "../../ring/frames.ts";
import { MessageReader, MessageWriter } from "../../ring/message_ring.ts";
import { createRing, openReader, openWriter, ringUse } from "../../ring/ring.ts";
import {
  type Envelope,
  FLAG,
  FLAGS_BYTES,
  MAIN_THREAD,
  MessagePorts,
  threadOf,
  type WayEvents,
  type Ways,
  type WaysStart,
} from "./ways.ts";

/** The ends that the main thread has of one shard's rings. */
export interface MainWays extends Ways {
  /** What the thread is given to open its own. */
  readonly start: WaysStart;
  readonly use: () => ShardSnapshot["ringUse"];
  /** Call it with the thread once there is one, and with each message of that thread. */
  connect(thread: Thread): void;
  onMessage(message: unknown): void;
  /** Call it when this thread's bell was rung. */
  wake(): void;
}

/** What connects the main thread with all of its shards. */
export interface MainLinks {
  open(shard: number, events: WayEvents): MainWays;
  /** The ring that all shards read; undefined: there is none. */
  readonly broadcasts: FrameSink | undefined;
  /** The shard reads that ring from now on, or no more. */
  attach(shard: number): void;
  detach(shard: number): void;
  setHearsApps(hears: boolean): void;
  /** Calls `onWake` whenever something may have changed in a ring. */
  listen(onWake: () => void): void;
  close(): void;
}

export function createLinks(shards: number, sharesMemory: boolean): MainLinks {
  return sharesMemory ? new MemoryLinks(shards) : new MessageLinks();
}

class MemoryLinks implements MainLinks {
  readonly broadcasts;
  readonly #handle;
  readonly #bells;
  readonly #ownBells;
  readonly #flags = new Int32Array(new SharedArrayBuffer(FLAGS_BYTES));

  constructor(shards: number) {
    this.#bells = createBells(shards + 1);
    this.#ownBells = openBells(this.#bells, MAIN_THREAD);
    this.#handle = createRing({ capacityBytes: SHARD_RING_BYTES, readers: shards });
    const wakeReader = (reader: number) => this.#ownBells.ring(threadOf(reader));
    this.broadcasts = openWriter(this.#handle, { copy: copyBytes, wakeReader });
  }

  open(shard: number, { onRoom, onFrames }: WayEvents): MainWays {
    const toShard = createRing({ capacityBytes: SHARD_RING_BYTES });
    const toMain = createRing({ capacityBytes: SHARD_RING_BYTES });
    const wakeShard = () => this.#ownBells.ring(threadOf(shard));
    const sink = openWriter(toShard, { copy: copyBytes, wakeReader: wakeShard, onRoom });
    const source = openReader(toMain, { copy: copyBytes, wakeWriter: wakeShard, onFrames });
    const flags = this.#flags.buffer;
    return {
      sink,
      source,
      start: { by: "memory", bells: this.#bells, toShard, toMain, broadcasts: this.#handle, flags },
      use: () => ({ toShard: ringUse(toShard), toMain: ringUse(toMain) }),
      connect() {},
      onMessage() {},
      wake() {
        sink.wake();
        source.wake();
      },
    };
  }

  attach(shard: number): void {
    this.broadcasts.attach(shard);
  }

  detach(shard: number): void {
    this.broadcasts.detach(shard);
  }

  setHearsApps(hears: boolean): void {
    Atomics.store(this.#flags, FLAG.hearsApps, hears ? 1 : 0);
  }

  listen(onWake: () => void): void {
    this.#ownBells.listen(() => {
      this.broadcasts.wake();
      onWake();
    });
  }

  close(): void {
    this.#ownBells.close();
  }
}

/** Each shard gets frames for many by itself, and passes on all messages of applications: nothing is shared. */
class MessageLinks implements MainLinks {
  readonly broadcasts = undefined;

  open(_shard: number, { onRoom, onFrames }: WayEvents): MainWays {
    // A thread may lose what comes before it listens; it speaks first.
    let early: (() => void)[] | undefined = [];
    let thread: Thread | undefined;
    const post = (envelope: Envelope, transfer: readonly ArrayBuffer[]) => {
      if (early) early.push(() => thread?.post(envelope, transfer));
      else thread?.post(envelope, transfer);
    };
    const ports = new MessagePorts(post);
    const sink = new MessageWriter({
      ports: [ports.port("toShard")],
      capacityBytes: SHARD_RING_BYTES,
      maxFrameBytes: MAX_RING_FRAME_BYTES,
      onRoom,
    });
    const source = new MessageReader({ port: ports.port("toMain"), onFrames });
    return {
      sink,
      source,
      start: { by: "messages" },
      use: () => ({ toShard: null, toMain: null }),
      connect: (started) => void (thread = started),
      onMessage(message) {
        const waiting = early ?? [];
        early = undefined;
        for (const send of waiting) send();
        ports.deliver(message as Envelope);
      },
      wake() {},
    };
  }

  attach(): void {}
  detach(): void {}
  setHearsApps(): void {}
  listen(): void {}
  close(): void {}
}
