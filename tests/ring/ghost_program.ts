// A program for the explorer: a reader that runs on although it was replaced.

import { assertEquals } from "@std/assert";
import { attachedOf } from "../../src/ring/layout.ts";
import type { FrameReader } from "../../src/ring/reader.ts";
import { prepareRing } from "../../src/ring/ring.ts";
import type { ThreadView } from "../support/interleaving/thread_view.ts";
import type { Program } from "./ring_programs.ts";
import { frameOf, MAX_FRAME_BYTES, type RingCode, ringWords, sizeOf, WRITER } from "./ring_threads.ts";

/** Of the frames, the first ones are for the reader that is then replaced. */
const BEFORE_GHOST = 1;
/** What the first reader, which does not know that it is replaced, tries to take. */
const GHOST_TURNS = 3;
const GHOST = 1;
const SUCCESSOR = 2;
/** Places for readers in the ring. */
const PLACES = 2;

interface Ghost {
  readonly lengths: readonly number[];
  /** The place of the reader that comes after it. */
  readonly successor: number;
}

/**
 * A reader is taken for dead and replaced, and runs on for a while: with frames of 28 bytes, which all begin at one of
 * two places, so that it reads frames, whichever they are. It may also really die anywhere.
 */
export function aGhostReads(code: RingCode, ghost: Ghost): Program {
  const { lengths, successor } = ghost;
  return {
    name: `a reader of frames of ${lengths} bytes is replaced and runs on, its successor has place ${successor}`,
    words: ringWords(PLACES),
    prepare(memory) {
      prepareRing(memory, sizeOf(PLACES), 0);
      memory.store(attachedOf(1), 0);
    },
    ghosts: [GHOST],
    mortal: [GHOST],
    threads: [
      (thread) => writeToSuccessor(code, thread, ghost),
      (thread) => {
        const source = readerAt(code, thread, 0);
        for (let turn = 0; turn < GHOST_TURNS; turn++) source.take(() => {}, 1);
      },
      (thread) => {
        thread.waitForBell();
        readToEnd(readerAt(code, thread, successor), thread);
      },
    ],
    check(reports) {
      const frames = lengths.map((length, index) => frameOf(index, length).join(" "));
      assertEquals(reports[SUCCESSOR], frames.slice(BEFORE_GHOST));
    },
  };
}

/** Writes some frames for the first reader, and the others for the one in whose favour that is given up. */
function writeToSuccessor(code: RingCode, thread: ThreadView, { lengths, successor }: Ghost): void {
  let hasRoom = true;
  const sink = new code.FrameWriter({
    memory: thread,
    size: sizeOf(PLACES),
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
}

function readerAt(code: RingCode, thread: ThreadView, reader: number): FrameReader {
  return new code.FrameReader({ memory: thread, size: sizeOf(PLACES), reader, wakeWriter: () => thread.ring(WRITER) });
}

function readToEnd(source: FrameReader, thread: ThreadView): void {
  for (;;) {
    source.take((bytes, start, end) => thread.report([...bytes.subarray(start, end)].join(" ")));
    if (source.sleep()) {
      thread.waitForBell();
      source.wake();
    } else if (source.end !== "open") return;
  }
}
