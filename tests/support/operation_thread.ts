// A thread that sends numbered operations to the thread which owns what they are done to: see thread_stress_test.ts.

import { parentPort, workerData } from "node:worker_threads";
import { type BellsHandle, openBells } from "../../src/platform/bells.ts";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { openProducer, type QueueHandle } from "../../src/ring/queue.ts";

export interface OperationTask {
  readonly queue: QueueHandle;
  readonly bells: BellsHandle;
  /** Number of this thread, from 1; the owner is 0. It is its number in the queue as well. */
  readonly thread: number;
  readonly count: number;
}

/** Thread and number of an operation, as 32-bit words. */
export const OPERATION_WORDS = 2;

const { queue, bells: handle, thread, count } = workerData as OperationTask;
const bells = openBells(handle, thread);
const wake = (user: number) => bells.ring(user);
const producer = openProducer(queue, { copy: copyBytes, user: thread, wake, onRoom: send });
const operation = new Uint32Array(OPERATION_WORDS);
const bytes = new Uint8Array(operation.buffer);
let sent = 0;

bells.listen(() => producer.wake());
parentPort!.on("message", send);
parentPort!.postMessage("ready");

function send(): void {
  operation[0] = thread;
  for (; sent < count; sent++) {
    operation[1] = sent;
    if (!producer.offer(bytes)) return;
  }
  producer.commit();
}
