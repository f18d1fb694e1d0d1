import { createHasher } from "../../platform/hasher.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { checkMessageSize } from "./bench_peers.ts";
import { sleep } from "./clock.ts";
import { ROUNDS, type Share, shareOf, windowOf } from "./contest.ts";
import { type Crew, type Remote, withCrew } from "./crew.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { drawHistogram, formatCount, formatCpu, formatResident, number, printJson } from "./report.ts";
import type { Asker, Echo, RoundTripSpec } from "./round_trips.ts";
import { median, type Usage, usageBetween } from "./usage.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

const DEFAULT_SIZE_BYTES = 64;
const DEFAULT_PEERS = 100;
const MICROSECONDS = 1_000;
const RATIO_DIGITS = 2;

interface Pair {
  readonly name: string;
  readonly echo: Remote<Echo>;
  readonly asker: Remote<Asker>;
}

/** One way of asking, over so many connections at once. */
interface Course {
  readonly name: string;
  readonly pair: Pair;
  readonly connections: number;
  readonly rounds: Round[];
  readonly latencies: Latencies;
}

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly asker: Usage;
  readonly echo: Usage;
}

interface Row {
  readonly name: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the median latency, to that of the bare socket with as many connections. */
  readonly ratio: number;
  readonly asker: Share;
  readonly echo: Share;
  readonly latencies: Latencies;
}

/** Round trips between two processes: one after the other, and over many connections at once. */
export function benchLatency(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", size: sizeBytes = DEFAULT_SIZE_BYTES, peers: connections = DEFAULT_PEERS } = options;
  checkMessageSize(sizeBytes, wire, createHasher());
  const spec: RoundTripSpec = { wire, connections, sizeBytes };
  return withCrew(context, options, async (crew) => {
    const pairs = [
      await enter(crew, "bare", "bare socket", spec),
      await enter(crew, "peers", `Peer.send, ${wire} wire`, spec),
      await enter(crew, "node", `node.request, ${wire} wire`, spec),
    ];
    const courses = [1, connections].flatMap((count) =>
      pairs.map((pair): Course => ({
        name: `${pair.name}, ${count} at a time`,
        pair,
        connections: count,
        rounds: [],
        latencies: new Latencies(),
      }))
    );
    await runCourses(crew, courses, options);
    report(context, options, spec, courses.map((course) => rowOf(course, courses)));
    return EXIT.done;
  });
}

async function enter(crew: Crew, kind: "bare" | "peers" | "node", name: string, spec: RoundTripSpec): Promise<Pair> {
  const echo = await crew.start(`${kind}-echo`, spec);
  const asker = await crew.start(`${kind}-asker`, spec);
  await asker.ask("connect", await echo.ask("listen"));
  return { name, echo, asker };
}

/** In turn, A B A B. The first turn of each is its warm-up. */
async function runCourses(crew: Crew, courses: readonly Course[], options: BenchOptions): Promise<void> {
  const step = crew.plan(courses.length * (1 + ROUNDS));
  const { ms, warmupMs } = windowOf(options);
  for (const course of courses) {
    await runRound(course, warmupMs / 2, options.rate);
    step();
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const course of courses) {
      const encoded = await runRound(course, ms / 2, options.rate);
      course.rounds.push(encoded.round);
      course.latencies.merge(encoded.latencies);
      step();
    }
  }
}

async function runRound(
  { pair: { echo, asker }, connections }: Course,
  ms: number,
  rate: number | undefined,
): Promise<{ readonly round: Round; readonly latencies: string }> {
  const before = await Promise.all([asker.ask("sample"), echo.ask("sample")]);
  await asker.ask("begin", { connections, ...(rate !== undefined && { perSecond: rate }) });
  await sleep(ms);
  const after = await Promise.all([asker.ask("sample"), echo.ask("sample")]);
  await asker.ask("end");
  const encoded = await asker.ask("latencies");
  const latencies = new Latencies();
  latencies.merge(encoded);
  const { p50Ms, p99Ms } = latencies.summary();
  const usage = usageBetween(before[0], after[0]);
  const perSecond = usage.done / usage.ms * MS_PER_SECOND;
  return {
    round: { perSecond, p50Ms, p99Ms, asker: usage, echo: usageBetween(before[1], after[1]) },
    latencies: encoded,
  };
}

function rowOf({ name, connections, rounds, latencies }: Course, courses: readonly Course[]): Row {
  const p50Ms = median(rounds.map((round) => round.p50Ms));
  const bare = courses.find((other) => other.connections === connections)!;
  return {
    name,
    connections,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    p50Ms,
    p99Ms: median(rounds.map((round) => round.p99Ms)),
    ratio: p50Ms / median(bare.rounds.map((round) => round.p50Ms)),
    asker: shareOf(rounds.map(({ asker }) => asker)),
    echo: shareOf(rounds.map(({ echo }) => echo)),
    latencies,
  };
}

function report(context: Context, options: BenchOptions, spec: RoundTripSpec, rows: readonly Row[]): void {
  const { wire, sizeBytes, connections } = spec;
  const heading = {
    bench: "latency",
    what:
      `Round trips between two processes, ${sizeBytes} bytes on the wire each way, header included; the next question ` +
      `follows the answer${options.rate === undefined ? "" : `, ${options.rate} a second and connection`}; ` +
      `medians of ${ROUNDS} interleaved rounds`,
    settings: { wire, size: sizeBytes, peers: connections, rate: options.rate, rounds: ROUNDS },
  };
  if (options.json) {
    return printJson(context, heading, rows.map(({ latencies, ...row }) => ({ ...row, latency: latencies.summary() })));
  }
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("round trips/s", ({ perSecond }) => formatCount(perSecond)),
    number("p50 µs", ({ p50Ms }) => (p50Ms * MICROSECONDS).toFixed(0)),
    number("p99 µs", ({ p99Ms }) => (p99Ms * MICROSECONDS).toFixed(0)),
    number("p50 ratio", ({ ratio }) => ratio.toFixed(RATIO_DIGITS)),
    number("CPU ns/round trip", ({ asker, echo }) => formatCpu(asker, echo)),
    number("RSS", ({ asker, echo }) => formatResident(asker, echo)),
  ], context.out);
  for (const { name, latencies } of rows) drawHistogram(context.out, name, latencies);
}
