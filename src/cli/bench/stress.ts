import { formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { sleep } from "./clock.ts";
import { type Crew, type Remote, withCrew } from "./crew.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { formatCount, number, printJson } from "./report.ts";
import type { createCallers, createStressedNode, Stress } from "./stress_sides.ts";
import { usageBetween } from "./usage.ts";

const DEFAULT_PEERS = 1_000;
const DEFAULT_TALK_MS = 60_000;
/** All else follows from the connections that talk. */
const CYCLES_PER_TALKING = 5;
const FEW_CYCLES = 50;
const IDLE_PER_TALKING = 10;
const MAX_IDLE = 10_000;
const IDLE_MS = 3_000;
/** What left is gone, and garbage collected, by then. */
const SETTLE_MS = 1_000;
const TALK = { beatMs: 250, messages: 4, sizeBytes: 200 };
const KIB = 1_024;
const MAX_BYTES_PER_IDLE_PEER = 32 * KIB;
const MAX_GROWTH = 0.05;
/** Of fewer, what is measured is what the first ones left behind, or pages of the system: that is no verdict. */
const MIN_JUDGED_CYCLES = 5_000;
const MIN_JUDGED_IDLE = 1_000;
const PERCENT = 100;
const DIGITS = 1;

type Node = Remote<ReturnType<typeof createStressedNode>>;
type Callers = Remote<ReturnType<typeof createCallers>>;

interface Row {
  readonly name: string;
  readonly ms: number;
  readonly connections: number;
  readonly perSecond: number;
  readonly residentBytes: number;
  /** Of the node, a second. */
  readonly cpuMsPerSecond: number;
  /** How late the node's timers were, and answers to requests where there were any. */
  readonly loopP99Ms: number;
  readonly answerP99Ms: number | undefined;
  /** What was promised and does not hold. */
  readonly complaints: readonly string[];
  /** Whether there were enough connections to judge by memory; undefined where it is not looked at. */
  readonly isMemoryJudged: boolean | undefined;
}

interface Stage {
  readonly node: Node;
  readonly callers: Callers;
  readonly port: number;
}

/** A real node over real sockets: connections that come and go, a thousand that talk, ten thousand that do not. */
export function benchStress(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", peers = DEFAULT_PEERS, durationMs = DEFAULT_TALK_MS } = options;
  return withCrew(context, options, async (crew) => {
    const count = CYCLES_PER_TALKING * peers;
    const stage = await openStage(crew, wire);
    const rows: Row[] = [];
    const step = crew.plan(4);
    // As many again beforehand: what the first ones leave, such as compiled code, is there to stay; a leak is not.
    await stage.callers.ask("comeAndGo", { port: stage.port, count });
    for (const cycles of [FEW_CYCLES, count]) {
      rows.push(await comeAndGo(stage, cycles, count >= MIN_JUDGED_CYCLES));
      step();
    }
    rows.push(await talk(stage, peers, durationMs));
    step();
    rows.push(await rest(stage, Math.min(MAX_IDLE, IDLE_PER_TALKING * peers)));
    step();
    report(context, options, wire, rows);
    return rows.every(({ complaints }) => complaints.length === 0) ? EXIT.done : EXIT.no;
  });
}

async function openStage(crew: Crew, wire: "native" | "bitcoin"): Promise<Stage> {
  const node = await crew.start("stressed-node", { wire });
  const callers = await crew.start("callers", { wire });
  return { node, callers, port: await node.ask("listen") };
}

/** Each connects, shakes hands and leaves; then the node is as it was. */
async function comeAndGo({ node, callers, port }: Stage, cycles: number, isMemoryJudged: boolean): Promise<Row> {
  await sleep(SETTLE_MS);
  const before = await node.ask("look");
  await callers.ask("comeAndGo", { port, count: cycles });
  const done = await node.ask("look");
  await sleep(SETTLE_MS);
  const after = await node.ask("look");
  const growth = after.residentBytes / before.residentBytes - 1;
  return {
    ...rowOf(`${cycles} connect and leave`, before, done, cycles),
    residentBytes: after.residentBytes,
    complaints: [
      ...complaintsOf(after, 0),
      ...(isMemoryJudged && growth > MAX_GROWTH ? [`memory grew by ${(growth * PERCENT).toFixed(DIGITS)} %`] : []),
    ],
    isMemoryJudged,
  };
}

/** Every connection sends messages and asks, all the time. */
async function talk({ node, callers, port }: Stage, peers: number, ms: number): Promise<Row> {
  await callers.ask("forget");
  await callers.ask("hold", { port, count: peers });
  const before = await node.ask("look");
  await callers.ask("begin", TALK);
  await sleep(ms);
  const during = await node.ask("look");
  const { sent, refused, asked, answered, latencies } = await callers.ask("end");
  const after = await node.ask("look");
  const lost = await callers.ask("leave");
  const complaints = complaintsOf(after, peers);
  if (lost > 0) complaints.push(`${lost} connections lost`);
  if (after.done !== sent || refused > 0) complaints.push(`${sent - after.done} messages lost, ${refused} refused`);
  if (sent === 0) complaints.push(`nothing was said: a beat takes ${TALK.beatMs} ms`);
  if (answered !== asked) complaints.push(`${asked - answered} requests without an answer`);
  const times = new Latencies();
  times.merge(latencies);
  const row = rowOf(`${peers} talk`, before, during, peers);
  return { ...row, perSecond: (sent + asked) / ms * MS_PER_SECOND, answerP99Ms: times.summary().p99Ms, complaints };
}

/** Nobody says anything but pings. */
async function rest({ node, callers, port }: Stage, peers: number): Promise<Row> {
  await sleep(SETTLE_MS);
  const before = await node.ask("look");
  await callers.ask("forget");
  await callers.ask("hold", { port, count: peers });
  const came = await node.ask("look");
  await sleep(SETTLE_MS);
  const idle = await node.ask("look");
  await sleep(IDLE_MS);
  const after = await node.ask("look");
  const lost = await callers.ask("leave");
  const bytesEach = (after.residentBytes - before.residentBytes) / peers;
  const complaints = complaintsOf(after, peers);
  if (lost > 0) complaints.push(`${lost} connections lost`);
  const isMemoryJudged = peers >= MIN_JUDGED_IDLE;
  if (isMemoryJudged && bytesEach > MAX_BYTES_PER_IDLE_PEER) {
    complaints.push(`${(bytesEach / KIB).toFixed(DIGITS)} KiB for each`);
  }
  const resting = rowOf(`${peers} idle, ${(bytesEach / KIB).toFixed(DIGITS)} KiB each`, idle, after, peers);
  const perSecond = peers / usageBetween(before, came).ms * MS_PER_SECOND;
  return { ...resting, perSecond, complaints, isMemoryJudged };
}

function rowOf(name: string, before: Stress, after: Stress, connections: number): Row {
  const { ms, cpuMs } = usageBetween(before, after);
  const delays = new Latencies();
  delays.merge(after.delays);
  return {
    name,
    ms,
    connections,
    perSecond: connections / ms * MS_PER_SECOND,
    residentBytes: after.residentBytes,
    cpuMsPerSecond: cpuMs / ms * MS_PER_SECOND,
    loopP99Ms: delays.summary().p99Ms,
    answerP99Ms: undefined,
    complaints: [],
    isMemoryJudged: undefined,
  };
}

function complaintsOf({ peers, queuedBytes, faults }: Stress, expected: number): string[] {
  const complaints = Object.entries(faults).map(([reason, count]) => `${count} ended: ${reason}`);
  if (peers !== expected) complaints.push(`${peers} peers, not ${expected}`);
  if (queuedBytes > 0) complaints.push(`${queuedBytes} bytes wait`);
  return complaints;
}

function report(context: Context, options: BenchOptions, wire: string, rows: readonly Row[]): void {
  const heading = {
    bench: "stress",
    what:
      "A node in one process, its peers in another, real sockets; per second: connections, or messages and requests",
    settings: { wire },
  };
  if (options.json) return printJson(context, heading, rows);
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("seconds", ({ ms }) => (ms / MS_PER_SECOND).toFixed(DIGITS)),
    number("per second", ({ perSecond }) => formatCount(perSecond)),
    number("RSS", ({ residentBytes }) => formatSize(residentBytes)),
    number("CPU ms/s", ({ cpuMsPerSecond }) => cpuMsPerSecond.toFixed(DIGITS)),
    number("loop p99 ms", ({ loopP99Ms }) => loopP99Ms.toFixed(DIGITS)),
    number("answer p99 ms", ({ answerP99Ms }) => answerP99Ms?.toFixed(DIGITS) ?? "-"),
    { title: "complaints", cell: ({ complaints }) => complaints.join("; ") || "none" },
  ], context.out);
  if (rows.every(({ isMemoryJudged }) => isMemoryJudged !== false)) return;
  context.out.line(`memory is judged from ${MIN_JUDGED_CYCLES} that leave and ${MIN_JUDGED_IDLE} idle ones on`);
}
