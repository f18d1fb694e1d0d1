import { createQueue } from "../../ring/queue.ts";
import { createRing } from "../../ring/ring.ts";
import { SHARD_RING_BYTES } from "../../protocol/shard_params.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { NS_PER_MS } from "./clock.ts";
import type { BenchOptions } from "./options.ts";
import { formatCount, number, printJson } from "./report.ts";
import { type RingFlow, type RingMedium, runRingFlow } from "./ring_crew.ts";
import { median } from "./usage.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

const DEFAULT_COUNT = 10_000_000;
const DEFAULT_SIZE_BYTES = 256;
const MAX_QUEUE_SIZE_BYTES = 65_536;
const ROUNDS = 5;
/** Shards have rings of SHARD_RING_BYTES; where a wake-up takes as long as filling one, a larger one shows the rest. */
const RING_BYTES = 4 * SHARD_RING_BYTES;
const SLOTS = 4_096;
const SLOT_UNIT_BYTES = 8;
const BATCHES = { large: 256, usual: 64, none: 1 } as const;
const MEGA = 1_000_000;

interface Candidate extends Omit<RingFlow, "medium"> {
  readonly name: string;
  /** How many readers get each frame. */
  readonly copies: number;
  medium(): RingMedium;
}

interface Round {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly nsPerFrame: number;
  /** Processor time of all threads together, which tells more than the clock where others use the machine too. */
  readonly cpuNsPerFrame: number;
  readonly bytesPerSecond: number;
  readonly lost: number;
}

/** Rings and the queue between threads of this process: what is taken out, a second. */
export async function benchRing(context: Context, options: BenchOptions): Promise<number> {
  const size = Math.max(1, options.size ?? DEFAULT_SIZE_BYTES);
  const perRound = Math.ceil((options.count ?? DEFAULT_COUNT) / ROUNDS);
  const list = candidates(size, perRound);
  const rounds = list.map((): Round[] => []);
  const lost = list.map(() => 0);
  // Interleaved, so that what else the machine does hits all of them.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, candidate] of list.entries()) {
      const flow = { ...candidate, medium: candidate.medium() };
      const { ms, cpuMs, taken } = await runRingFlow(flow, context.host.cpuMs);
      rounds[index]!.push({ ms, cpuMs });
      lost[index]! += candidate.count * candidate.writers * candidate.copies - taken;
    }
  }
  const rows = list.map((candidate, index) => rowOf(candidate, rounds[index]!, lost[index]!));
  const what = `Frames of ${size} bytes from thread to thread in shared memory, ${perRound} a round, median of ` +
    `${ROUNDS} rounds, counted where they are taken out; each reader of a ring gets every frame`;
  if (options.json) printJson(context, { bench: "ring", what, settings: { size, count: perRound } }, rows);
  else report(context, what, rows);
  return rows.every((row) => row.lost === 0) ? EXIT.done : EXIT.no;
}

function candidates(frameBytes: number, count: number): readonly Candidate[] {
  const ring = (name: string, batch: number, readers = 1, capacityBytes = RING_BYTES): Candidate => ({
    name,
    writers: 1,
    readers,
    copies: readers,
    count,
    frameBytes,
    batch,
    medium: () => ({ kind: "ring", handle: createRing({ capacityBytes, readers }) }),
  });
  const queue = (writers: number, readers: number): Candidate => ({
    name: `queue, ${writers} + ${readers} threads`,
    writers,
    readers,
    copies: 1,
    count: Math.ceil(count / writers),
    frameBytes,
    batch: BATCHES.large,
    medium: () => ({ kind: "queue", handle: queueOf(frameBytes, writers + readers) }),
  });
  const all = [
    ring(`ring, ${BATCHES.large} a commit`, BATCHES.large),
    ring(`ring, ${BATCHES.usual} a commit`, BATCHES.usual),
    ring("ring, each committed alone", BATCHES.none),
    ring(`ring of two readers, ${BATCHES.large} a commit`, BATCHES.large, 2),
    ring(`ring as large as a shard's, ${BATCHES.large} a commit`, BATCHES.large, 1, SHARD_RING_BYTES),
  ];
  // Larger frames are what rings are for.
  return frameBytes > MAX_QUEUE_SIZE_BYTES ? all : [...all, queue(1, 1), queue(2, 2)];
}

function queueOf(frameBytes: number, users: number) {
  const slotBytes = Math.ceil(frameBytes / SLOT_UNIT_BYTES) * SLOT_UNIT_BYTES;
  return createQueue({ slots: SLOTS, slotBytes, users });
}

function rowOf({ name, count, writers, frameBytes }: Candidate, rounds: readonly Round[], lost: number): Row {
  const frames = count * writers;
  const ms = median(rounds.map((round) => round.ms));
  const perSecond = frames / ms * MS_PER_SECOND;
  return {
    name,
    perSecond,
    bytesPerSecond: perSecond * frameBytes,
    nsPerFrame: ms * NS_PER_MS / frames,
    cpuNsPerFrame: median(rounds.map((round) => round.cpuMs)) * NS_PER_MS / frames,
    lost,
  };
}

function report({ out }: Context, what: string, rows: readonly Row[]): void {
  out.line(what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("frames/s", ({ perSecond }) => formatCount(perSecond)),
    number("MB/s", ({ bytesPerSecond }) => (bytesPerSecond / MEGA).toFixed(0)),
    number("ns/frame", ({ nsPerFrame }) => nsPerFrame.toFixed(0)),
    number("CPU ns/frame", ({ cpuNsPerFrame }) => cpuNsPerFrame.toFixed(0)),
    number("lost", ({ lost }) => String(lost)),
  ], out);
}
