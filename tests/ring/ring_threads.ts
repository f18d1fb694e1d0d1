// What a thread of a program around a ring does, for the explorer.

import type { FrameSource } from "../../src/ring/frames.ts";
import { dataOffset, WORD_BYTES } from "../../src/ring/layout.ts";
import { FrameReader } from "../../src/ring/reader.ts";
import { abandon } from "../../src/ring/ring.ts";
import { FrameWriter } from "../../src/ring/writer.ts";
import type { ThreadView } from "../support/interleaving/thread_view.ts";

export interface RingCode {
  readonly FrameWriter: typeof FrameWriter;
  readonly FrameReader: typeof FrameReader;
  readonly abandon: typeof abandon;
}

export const REAL: RingCode = { FrameWriter, FrameReader, abandon };

const CAPACITY = 64;
export const WRITER = 0;
export const MAX_FRAME_BYTES = 256;

export interface Traffic {
  /** Of each frame, in bytes. */
  readonly lengths: readonly number[];
  readonly start?: number;
  /** Frames between commits. */
  readonly batch?: number;
  /** Whether the writer ends the ring, which wakes the reader once more; or the reader knows how many frames come. */
  readonly closes?: boolean;
  /** The number of the first frame, where the writer before had others; this one goes on in its ring. */
  readonly after?: number;
}

/** A byte tells of which frame it is, and where in it. */
export function frameOf(index: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => (index + 1) * 50 + place);
}

export function sizeOf(readers: number) {
  return { capacityBytes: CAPACITY, readers };
}

export function ringWords(readers: number): number {
  return (dataOffset(readers) + CAPACITY) / WORD_BYTES;
}

/** Sends the frames, and sleeps where there is no room. `onBell`: before it looks whether there is some. */
export function write(
  code: RingCode,
  thread: ThreadView,
  readers: number,
  { lengths, batch = 1, closes = true, after }: Traffic,
  onBell: (sink: FrameWriter) => void = () => {},
): void {
  let hasRoom = true;
  const sink = new code.FrameWriter({
    memory: thread,
    size: sizeOf(readers),
    maxFrameBytes: MAX_FRAME_BYTES,
    restarts: after !== undefined,
    wakeReader: (reader) => thread.ring(reader + 1),
    onRoom: () => hasRoom = true,
  });
  const wait = () => {
    thread.waitForBell();
    onBell(sink);
    sink.wake();
  };
  lengths.forEach((length, index) => {
    while (!sink.offer(frameOf((after ?? 0) + index, length))) {
      // Who is not told of room waits, whatever may ring.
      for (hasRoom = false; !hasRoom;) wait();
    }
    if ((index + 1) % batch === 0) sink.commit();
  });
  if (closes) sink.close();
  else sink.commit();
  while (sink.isBusy) wait();
}

/**
 * Takes and reports frames until that is all, and sleeps where there are none. With several
 * writers, another one comes where one has died.
 */
export function read(
  code: RingCode,
  thread: ThreadView,
  readers: number,
  reader: number,
  { lengths, closes }: Traffic,
  writers: readonly number[] = [WRITER],
): void {
  let isAsleep = false;
  const source: FrameSource = new code.FrameReader({
    memory: thread,
    size: sizeOf(readers),
    reader,
    wakeWriter: () => writers.forEach((writer) => thread.ring(writer)),
    onFrames: () => isAsleep = false,
    onLost: () => thread.report("lost"),
  });
  for (;;) {
    source.take((bytes, start, end) => thread.report([...bytes.subarray(start, end)].join(" ")));
    if (closes === false && thread.reports.length === lengths.length) return;
    isAsleep = source.sleep();
    const end = isAsleep ? "open" : source.end;
    if (end === "abandoned" && writers.length > 1) thread.waitForBell();
    else if (end !== "open") return thread.report(end);
    while (isAsleep) {
      thread.waitForBell();
      source.wake();
    }
  }
}

export function expected({ lengths, closes }: Traffic): string[] {
  const frames = lengths.map((length, index) => frameOf(index, length).join(" "));
  return closes === false ? frames : [...frames, "closed"];
}
