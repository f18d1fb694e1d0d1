import { Worker } from "node:worker_threads";

/** Starts a thread with a module of the tests, which finds `data` in its workerData. */
export function startThread(module: URL, data: object): Worker {
  return new Worker(new URL("./thread.js", import.meta.url), { workerData: { ...data, module: module.href } });
}
