import { DEFAULT_RING_BYTES, MAX_RING_FRAME_BYTES } from "../protocol/ring_params.ts";
import type { SinkEvents, SourceEvents } from "./frames.ts";
import {
  ABANDONED,
  asleepOf,
  attachedOf,
  checkRingSize,
  headOf,
  OPEN,
  ringBytes,
  type RingSize,
  STATE,
  TAIL,
} from "./layout.ts";
import { BufferMemory, type CopyBytes, type SharedMemory, shareMemory } from "./memory.ts";
import { FrameReader } from "./reader.ts";
import { FrameWriter } from "./writer.ts";

/** What threads hand to each other: a message may carry it, and both ends open it. */
export interface RingHandle {
  readonly buffer: SharedArrayBuffer;
  readonly size: RingSize;
  readonly maxFrameBytes: number;
}

export interface RingOptions {
  /** A power of two. */
  readonly capacityBytes?: number;
  /** Threads that get every frame: 1 by default. */
  readonly readers?: number;
  readonly maxFrameBytes?: number;
}

export interface RingWriterOptions extends SinkEvents {
  readonly copy: CopyBytes;
  /** The writer before this one died, and the ring was abandoned. */
  readonly restarts?: boolean;
}

export interface RingReaderOptions extends SourceEvents {
  readonly copy: CopyBytes;
  /** Which one of the readers: 0 by default. */
  readonly reader?: number;
  readonly onLost?: (frameBytes: number) => void;
}

/** A ring in shared memory, for one writer. Throws LocalError for a size that none has. */
export function createRing(options: RingOptions = {}): RingHandle {
  const size = { capacityBytes: options.capacityBytes ?? DEFAULT_RING_BYTES, readers: options.readers ?? 1 };
  checkRingSize(size);
  const buffer = shareMemory("a ring", ringBytes(size));
  prepareRing(new BufferMemory(buffer, noCopy), size, 0);
  return { buffer, size, maxFrameBytes: options.maxFrameBytes ?? MAX_RING_FRAME_BYTES };
}

/** Makes an empty ring of fresh memory, whose positions begin at `start`. */
export function prepareRing(memory: SharedMemory, { readers }: RingSize, start: number): void {
  memory.store(TAIL, start);
  for (let reader = 0; reader < readers; reader++) {
    memory.store(headOf(reader), start);
    memory.store(attachedOf(reader), 1);
  }
}

export function openWriter(handle: RingHandle, options: RingWriterOptions): FrameWriter {
  const memory = new BufferMemory(handle.buffer, options.copy);
  if (options.restarts) memory.store(STATE, OPEN);
  return new FrameWriter({ ...options, memory, size: handle.size, maxFrameBytes: handle.maxFrameBytes });
}

export function openReader(handle: RingHandle, options: RingReaderOptions): FrameReader {
  const memory = new BufferMemory(handle.buffer, options.copy);
  return new FrameReader({ ...options, memory, size: handle.size, reader: options.reader ?? 0 });
}

/** The share of a ring that is in use, 0 to 1: what its slowest reader has not taken yet. Any thread may ask. */
export function ringUse({ buffer, size }: RingHandle): number {
  const memory = new BufferMemory(buffer, noCopy);
  const tail = memory.load(TAIL);
  let used = 0;
  for (let reader = 0; reader < size.readers; reader++) {
    if (memory.load(attachedOf(reader)) !== 0) used = Math.max(used, (tail - memory.load(headOf(reader))) | 0);
  }
  return used / size.capacityBytes;
}

/**
 * Says that the writer's thread died. What it had committed can still be read; what it had not is as if it had never been
 * written. Another writer may be opened afterwards, with `restarts`, where the thread ended by itself or the runtime is
 * to be believed: of a thread that is ended from outside Deno says that it is gone while it may still run for a moment.
 */
export function abandonRing(handle: RingHandle, wakeReader: (reader: number) => void): void {
  abandon(new BufferMemory(handle.buffer, noCopy), handle.size, wakeReader);
}

export function abandon(memory: SharedMemory, { readers }: RingSize, wakeReader: (reader: number) => void): void {
  memory.store(STATE, ABANDONED);
  for (let reader = 0; reader < readers; reader++) {
    // Even where nobody seems to sleep: the writer may have died just before it rang.
    memory.store(asleepOf(reader), 0);
    wakeReader(reader);
  }
}

function noCopy(): void {
  throw new Error("nothing is copied here");
}
