import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { sleep } from "./clock.ts";
import { ROUNDS, type Share, shareOf, windowOf } from "./contest.ts";
import { type Crew, type Remote, withCrew } from "./crew.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { drawHistogram, formatCount, formatCpu, formatResident, number, printJson } from "./report.ts";
import { median, type Usage, usageBetween } from "./usage.ts";
import type { Gate, Visitors, VisitSpec } from "./visit_sides.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** Enough that both processes always have something to do. */
const DEFAULT_AT_ONCE = 16;
const MS_DIGITS = 2;
const RATIO_DIGITS = 2;

export interface Course {
  readonly name: string;
  readonly gate: Remote<Gate>;
  readonly visitors: Remote<Visitors>;
  readonly port: number;
}

interface Round {
  readonly perSecond: number;
  readonly gate: Usage;
  readonly visitors: Usage;
}

interface Row {
  readonly name: string;
  /** Connections, a second, from the dial to the end. */
  readonly perSecond: number;
  readonly gate: Share;
  readonly visitors: Share;
  /** From the dial until hands are shaken. */
  readonly latencies: Latencies;
}

/** How many strangers a second can come, shake hands and leave. */
export function benchHandshake(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", peers: atOnce = DEFAULT_AT_ONCE } = options;
  return withCrew(context, options, async (crew) => {
    const courses = await enterCourses(crew, { wire });
    const rounds = courses.map((): Round[] => []);
    const latencies = courses.map(() => new Latencies());
    const { ms, warmupMs } = windowOf(options);
    const step = crew.plan(courses.length * (1 + ROUNDS));
    for (const course of courses) {
      await runRound(course, atOnce, warmupMs / courses.length);
      step();
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, course] of courses.entries()) {
        rounds[i]!.push(await runRound(course, atOnce, ms));
        latencies[i]!.merge(await course.visitors.ask("latencies"));
        step();
      }
    }
    const rows = courses.map(({ name }, i) => rowOf(name, rounds[i]!, latencies[i]!));
    report(context, options, { wire, atOnce }, rows);
    return EXIT.done;
  });
}

/** The bare adapter, a set of peers, and a whole node, each with its visitors. */
export async function enterCourses(crew: Crew, spec: VisitSpec): Promise<Course[]> {
  const sides = [
    ["bare socket", "bare-gate", "bare-visitors"],
    [`Peers, ${spec.wire} wire`, "peers-gate", "peers-visitors"],
    [`node, ${spec.wire} wire`, "node-gate", "peers-visitors"],
  ] as const;
  const courses: Course[] = [];
  for (const [name, gateSide, visitorsSide] of sides) {
    const gate = await crew.start(gateSide, spec);
    courses.push({ name, gate, visitors: await crew.start(visitorsSide, spec), port: await gate.ask("listen") });
  }
  return courses;
}

async function runRound({ gate, visitors, port }: Course, atOnce: number, ms: number): Promise<Round> {
  const samples = () => Promise.all([gate.ask("sample"), visitors.ask("sample")]);
  await visitors.ask("begin", { port, atOnce });
  const before = await samples();
  await sleep(ms);
  const after = await samples();
  await visitors.ask("end");
  const [gateUsage, visitorsUsage] = [usageBetween(before[0], after[0]), usageBetween(before[1], after[1])];
  return { perSecond: gateUsage.done / gateUsage.ms * MS_PER_SECOND, gate: gateUsage, visitors: visitorsUsage };
}

function rowOf(name: string, rounds: readonly Round[], latencies: Latencies): Row {
  return {
    name,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    gate: shareOf(rounds.map(({ gate }) => gate)),
    visitors: shareOf(rounds.map(({ visitors }) => visitors)),
    latencies,
  };
}

function report(
  context: Context,
  options: BenchOptions,
  { wire, atOnce }: VisitSpec & { readonly atOnce: number },
  rows: readonly Row[],
): void {
  const heading = {
    bench: "handshake",
    what: `Connections that one process opens to another, ${atOnce} at a time; each shakes hands and leaves; counted ` +
      `where they come to; medians of ${ROUNDS} interleaved rounds`,
    settings: { wire, peers: atOnce, rounds: ROUNDS },
  };
  if (options.json) {
    return printJson(context, heading, rows.map(({ latencies, ...row }) => ({ ...row, latency: latencies.summary() })));
  }
  const first = rows[0]!.perSecond;
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("handshakes/s", ({ perSecond }) => formatCount(perSecond)),
    number("ratio", ({ perSecond }) => (perSecond / first).toFixed(RATIO_DIGITS)),
    number("p50 ms", ({ latencies }) => latencies.summary().p50Ms.toFixed(MS_DIGITS)),
    number("p99 ms", ({ latencies }) => latencies.summary().p99Ms.toFixed(MS_DIGITS)),
    number("CPU ns/handshake", ({ visitors, gate }) => formatCpu(visitors, gate)),
    number("RSS", ({ visitors, gate }) => formatResident(visitors, gate)),
  ], context.out);
  for (const { name, latencies } of rows) drawHistogram(context.out, name, latencies);
}
