// A thread that writes frames until it dies in the middle of one: see dying_thread_test.ts.

import { parentPort, workerData } from "node:worker_threads";
import { type BellsHandle, openBells } from "../../src/platform/bells.ts";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import type { FrameSink } from "../../src/ring/frames.ts";
import { openProducer, type QueueHandle } from "../../src/ring/queue.ts";
import { openWriter, type RingHandle } from "../../src/ring/ring.ts";
import { FrameMaker } from "./ring_traffic.ts";

export interface EndlessTask {
  readonly bells: BellsHandle;
  /** Its number, from 1: that of its bell, and as a user of the queue. The test is 0. */
  readonly thread: number;
  readonly frameBytes: number;
  /** The frame, or part of one, in which it dies. */
  readonly diesAt: number;
  readonly ring?: RingHandle;
  readonly queue?: QueueHandle;
}

/** Frames that are written before others in this thread have their turn. */
const BURST = 1000;

const { bells: handle, thread, frameBytes, diesAt, ring, queue } = workerData as EndlessTask;
const bells = openBells(handle, thread);
const maker = new FrameMaker(thread, frameBytes);
/** A copy: what goes in parts must not change under way. */
let frame = maker.next().slice();

let copies = 0;

/** Copies; and at last one half of a frame, after which nobody catches what it throws. */
function copy(source: Uint8Array, target: Uint8Array, offset: number): void {
  if (++copies < diesAt) return copyBytes(source, target, offset);
  copyBytes(source.subarray(0, source.length / 2), target, offset);
  throw new Error("the test wants this thread dead");
}

function openSink(): FrameSink {
  if (ring) return openWriter(ring, { copy, wakeReader: () => bells.ring(0), onRoom: write });
  return openProducer(queue!, { copy, user: thread, wake: (user) => bells.ring(user), onRoom: write });
}

const sink = openSink();
bells.listen(() => sink.wake());
parentPort!.on("message", () => {});
write();

function write(): void {
  for (let i = 0; i < BURST; i++) {
    if (!sink.offer(frame)) return;
    sink.commit();
    frame = maker.next().slice();
  }
  setImmediate(write);
}
