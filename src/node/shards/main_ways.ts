import { createBells, openBells } from "../../platform/bells.ts";
import { copyBytes } from "../../platform/copy_bytes.ts";
import type { Thread } from "../../platform/types.ts";
import { MAX_RING_READERS } from "../../protocol/ring_params.ts";
import { SHARD_RING_BYTES } from "../../protocol/shard_params.ts";
import type { ShardSnapshot } from "../../protocol/peer_snapshots.ts";
import type { FrameSink } from "../../ring/frames.ts";
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
  /** The thread is gone: nobody waits for it any more. Idempotent. */
  leave(): void;
  /** Call it with the thread once there is one, and with each message of that thread. */
  connect(thread: Thread): void;
  onMessage(message: unknown): void;
  /** Call it when this thread's bell was rung. */
  wake(): void;
}

/** What connects the main thread with all of its shards. */
export interface MainLinks {
  /** For one life of a shard: its thread reads the ring of all from what is committed next. */
  open(shard: number, events: WayEvents): MainWays;
  /** The ring that all shards read; undefined: there is none. */
  readonly broadcasts: FrameSink | undefined;
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
  /** By place in the ring of all: the shard whose thread has it. */
  readonly #shardAt = new Map<number, number>();
  /**
   * Places that nobody has, the one that was left first in front. A thread that was ended from outside may still write
   * in its own for a moment (Deno): it comes to somebody else only when at least as many threads as are left over with
   * the most shards, 64, have died after that.
   */
  readonly #places = Array.from({ length: MAX_RING_READERS }, (_, place) => place);

  constructor(shards: number) {
    this.#bells = createBells(shards + 1);
    this.#ownBells = openBells(this.#bells, MAIN_THREAD);
    this.#handle = createRing({ capacityBytes: SHARD_RING_BYTES, readers: MAX_RING_READERS });
    const wakeReader = (place: number) => this.#ownBells.ring(threadOf(this.#shardAt.get(place)!));
    this.broadcasts = openWriter(this.#handle, { copy: copyBytes, wakeReader });
    for (const place of this.#places) this.broadcasts.detach(place);
  }

  open(shard: number, { onRoom, onFrames }: WayEvents): MainWays {
    const toShard = createRing({ capacityBytes: SHARD_RING_BYTES });
    const toMain = createRing({ capacityBytes: SHARD_RING_BYTES });
    const wakeShard = () => this.#ownBells.ring(threadOf(shard));
    const sink = openWriter(toShard, { copy: copyBytes, wakeReader: wakeShard, onRoom });
    const source = openReader(toMain, { copy: copyBytes, wakeWriter: wakeShard, onFrames });
    const flags = this.#flags.buffer;
    const place = this.#enter(shard);
    return {
      sink,
      source,
      start: { by: "memory", bells: this.#bells, toShard, toMain, broadcasts: this.#handle, place, flags },
      use: () => ({ toShard: ringUse(toShard), toMain: ringUse(toMain) }),
      leave: () => this.#leave(place),
      connect() {},
      onMessage() {},
      wake() {
        sink.wake();
        source.wake();
      },
    };
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

  #enter(shard: number): number {
    const place = this.#places.shift();
    // There are as many again as shards can be, and a shard has one thread at a time.
    if (place === undefined) throw new Error("all places in the ring of all shards are taken");
    this.#shardAt.set(place, shard);
    this.broadcasts.attach(place);
    return place;
  }

  #leave(place: number): void {
    if (!this.#shardAt.delete(place)) return;
    this.broadcasts.detach(place);
    this.#places.push(place);
  }
}

/** Each shard gets frames for many by itself, and passes on all messages of applications: nothing is shared. */
class MessageLinks implements MainLinks {
  readonly broadcasts = undefined;

  open(_shard: number, events: WayEvents): MainWays {
    // A thread may lose what comes before it listens; it speaks first.
    let early: (() => void)[] | undefined = [];
    let thread: Thread | undefined;
    const post = (envelope: Envelope, transfer: readonly ArrayBuffer[]) => {
      if (early) early.push(() => thread?.post(envelope, transfer));
      else thread?.post(envelope, transfer);
    };
    const ports = new MessagePorts(post);
    return {
      ...ports.open("toShard", "toMain", events),
      start: { by: "messages" },
      use: () => ({ toShard: null, toMain: null }),
      leave() {},
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

  setHearsApps(): void {}
  listen(): void {}
  close(): void {}
}
