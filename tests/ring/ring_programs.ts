// Small programs of two or three threads around a ring, for the explorer: with the real code or with a mutant of it.

import { assertEquals } from "@std/assert";
import type { FrameSource } from "../../src/ring/frames.ts";
import { attachedOf, dataOffset, OPEN, STATE, WORD_BYTES } from "../../src/ring/layout.ts";
import { FrameReader } from "../../src/ring/reader.ts";
import { abandon, prepareRing } from "../../src/ring/ring.ts";
import { FrameWriter } from "../../src/ring/writer.ts";
import type { Exploration } from "../support/interleaving/explorer.ts";
import type { ThreadView } from "../support/interleaving/thread_view.ts";

export interface RingCode {
  readonly FrameWriter: typeof FrameWriter;
  readonly FrameReader: typeof FrameReader;
  readonly abandon: typeof abandon;
}

export type Program = Exploration & { readonly name: string };

export const REAL: RingCode = { FrameWriter, FrameReader, abandon };

const CAPACITY = 64;
const WRITER = 0;
const MAX_FRAME_BYTES = 256;

interface Traffic {
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
function frameOf(index: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => (index + 1) * 50 + place);
}

function sizeOf(readers: number) {
  return { capacityBytes: CAPACITY, readers };
}

function ringWords(readers: number): number {
  return (dataOffset(readers) + CAPACITY) / WORD_BYTES;
}

/** Sends the frames, and sleeps where there is no room. `onBell`: before it looks whether there is some. */
function write(
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
function read(
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

function expected({ lengths, closes }: Traffic): string[] {
  const frames = lengths.map((length, index) => frameOf(index, length).join(" "));
  return closes === false ? frames : [...frames, "closed"];
}

export function oneReader(code: RingCode, traffic: Traffic): Program {
  return {
    name: `frames of ${traffic.lengths} bytes from ${traffic.start ?? 0} on, ${traffic.batch ?? 1} a commit` +
      (traffic.closes === false ? ", never closed" : ""),
    words: ringWords(1),
    prepare: (memory) => prepareRing(memory, sizeOf(1), traffic.start ?? 0),
    threads: [(thread) => write(code, thread, 1, traffic), (thread) => read(code, thread, 1, 0, traffic)],
    check: (reports) => assertEquals(reports[1], expected(traffic)),
  };
}

/** Of 70 bytes, in a ring of 64. */
export function streamed(code: RingCode, traffic: Traffic): Program {
  return { ...oneReader(code, traffic), name: `a frame larger than the ring, of frames of ${traffic.lengths} bytes` };
}

export function twoReaders(code: RingCode, traffic: Traffic): Program {
  return {
    name: `frames of ${traffic.lengths} bytes to two readers` + (traffic.closes === false ? ", never closed" : ""),
    words: ringWords(2),
    prepare: (memory) => prepareRing(memory, sizeOf(2), 0),
    threads: [
      (thread) => write(code, thread, 2, traffic),
      (thread) => read(code, thread, 2, 0, traffic),
      (thread) => read(code, thread, 2, 1, traffic),
    ],
    check(reports) {
      for (const heard of [reports[1], reports[2]]) assertEquals(heard, expected(traffic));
    },
  };
}

/** The writer may die anywhere; then somebody abandons the ring for it. */
export function oneWriterDies(code: RingCode, traffic: Traffic): Program {
  return {
    name: `the writer of frames of ${traffic.lengths} bytes dies`,
    words: ringWords(1),
    prepare: (memory) => prepareRing(memory, sizeOf(1), 0),
    mortal: [WRITER],
    threads: [
      (thread) => write(code, thread, 1, traffic),
      (thread) => read(code, thread, 1, 0, traffic),
      (thread) => supervise(code, thread),
    ],
    check(reports, dead) {
      const whole = expected(traffic);
      const heard = reports[1] as string[];
      if (dead === undefined) return assertEquals(heard, whole);
      assertEquals(heard.at(-1) === "abandoned" || heard.at(-1) === "closed", true);
      assertEquals(heard.slice(0, -1), whole.slice(0, heard.length - 1));
    },
  };
}

/** What the successor of a dead writer sends. */
const SUCCESSORS_BYTES = 12;

/** The writer may die anywhere, also between the parts of a frame; another one goes on in the same ring. */
export function aWriterIsReplaced(code: RingCode, { lengths }: Traffic): Program {
  const [READER, SUCCESSOR] = [1, 2];
  const successors = frameOf(lengths.length, SUCCESSORS_BYTES).join(" ");
  return {
    name: `the writer of frames of ${lengths} bytes dies and is replaced`,
    words: ringWords(1),
    prepare: (memory) => prepareRing(memory, sizeOf(1), 0),
    mortal: [WRITER],
    threads: [
      (thread) => write(code, thread, 1, { lengths }),
      (thread) => read(code, thread, 1, 0, { lengths }, [WRITER, SUCCESSOR]),
      (thread) => {
        supervise(code, thread);
        // As openWriter does.
        thread.store(STATE, OPEN);
        thread.ring(READER);
        write(code, thread, 1, { lengths: [SUCCESSORS_BYTES], after: lengths.length });
      },
    ],
    check(reports, dead) {
      const whole = lengths.map((length, index) => frameOf(index, length).join(" "));
      const heard = (reports[READER] as string[]).filter((word) => word !== "lost" && word !== "closed");
      const before = heard.filter((frame) => frame !== successors);
      assertEquals(before, whole.slice(0, before.length));
      if (dead === undefined) assertEquals(heard, whole);
      // Who heard that the first one closed does not wait for another.
      else if (before.length < whole.length) assertEquals(heard.at(-1), successors);
    },
  };
}

/** One of two readers may die anywhere; the writer, which may be waiting for it, is told so. */
export function aReaderDies(code: RingCode, traffic: Traffic): Program {
  const [DOOMED, LIVING] = [1, 2];
  const gone = ringWords(2);
  return {
    name: `one of two readers of frames of ${traffic.lengths} bytes dies`,
    words: gone + 1,
    prepare: (memory) => prepareRing(memory, sizeOf(2), 0),
    mortal: [DOOMED],
    threads: [
      (thread) =>
        write(code, thread, 2, traffic, (sink) => {
          if (thread.load(gone) === 1) sink.detach(0);
        }),
      (thread) => read(code, thread, 2, 0, traffic),
      (thread) => read(code, thread, 2, 1, traffic),
      (thread) => {
        thread.waitForDeath();
        thread.store(gone, 1);
        thread.ring(WRITER);
      },
    ],
    check(reports, dead) {
      assertEquals(reports[LIVING], expected(traffic));
      if (dead === undefined) assertEquals(reports[DOOMED], expected(traffic));
    },
  };
}

function supervise(code: RingCode, thread: ThreadView): void {
  thread.waitForDeath();
  code.abandon(thread, sizeOf(1), (reader) => thread.ring(reader + 1));
}

/** Of the frames, the first ones are for the reader that is then replaced. */
const BEFORE_GHOST = 1;
/** What the first reader, which does not know that it is replaced, tries to take. */
const GHOST_TURNS = 3;

/**
 * A reader is taken for dead and replaced, and runs on for a while: with frames of 28 bytes, which all begin at one of
 * two places, so that it reads frames, whichever they are. It may also really die anywhere.
 */
export function aGhostReads(
  code: RingCode,
  { lengths, successor }: { readonly lengths: readonly number[]; readonly successor: number },
): Program {
  const [GHOST, SUCCESSOR] = [1, 2];
  const readers = 2;
  const reading = (thread: ThreadView, reader: number) =>
    new code.FrameReader({ memory: thread, size: sizeOf(readers), reader, wakeWriter: () => thread.ring(WRITER) });
  return {
    name: `a reader of frames of ${lengths} bytes is replaced and runs on, its successor has place ${successor}`,
    words: ringWords(readers),
    prepare(memory) {
      prepareRing(memory, sizeOf(readers), 0);
      memory.store(attachedOf(1), 0);
    },
    ghosts: [GHOST],
    mortal: [GHOST],
    threads: [
      (thread) => {
        let hasRoom = true;
        const sink = new code.FrameWriter({
          memory: thread,
          size: sizeOf(readers),
          maxFrameBytes: MAX_FRAME_BYTES,
          wakeReader: (reader) => thread.ring(reader === successor ? SUCCESSOR : GHOST),
          onRoom: () => hasRoom = true,
        });
        lengths.forEach((length, index) => {
          if (index === BEFORE_GHOST) {
            sink.detach(0);
            sink.attach(successor);
            thread.ring(SUCCESSOR);
          }
          while (!sink.offer(frameOf(index, length))) {
            for (hasRoom = false; !hasRoom;) {
              thread.waitForBell();
              sink.wake();
            }
          }
          sink.commit();
        });
        sink.close();
      },
      (thread) => {
        const source = reading(thread, 0);
        for (let turn = 0; turn < GHOST_TURNS; turn++) source.take(() => {}, 1);
      },
      (thread) => {
        thread.waitForBell();
        const source = reading(thread, successor);
        for (;;) {
          source.take((bytes, start, end) => thread.report([...bytes.subarray(start, end)].join(" ")));
          if (source.sleep()) {
            thread.waitForBell();
            source.wake();
          } else if (source.end !== "open") return;
        }
      },
    ],
    check(reports) {
      const frames = lengths.map((length, index) => frameOf(index, length).join(" "));
      assertEquals(reports[SUCCESSOR!], frames.slice(BEFORE_GHOST));
    },
  };
}
