import { MessageChannel, type MessagePort, type Worker } from "node:worker_threads";
import { type BellsHandle, createBells, openBells } from "../../src/platform/bells.ts";
import { closeQueue, createQueue, type QueueHandle } from "../../src/ring/queue.ts";
import { createRing, type RingHandle } from "../../src/ring/ring.ts";
import type { Account } from "./ring_traffic.ts";
import { startThread } from "./threads.ts";

export type Medium =
  | { readonly kind: "ring"; readonly handle: RingHandle }
  | { readonly kind: "queue"; readonly handle: QueueHandle }
  /** For one writer and one reader. */
  | { readonly kind: "messages"; readonly capacityBytes: number; readonly maxFrameBytes: number };

/** What a thread is told. Threads are numbered from 1, writers first. */
export interface Task {
  readonly medium: Medium;
  readonly bells: BellsHandle;
  readonly thread: number;
  readonly writers: number;
  /** Frames that a writer sends, of up to so many bytes, and so many a commit. */
  readonly count: number;
  readonly frameBytes: number;
  readonly batch: number;
  /** Where the medium is messages: this thread's end. */
  readonly port?: MessagePort;
}

export type Report =
  | { readonly kind: "ready" | "written" }
  | {
    readonly kind: "read";
    readonly accounts: readonly (readonly [sender: number, account: Account])[];
  };

export interface Traffic extends Pick<Task, "count" | "frameBytes" | "batch"> {
  readonly medium: Medium;
  readonly writers: number;
  readonly readers: number;
  /** Longest that all may take. */
  readonly patienceMs: number;
}

export interface Outcome {
  readonly ms: number;
  /** By reader. */
  readonly accounts: readonly ReadonlyMap<number, Account>[];
}

export function ringMedium(capacityBytes: number, readers = 1): Medium {
  return { kind: "ring", handle: createRing({ capacityBytes, readers }) };
}

export function queueMedium(slots: number, slotBytes: number, users: number): Medium {
  return { kind: "queue", handle: createQueue({ slots, slotBytes, users }) };
}

/** Sends frames from threads to threads until all are read. */
export async function runTraffic(traffic: Traffic): Promise<Outcome> {
  const { writers, readers, medium, patienceMs } = traffic;
  const handle = createBells(1 + writers + readers);
  const bells = openBells(handle, 0);
  const { port1, port2 } = new MessageChannel();
  const ports = medium.kind === "messages" ? [port1, port2] : [];
  const start = (_: unknown, index: number) => new Thread(traffic, handle, index + 1, ports[index]);
  const threads = Array.from({ length: writers + readers }, start);
  const timer = setTimeout(
    () => threads.forEach((thread) => thread.giveUp(`${patienceMs} ms were not enough`)),
    patienceMs,
  );
  try {
    await Promise.all(threads.map((thread) => thread.report("ready")));
    const startedAt = performance.now();
    for (const thread of threads) thread.start();
    const reading = threads.slice(writers).map((thread) => thread.report("read"));
    await Promise.all(threads.slice(0, writers).map((thread) => thread.report("written")));
    if (medium.kind === "queue") closeQueue(medium.handle, (user) => bells.ring(user + 1));
    const reports = await Promise.all(reading);
    const ms = performance.now() - startedAt;
    return {
      ms,
      accounts: reports.map((report) => new Map(report.kind === "read" ? report.accounts : [])),
    };
  } finally {
    clearTimeout(timer);
    bells.close();
    if (ports.length === 0) port1.close();
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

/** One thread, and what it reports. */
class Thread {
  readonly #worker: Worker;
  readonly #reports = new Map<Report["kind"], PromiseWithResolvers<Report>>();

  constructor(traffic: Traffic, bells: BellsHandle, thread: number, port: MessagePort | undefined) {
    const { medium, writers, count, frameBytes, batch } = traffic;
    const task: Task = { medium, bells, thread, writers, count, frameBytes, batch, ...(port && { port }) };
    this.#worker = startThread(new URL("./ring_thread.ts", import.meta.url), task, port ? [port] : []);
    this.#worker.on("message", (report: Report) => this.#slot(report.kind).resolve(report));
    this.#worker.on("error", (error) => this.giveUp(String(error)));
  }

  report(kind: Report["kind"]): Promise<Report> {
    return this.#slot(kind).promise;
  }

  start(): void {
    this.#worker.postMessage("start");
  }

  giveUp(reason: string): void {
    for (const kind of ["ready", "written", "read"] as const) {
      const { promise, reject } = this.#slot(kind);
      promise.catch(() => {});
      reject(new Error(`a thread is not ${kind}: ${reason}`));
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #slot(kind: Report["kind"]): PromiseWithResolvers<Report> {
    const slot = this.#reports.get(kind) ?? Promise.withResolvers<Report>();
    this.#reports.set(kind, slot);
    return slot;
  }
}
