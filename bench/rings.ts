import { queueMedium, ringMedium, runTraffic, type Traffic } from "../tests/support/ring_crew.ts";
import type { Row, Subject } from "./support.ts";

const KIB = 1024;
const RING_BYTES = 1024 * KIB;
const SLOTS = 4096;
const ROUNDS = 5;
const PATIENCE_MS = 60_000;
const NS_PER_MS = 1e6;
const MS_PER_SECOND = 1000;

interface Contest extends Omit<Traffic, "medium" | "checks" | "patienceMs"> {
  readonly name: string;
  readonly medium: () => Traffic["medium"];
}

const CONTESTS: readonly Contest[] = [
  ring("ring, 256 bytes", 256, 4_000_000),
  ring("ring, 32 bytes", 32, 8_000_000),
  ring("ring, 16 KiB", 16 * KIB, 100_000),
  ring("ring, 256 bytes, 64 a commit", 256, 4_000_000, 64),
  ring("ring, 256 bytes, each committed alone", 256, 1_000_000, 1),
  { ...ring("ring of 2 readers, 256 bytes", 256, 2_000_000), readers: 2, medium: () => ringMedium(RING_BYTES, 2) },
  queue("queue, 1 + 1 threads, 32 bytes", 1, 1, 32, 2_000_000),
  queue("queue, 2 + 2 threads, 32 bytes", 2, 2, 32, 1_000_000),
  queue("queue, 2 + 2 threads, 256 bytes", 2, 2, 256, 1_000_000),
];

/** Frames a second between threads, 256 a commit, counted where they are taken out. */
export const subject: Subject = {
  name: `rings and queues between threads, medians of ${ROUNDS}`,
  async run() {
    const times = CONTESTS.map((): number[] => []);
    // Interleaved, so that what else the machine does hits all of them.
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, contest] of CONTESTS.entries()) times[index]!.push(await timeOf(contest));
    }
    return CONTESTS.map((contest, index) => rowOf(contest, median(times[index]!)));
  },
};

function ring(name: string, frameBytes: number, count: number, batch = 256): Contest {
  return { name, frameBytes, count, batch, writers: 1, readers: 1, medium: () => ringMedium(RING_BYTES) };
}

function queue(name: string, writers: number, readers: number, frameBytes: number, count: number): Contest {
  const medium = () => queueMedium(SLOTS, frameBytes, writers + readers);
  return { name, frameBytes, count, batch: 256, writers, readers, medium };
}

async function timeOf(contest: Contest): Promise<number> {
  const { ms } = await runTraffic({ ...contest, medium: contest.medium(), checks: false, patienceMs: PATIENCE_MS });
  return ms;
}

function rowOf({ name, count, writers }: Contest, ms: number): Row {
  const frames = count * writers;
  return { name, unit: "frames", perSecond: frames / ms * MS_PER_SECOND, meanNs: ms * NS_PER_MS / frames };
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;
}
