import type { ChannelMode } from "../../bus/channels.ts";
import { formatSize } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { ROUNDS } from "./contest.ts";
import { type Crew, type Remote, withCrew } from "./crew.ts";
import type { Audience, EventsReport } from "./events_side.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { drawHistogram, formatCount, number, printJson } from "./report.ts";
import { median } from "./usage.ts";

const DEFAULT_DURATION_MS = 2_500;
const DEFAULT_WARMUP_MS = 500;
const MS_DIGITS = 2;

type Seats = Omit<Audience, "mode" | "ms">;

const AUDIENCES: Readonly<Record<string, Seats>> = {
  "1 callback": { callbacks: 1, streams: 0, slowStreams: 0 },
  "10 callbacks": { callbacks: 10, streams: 0, slowStreams: 0 },
  "1 stream": { callbacks: 0, streams: 1, slowStreams: 0 },
  "10 callbacks, 1 slow stream": { callbacks: 10, streams: 0, slowStreams: 1 },
};
/** Where the design of the channels shows: somebody who cannot keep up. */
const CONTESTED = "10 callbacks, 1 slow stream";

interface Entry {
  readonly name: string;
  readonly mode: ChannelMode;
  readonly seats: Seats;
  readonly side: Remote<{ run(audience: Audience): Promise<EventsReport> }>;
  readonly rounds: EventsReport[];
}

interface Row {
  readonly name: string;
  readonly publishedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly dataLag: number;
  readonly control: number;
  readonly controlLostByFast: number;
  readonly controlLostBySlow: number;
  readonly fast: Latencies;
  readonly slow: Latencies;
  readonly cpuNsPerDelivery: number;
  readonly residentBytes: number;
}

/** The event bus under a flood of data events: in one process, as publisher and subscribers are. */
export function benchEvents(context: Context, options: BenchOptions): Promise<number> {
  return withCrew(context, options, async (crew) => {
    const chosen = options.compare
      ? ([["four channels", "segmented"], ["one channel", "single"]] as const)
        .map(([name, mode]) => ({ name: `${name}: ${CONTESTED}`, mode, seats: AUDIENCES[CONTESTED]! }))
      : Object.entries(AUDIENCES).map(([name, seats]) => ({ name, mode: "segmented" as const, seats }));
    const entries: Entry[] = [];
    for (const entry of chosen) entries.push({ ...entry, side: await crew.start("events", undefined), rounds: [] });
    await runAll(crew, entries, options);
    const rows = entries.map(rowOf);
    report(context, options, rows);
    return rows.every(({ controlLostByFast }) => controlLostByFast === 0) ? EXIT.done : EXIT.no;
  });
}

/** In turn, A B A B. */
async function runAll(crew: Crew, entries: readonly Entry[], options: BenchOptions): Promise<void> {
  const step = crew.plan(entries.length * (1 + ROUNDS));
  const { durationMs = DEFAULT_DURATION_MS, warmupMs = DEFAULT_WARMUP_MS } = options;
  for (const { side, seats, mode } of entries) {
    await side.ask("run", { ...seats, mode, ms: warmupMs });
    step();
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { side, seats, mode, rounds } of entries) {
      rounds.push(await side.ask("run", { ...seats, mode, ms: durationMs / ROUNDS }));
      step();
    }
  }
}

function rowOf({ name, rounds }: Entry): Row {
  const medianOf = (read: (round: EventsReport) => number) => median(rounds.map(read));
  const sumOf = (read: (round: EventsReport) => number) => rounds.reduce((sum, round) => sum + read(round), 0);
  return {
    name,
    publishedPerSecond: medianOf((round) => round.publishedPerSecond),
    deliveredPerSecond: medianOf((round) => round.deliveredPerSecond),
    dataLag: sumOf((round) => round.dataLag),
    control: sumOf((round) => round.control),
    controlLostByFast: sumOf((round) => round.controlLostByFast),
    controlLostBySlow: sumOf((round) => round.controlLostBySlow),
    fast: mergeAll(rounds.map(({ fast }) => fast)),
    slow: mergeAll(rounds.map(({ slow }) => slow)),
    cpuNsPerDelivery: medianOf((round) => round.cpuNsPerDelivery),
    residentBytes: Math.max(...rounds.map(({ residentBytes }) => residentBytes)),
  };
}

function mergeAll(encoded: readonly string[]): Latencies {
  const latencies = new Latencies();
  for (const each of encoded) latencies.merge(each);
  return latencies;
}

function report(context: Context, options: BenchOptions, rows: readonly Row[]): void {
  const heading = {
    bench: "events",
    what:
      "Events of one publisher to subscribers in the same process: a flood of data events, and 100 control events " +
      `a second; medians of ${ROUNDS} interleaved rounds; a slow stream takes 1 ms for each event`,
    settings: { rounds: ROUNDS },
  };
  if (options.json) {
    const plain = rows.map((row) => ({ ...row, fast: row.fast.summary(), slow: row.slow.summary() }));
    return printJson(context, heading, plain);
  }
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("published/s", ({ publishedPerSecond }) => formatCount(publishedPerSecond)),
    number("delivered/s", ({ deliveredPerSecond }) => formatCount(deliveredPerSecond)),
    number("data lag", ({ dataLag }) => formatCount(dataLag)),
    number("control p50 ms", ({ fast }) => percentile(fast, "p50Ms")),
    number("p99 ms", ({ fast }) => percentile(fast, "p99Ms")),
    number("lost", ({ controlLostByFast }) => String(controlLostByFast)),
    number("slow: p50 ms", ({ slow }) => percentile(slow, "p50Ms")),
    number("p99 ms", ({ slow }) => percentile(slow, "p99Ms")),
    number("lost", ({ controlLostBySlow, control }) => `${controlLostBySlow} of ${control}`),
    number("CPU ns/delivery", ({ cpuNsPerDelivery }) => cpuNsPerDelivery.toFixed(0)),
    number("RSS", ({ residentBytes }) => formatSize(residentBytes)),
  ], context.out);
  for (const { name, fast } of rows) drawHistogram(context.out, `${name}: control events`, fast);
}

function percentile(latencies: Latencies, name: "p50Ms" | "p99Ms"): string {
  return latencies.count === 0 ? "-" : latencies.summary()[name].toFixed(MS_DIGITS);
}
