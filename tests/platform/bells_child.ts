// The other thread of bells_test.ts: answers each ring of thread 0 with one, and ends when told.

import { parentPort, workerData } from "node:worker_threads";
import { type BellsHandle, openBells } from "../../src/platform/bells.ts";

const bells = openBells(workerData as BellsHandle, 1);
bells.listen(() => bells.ring(0));
parentPort!.once("message", () => {
  bells.close();
  parentPort!.postMessage("closed");
});
parentPort!.postMessage("ready");
