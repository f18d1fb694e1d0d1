import { type MessagePort, Worker } from "node:worker_threads";

/** Starts a thread with a module of the tests, which finds `data` in its workerData. What is in `transfer` moves there. */
export function startThread(module: URL, data: object, transfer: readonly MessagePort[] = []): Worker {
  const workerData = { ...data, module: module.href };
  return new Worker(new URL("./thread.js", import.meta.url), { workerData, transferList: [...transfer] });
}

/** Until its end, this thread's programs find that memory cannot be shared. */
export function withoutSharedMemory(): Disposable {
  const real = Object.getOwnPropertyDescriptor(globalThis, "SharedArrayBuffer")!;
  Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
  return { [Symbol.dispose]: () => void Object.defineProperty(globalThis, "SharedArrayBuffer", real) };
}
