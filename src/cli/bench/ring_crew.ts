import { type BellsHandle, createBells, openBells } from "../../platform/bells.ts";
import { startThread } from "../../platform/threads.ts";
import type { Thread } from "../../platform/types.ts";
import { closeQueue, type QueueHandle } from "../../ring/queue.ts";
import type { RingHandle } from "../../ring/ring.ts";

/** What frames go through. */
export type RingMedium =
  | { readonly kind: "ring"; readonly handle: RingHandle }
  | { readonly kind: "queue"; readonly handle: QueueHandle };

export interface RingFlow {
  readonly medium: RingMedium;
  readonly writers: number;
  readonly readers: number;
  /** Frames of each writer, the bytes of each, and how many it commits at a time. */
  readonly count: number;
  readonly frameBytes: number;
  readonly batch: number;
}

/** What a thread is told. Threads are numbered from 1, writers first. */
export interface RingTask extends Omit<RingFlow, "readers"> {
  readonly bells: BellsHandle;
  readonly thread: number;
}

export type RingReport =
  | { readonly kind: "ready" | "written" }
  /** With a sum of what was read, so that it is read. */
  | { readonly kind: "read"; readonly frames: number; readonly sum: number };

export interface RingOutcome {
  readonly ms: number;
  /** Processor time of all threads together, their starts left out. */
  readonly cpuMs: number;
  /** Frames that were taken out, by all readers together. */
  readonly taken: number;
}

const PROGRAM = "cli/bench/ring_worker";

/** Sends all frames from threads to threads. Rejects if a thread dies. `cpuMs`: what the process has used. */
export async function runRingFlow(flow: RingFlow, cpuMs: () => number): Promise<RingOutcome> {
  const { writers, readers, medium } = flow;
  const handle = createBells(1 + writers + readers);
  const members = Array.from({ length: writers + readers }, (_, index) => new Member(flow, handle, index + 1));
  const bells = openBells(handle, 0);
  try {
    await Promise.all(members.map((member) => member.heard("ready")));
    const startedAt = performance.now();
    const cpuBefore = cpuMs();
    for (const member of members) member.start();
    await Promise.all(members.slice(0, writers).map((member) => member.heard("written")));
    if (medium.kind === "queue") closeQueue(medium.handle, (user) => bells.ring(user + 1));
    const reports = await Promise.all(members.slice(writers).map((member) => member.heard("read")));
    const taken = reports.reduce((sum, report) => sum + (report.kind === "read" ? report.frames : 0), 0);
    return { ms: performance.now() - startedAt, cpuMs: cpuMs() - cpuBefore, taken };
  } finally {
    bells.close();
    await Promise.all(members.map((member) => member.end()));
  }
}

/** One thread, and what it reports. */
class Member {
  readonly #thread: Thread;
  readonly #reports = {
    ready: Promise.withResolvers<RingReport>(),
    written: Promise.withResolvers<RingReport>(),
    read: Promise.withResolvers<RingReport>(),
  };

  constructor({ medium, writers, count, frameBytes, batch }: RingFlow, bells: BellsHandle, thread: number) {
    const reports = Object.values(this.#reports);
    for (const { promise } of reports) promise.catch(() => {});
    const task: RingTask = { medium, writers, count, frameBytes, batch, bells, thread };
    this.#thread = startThread(PROGRAM, task, {
      message: (message) => {
        const report = message as RingReport;
        this.#reports[report.kind].resolve(report);
      },
      ended(why) {
        const error = new Error(`${PROGRAM}: ${why.message}`);
        for (const { reject } of reports) reject(error);
      },
    });
  }

  heard(kind: RingReport["kind"]): Promise<RingReport> {
    return this.#reports[kind].promise;
  }

  start(): void {
    this.#thread.post("start");
  }

  end(): Promise<void> {
    return this.#thread.end();
  }
}
