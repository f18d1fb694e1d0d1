import { createBells, openBells } from "../../platform/bells.ts";
import { copyBytes } from "../../platform/copy_bytes.ts";
import { createEnv } from "../../platform/env.ts";
import { startThread } from "../../platform/threads.ts";
import type { Thread } from "../../platform/types.ts";
import { Pump } from "../../ring/pump.ts";
import { createQueue, openConsumer } from "../../ring/queue.ts";
import type { ProducerReport, ProducerRound, ProducerTask } from "./queue_worker.ts";

const PROGRAM = "cli/bench/queue_worker";
/** Numbers under way between the threads. */
const SLOTS = 4_096;
const OPERATION_BYTES = 8;
const NUMBER_OFFSET = 4;

type TakeItem = (producer: number, item: number) => void;

/** Threads that send numbers to this one, through a queue in shared memory. */
export class ProducerThreads implements AsyncDisposable {
  readonly #threads: readonly Thread[];
  readonly #failed: Promise<never>;
  readonly #bells;
  readonly #pump: Pump;
  #take: TakeItem = () => {};
  #hearTimes: (times: Float64Array) => void = () => {};

  private constructor(count: number, onReady: () => void) {
    const queue = createQueue({ slots: SLOTS, slotBytes: OPERATION_BYTES, users: count + 1 });
    const bells = createBells(count + 1);
    const own = count;
    this.#bells = openBells(bells, own);
    const wake = (user: number) => this.#bells.ring(user);
    const consumer = openConsumer(queue, { copy: copyBytes, user: own, wake, onFrames: () => this.#pump.kick() });
    this.#pump = new Pump({
      source: consumer,
      env: createEnv(),
      handle: (bytes, start) => {
        const words = new DataView(bytes.buffer, bytes.byteOffset + start, OPERATION_BYTES);
        this.#take(words.getUint32(0, true), words.getUint32(NUMBER_OFFSET, true));
      },
    });
    this.#bells.listen(() => consumer.wake());
    this.#pump.resume();
    const { promise: failed, reject } = Promise.withResolvers<never>();
    failed.catch(() => {});
    this.#failed = failed;
    this.#threads = Array.from({ length: count }, (_, producer) => {
      const task: ProducerTask = { queue, bells, producer };
      const hear = (message: unknown) => {
        const report = message as ProducerReport;
        if (report === "ready") onReady();
        else this.#hearTimes(report);
      };
      return startThread(PROGRAM, task, {
        message: hear,
        ended: (why) => reject(new Error(`${PROGRAM}: ${why.message}`)),
      });
    });
  }

  static async start(count: number): Promise<ProducerThreads> {
    const ready = Promise.withResolvers<void>();
    let started = 0;
    const threads = new ProducerThreads(count, () => void (++started === count && ready.resolve()));
    await Promise.race([ready.promise, threads.#failed]);
    return threads;
  }

  /** Hands over the numbers below `count`, which come in any order, and resolves when `done` does. */
  async run(count: number, take: TakeItem, done: Promise<unknown>): Promise<void> {
    this.#begin(count, take, false);
    await Promise.race([done, this.#failed]);
  }

  /** The same; answers how many milliseconds each offer took the thread that made it, its clock included. */
  async runTimed(
    count: number,
    take: TakeItem,
    done: Promise<unknown>,
  ): Promise<readonly Float64Array[]> {
    const heard: Float64Array[] = [];
    const { promise: allHeard, resolve } = Promise.withResolvers<void>();
    this.#hearTimes = (times) => void (heard.push(times) === this.#threads.length && resolve());
    this.#begin(count, take, true);
    await Promise.race([Promise.all([done, allHeard]), this.#failed]);
    return heard;
  }

  #begin(count: number, take: TakeItem, isTimed: boolean): void {
    this.#take = take;
    this.#threads.forEach((thread, first) => {
      const round: ProducerRound = { first, step: this.#threads.length, count, isTimed };
      thread.post(round);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pump.stop();
    await Promise.all(this.#threads.map((thread) => thread.end()));
    this.#bells.close();
  }
}
