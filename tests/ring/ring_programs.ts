// Small programs of two or three threads around a ring, for the explorer: with the real code or with a mutant of it.

import { assertEquals } from "@std/assert";
import { OPEN, STATE } from "../../src/ring/layout.ts";
import { prepareRing } from "../../src/ring/ring.ts";
import type { Exploration } from "../support/interleaving/explorer.ts";
import type { ThreadView } from "../support/interleaving/thread_view.ts";
import {
  expected,
  frameOf,
  read,
  type RingCode,
  ringWords,
  sizeOf,
  type Traffic,
  write,
  WRITER,
} from "./ring_threads.ts";

export type Program = Exploration & { readonly name: string };

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
