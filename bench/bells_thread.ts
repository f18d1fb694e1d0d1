// The other thread of bench/bells.ts: answers each ring with one.

import { parentPort, workerData } from "node:worker_threads";
import { type BellsHandle, openBells } from "../src/platform/bells.ts";

const bells = openBells(workerData as BellsHandle, 1);
bells.listen(() => bells.ring(0));
parentPort!.on("message", () => {});
parentPort!.postMessage("ready");
