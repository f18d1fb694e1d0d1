import { Worker } from "node:worker_threads";
import type { Endpoint } from "../../src/platform/types.ts";
import type { Bench } from "./harness.ts";

/** More than one backlog holds on any runtime: Bun's is fixed at 512. */
const MAX_FILLING_DIALS = 2000;
const DIALS_AT_ONCE = 100;
/** Long enough for a dial on loopback that finds room. */
const FILLING_TIMEOUT_MS = 500;

export interface DeafListener {
  readonly endpoint: Endpoint;
  stop(): Promise<void>;
}

/** A listening socket that nobody accepts from: its thread sleeps until `stop`. */
export async function startDeafListener(): Promise<DeafListener> {
  const wake = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL("./deaf_worker.ts", import.meta.url), { workerData: wake.buffer });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  const stop = () => {
    Atomics.store(wake, 0, 1);
    Atomics.notify(wake, 0);
    return ended;
  };
  return { endpoint: { host: "127.0.0.1", port }, stop };
}

/** Dials until the system drops further callers in silence. */
export async function fillBacklog(bench: Bench, endpoint: Endpoint): Promise<void> {
  for (let dials = 0; dials < MAX_FILLING_DIALS; dials += DIALS_AT_ONCE) {
    const batch = Array.from(
      { length: DIALS_AT_ONCE },
      () => bench.startDial(endpoint, { timeoutMs: FILLING_TIMEOUT_MS }),
    );
    const outcomes = await Promise.allSettled(batch);
    if (outcomes.some(({ status }) => status === "rejected")) return;
  }
  throw new Error("the backlog took everybody");
}
