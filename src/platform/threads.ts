import process from "node:process";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { LocalError } from "../protocol/errors.ts";
import { deno } from "./runtimes.ts";
import type { Thread, ThreadEvents, Threads } from "./types.ts";

/** In the repository, and in the package of JavaScript. */
const OWN_PATH = /\/platform\/threads(\.[tj]s)$/;
/** What a thread of Deno says once, when it takes messages. */
const LISTENING = "p2p: listening";
/** How Node, Bun and Deno begin to say that a file is not there which a thread runs or imports. */
const MISSING = /^(?:.*: )?(?:Cannot find (?:module|package)|Module not found)/;
/** Elsewhere the option is missing, or gives all connections to one of the listeners. */
const SPREADING_SYSTEMS: readonly string[] = ["linux", "freebsd"];

/** The threads of this process. */
export const ownThreads: Threads = {
  start: startThread,
  sharesPorts: SPREADING_SYSTEMS.includes(process.platform),
  get sharesMemory() {
    return typeof SharedArrayBuffer === "function";
  },
};

/**
 * Starts a thread that runs a file of ours: its path below src, without the ending. `data` reaches it as `ownData`.
 * What it cannot do at all comes as `ended` too: a missing file as a LocalError, `bad-file`.
 */
export function startThread(path: string, data: unknown, events: ThreadEvents): Thread {
  const worker = new Worker(urlOf(path), { workerData: data });
  let error: unknown;
  let isOver = false;
  /** Until it listens: Deno, unlike others, throws away what comes earlier, and its first start takes its time. */
  let early: (() => void)[] | undefined = deno ? [] : undefined;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  worker.on("message", (message: unknown) => {
    if (message !== LISTENING) return events.message?.(message);
    for (const post of early ?? []) post();
    early = undefined;
  });
  worker.on("error", (thrown: unknown) => error = thrown);
  worker.on("exit", (code) => {
    isOver = true;
    resolve();
    events.ended(error === undefined ? new Error(`it ended with code ${code}`) : reasonOf(error));
  });
  return {
    post(message, transfer = []) {
      const post = () => worker.postMessage(message, transfer as ArrayBuffer[]);
      if (!early) return post();
      // What cannot be sent is told now, as elsewhere.
      if (transfer.length === 0) structuredClone(message);
      early.push(post);
    },
    async end() {
      if (isOver) return;
      await worker.terminate();
      await gone;
    },
  };
}

/** A file that is missing is told apart: trying again does not help. */
function reasonOf(error: unknown): Error {
  const what = error instanceof Error ? error.message : String(error);
  return MISSING.test(what) ? new LocalError("bad-file", what, { cause: error }) : new Error(what, { cause: error });
}

/** What this thread was started with. */
export function ownData(): unknown {
  return workerData;
}

/** This thread lives until the one that started it ends it; else it would end once nothing but rings can wake it. */
export function stayAlive(): void {
  parentPort?.on("message", () => {});
}

/** Sends a message to the thread that started this one. What is in `transfer` is moved and not copied. */
export function postToParent(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer as ArrayBuffer[]);
}

/** Calls `listener` with what the thread that started this one sends, from its start on. Call it once. */
export function onParentMessage(listener: (message: unknown) => void): void {
  parentPort?.on("message", listener);
  if (deno) parentPort?.postMessage(LISTENING);
}

/** In the executable all files of ours lie below its own, compiled; see scripts/compile.ts. */
function urlOf(path: string): URL {
  const { url } = import.meta;
  const ending = OWN_PATH.exec(url)?.[1];
  const file = ending === undefined ? new URL(`./${path}.js`, url) : new URL(`../${path}${ending}`, url);
  return deno ? importing(file) : file;
}

/**
 * A program that imports the file. Deno would check the types of the file and of all that it imports at each start of a
 * thread, for seconds, wherever it checks types at all; what is imported by a name that is not known beforehand is
 * taken as it is.
 */
function importing(file: URL): URL {
  const program = `const file = ${JSON.stringify(file.href)}; await import(file);`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}
