import { formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { sleep } from "./clock.ts";
import { withCrew } from "./crew.ts";
import { type Course, enterCourses } from "./handshake.ts";
import type { BenchOptions } from "./options.ts";
import { formatCount, number, printJson } from "./report.ts";
import { usageBetween } from "./usage.ts";
import type { VisitSpec } from "./visit_sides.ts";

const DEFAULT_CONNECTIONS = 1_000;
const DEFAULT_DURATION_MS = 3_000;
const KIB = 1_024;
const DIGITS = 1;
/** What a burst left behind is collected by then; and a connection that was closed is gone. */
const SETTLE_MS = 1_000;

interface Row {
  readonly name: string;
  /** How fast they came, a second. */
  readonly perSecond: number;
  /** That each added to the process which they came to. */
  readonly bytesEach: number;
  readonly residentBytes: number;
  /** CPU time of that process while nothing is said but pings, in milliseconds a second. */
  readonly idleCpuMsPerSecond: number;
  /** Connections that were lost meanwhile. */
  readonly lost: number;
  /** Resident bytes after all have left, beyond those before they came. */
  readonly leftBytes: number;
}

/** What it costs to hold connections on which nothing is said. */
export function benchConnections(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", peers: count = DEFAULT_CONNECTIONS, durationMs = DEFAULT_DURATION_MS } = options;
  return withCrew(context, options, async (crew) => {
    const courses = await enterCourses(crew, { wire });
    const rows: Row[] = [];
    const step = crew.plan(courses.length);
    for (const course of courses) {
      rows.push(await holdAll(course, count, durationMs));
      step();
    }
    report(context, options, { wire, count }, rows);
    return rows.every(({ lost }) => lost === 0) ? EXIT.done : EXIT.no;
  });
}

async function holdAll({ name, gate, visitors, port }: Course, count: number, durationMs: number): Promise<Row> {
  const before = await gate.ask("sample");
  await visitors.ask("hold", { port, count });
  const came = usageBetween(before, await gate.ask("sample"));
  await sleep(SETTLE_MS);
  const idle = await gate.ask("sample");
  await sleep(durationMs);
  const after = await gate.ask("sample");
  const lost = count - await gate.ask("held");
  await visitors.ask("leave");
  await sleep(SETTLE_MS);
  const left = await gate.ask("sample");
  const resting = usageBetween(idle, after);
  return {
    name,
    perSecond: count / came.ms * MS_PER_SECOND,
    bytesEach: (after.residentBytes - before.residentBytes) / count,
    residentBytes: after.residentBytes,
    idleCpuMsPerSecond: resting.cpuMs / resting.ms * MS_PER_SECOND,
    lost,
    leftBytes: left.residentBytes - before.residentBytes,
  };
}

function report(
  context: Context,
  options: BenchOptions,
  { wire, count }: VisitSpec & { readonly count: number },
  rows: readonly Row[],
): void {
  const heading = {
    bench: "connections",
    what: `${count} connections from one process, held by another; nothing is said on them but pings`,
    settings: { wire, peers: count },
  };
  if (options.json) return printJson(context, heading, rows);
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("come a second", ({ perSecond }) => formatCount(perSecond)),
    number("KiB each", ({ bytesEach }) => (bytesEach / KIB).toFixed(DIGITS)),
    number("RSS", ({ residentBytes }) => formatSize(residentBytes)),
    number("idle CPU ms/s", ({ idleCpuMsPerSecond }) => idleCpuMsPerSecond.toFixed(DIGITS)),
    number("lost", ({ lost }) => String(lost)),
    number("left behind", ({ leftBytes }) => formatSize(Math.max(0, leftBytes))),
  ], context.out);
}
