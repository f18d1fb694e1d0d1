import { parentPort, Worker, workerData } from "node:worker_threads";
import type { Thread, ThreadEvents } from "./types.ts";

const OWN_PATH = "platform/threads.ts";

/**
 * Starts a thread that runs a file of ours: its path below src, without the ending. `data` reaches it as `ownData`.
 * What it cannot do at all, such as find its file, comes as `ended` too.
 */
export function startThread(path: string, data: unknown, events: ThreadEvents): Thread {
  const worker = new Worker(urlOf(path), { workerData: data });
  let error: unknown;
  let isOver = false;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  worker.on("message", (message: unknown) => events.message?.(message));
  worker.on("error", (thrown: unknown) => error = thrown);
  worker.on("exit", (code) => {
    isOver = true;
    resolve();
    const why = error instanceof Error
      ? error.message
      : error === undefined
      ? `it ended with code ${code}`
      : String(error);
    events.ended(new Error(`${path}: ${why}`, { cause: error }));
  });
  return {
    post: (message) => worker.postMessage(message),
    async end() {
      if (isOver) return;
      await worker.terminate();
      await gone;
    },
  };
}

/** What this thread was started with. */
export function ownData(): unknown {
  return workerData;
}

/** Sends a message to the thread that started this one. */
export function postToParent(message: unknown): void {
  parentPort?.postMessage(message);
}

/** Calls `listener` with what the thread that started this one sends. */
export function onParentMessage(listener: (message: unknown) => void): void {
  parentPort?.on("message", listener);
}

/** In the executable all files of ours lie below its own, compiled; see scripts/compile.ts. */
function urlOf(path: string): URL {
  const { url } = import.meta;
  return url.endsWith(OWN_PATH) ? new URL(`../${path}.ts`, url) : new URL(`./${path}.js`, url);
}
