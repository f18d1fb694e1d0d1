import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { createBells, openBells } from "../src/platform/bells.ts";
import type { Row, Subject } from "./support.ts";

const ROUND_TRIPS = 4000;
const WARMUP = 500;
const RINGS = 200_000;
const PERCENT_99 = 0.99;
const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;

/** How fast threads wake each other: why rings are waited for in shared memory and not by messages. */
export const subject: Subject = {
  name: "bells: two threads wake each other in turn; the mean is the median",
  async run() {
    return [
      await roundTrips("round trip by memory", true),
      await roundTrips("round trip by message", false),
      ringing("a ring by memory that nobody waits for", true),
      ringing("a ring by message that nobody waits for", false),
    ];
  },
};

async function roundTrips(name: string, waitsForMemory: boolean): Promise<Row> {
  const handle = createBells(2, { waitsForMemory });
  const worker = new Worker(new URL("./bells_thread.ts", import.meta.url), { workerData: handle });
  await once(worker, "message");
  const bells = openBells(handle, 0);
  const times: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let rungAt = performance.now();
  bells.listen(() => {
    const now = performance.now();
    times.push((now - rungAt) * NS_PER_MS);
    if (times.length === WARMUP + ROUND_TRIPS) return resolve();
    rungAt = performance.now();
    bells.ring(1);
  });
  bells.ring(1);
  await promise;
  bells.close();
  await worker.terminate();
  const sorted = times.slice(WARMUP).toSorted((left, right) => left - right);
  const median = sorted[sorted.length >> 1]!;
  const p99Ns = sorted[Math.floor(sorted.length * PERCENT_99)]!;
  return { name, unit: "round trips", perSecond: NS_PER_SECOND / median, meanNs: median, p99Ns };
}

function ringing(name: string, waitsForMemory: boolean): Row {
  const bells = openBells(createBells(2, { waitsForMemory }), 0);
  const startedAt = performance.now();
  for (let i = 0; i < RINGS; i++) bells.ring(1);
  const meanNs = (performance.now() - startedAt) * NS_PER_MS / RINGS;
  bells.close();
  return { name, unit: "rings", perSecond: NS_PER_SECOND / meanNs, meanNs };
}
