import { formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { sleep } from "./clock.ts";
import { type Crew, type Remote, withCrew } from "./crew.ts";
import type { FloodedNode, Flooder, FloodSpec, Visitor } from "./flood_sides.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { drawHistogram, formatCount, number, printJson } from "./report.ts";
import { usageBetween } from "./usage.ts";

const STEPS = 3;
const DEFAULT_SIZE_BYTES = 1_000_000;
const DEFAULT_PEERS = 100;
const DEFAULT_DURATION_MS = 5_000;
const DEFAULT_WARMUP_MS = 1_000;
const MEGA = 1_000_000;
const MS_DIGITS = 2;
/** What is under way when the flood ends has been handled by then. */
const DRAIN_MS = 1_000;

interface Crowd {
  readonly node: Remote<FloodedNode>;
  readonly flooder: Remote<Flooder>;
  readonly visitor: Remote<Visitor>;
}

interface Row {
  readonly name: string;
  readonly blocksPerSecond: number;
  readonly bytesPerSecond: number;
  readonly pings: Latencies;
  readonly unanswered: number;
  readonly loopDelay: Latencies;
  /** Peers that came and went, and the control events that a subscriber was told of. */
  readonly visits: number;
  readonly controlEvents: number;
  readonly controlEventsLost: number;
  readonly cpuMsPerSecond: { readonly node: number; readonly flooder: number };
  readonly peakResidentBytes: number;
}

/** What a node's control traffic suffers while many peers send it blocks as fast as they can. */
export function benchFlood(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", size: sizeBytes = DEFAULT_SIZE_BYTES, peers = DEFAULT_PEERS } = options;
  const { durationMs = DEFAULT_DURATION_MS, warmupMs = DEFAULT_WARMUP_MS } = options;
  const spec: FloodSpec = { wire, peers, sizeBytes };
  return withCrew(context, options, async (crew) => {
    const crowd = await gather(crew, spec);
    // Idle, the flood's beginning, and the flood.
    const step = crew.plan(STEPS);
    const rows = [await measure(crowd, "idle", durationMs, sizeBytes)];
    step();
    await crowd.flooder.ask("flood");
    await sleep(warmupMs);
    step();
    rows.push(await measure(crowd, `${peers} peers flood`, durationMs, sizeBytes));
    step();
    await crowd.flooder.ask("halt");
    report(context, options, spec, rows);
    return rows.every(({ controlEventsLost }) => controlEventsLost === 0) ? EXIT.done : EXIT.no;
  });
}

async function gather(crew: Crew, spec: FloodSpec): Promise<Crowd> {
  const node = await crew.start("flooded-node", spec);
  const flooder = await crew.start("flooder", spec);
  const visitor = await crew.start("visitor", spec);
  const port = await node.ask("listen");
  await visitor.ask("connect", port);
  await flooder.ask("connect", port);
  return { node, flooder, visitor };
}

async function measure({ node, flooder, visitor }: Crowd, name: string, ms: number, sizeBytes: number): Promise<Row> {
  const [before, flooderBefore] = await Promise.all([node.ask("report"), flooder.ask("sample")]);
  await visitor.ask("begin");
  await sleep(ms);
  const [during, flooderDuring] = await Promise.all([node.ask("report"), flooder.ask("sample")]);
  const { visits, pings, unanswered } = await visitor.ask("end");
  await sleep(DRAIN_MS);
  const after = await node.ask("report");
  const [usage, flooderUsage] = [usageBetween(before, during), usageBetween(flooderBefore, flooderDuring)];
  const blocksPerSecond = usage.done / usage.ms * MS_PER_SECOND;
  const controlEvents = after.connected + after.disconnected - before.connected - before.disconnected;
  return {
    name,
    blocksPerSecond,
    bytesPerSecond: blocksPerSecond * sizeBytes,
    pings: decode(pings),
    unanswered,
    loopDelay: decode(during.loopDelay),
    visits,
    controlEvents,
    controlEventsLost: 2 * visits - controlEvents,
    cpuMsPerSecond: {
      node: usage.cpuMs / usage.ms * MS_PER_SECOND,
      flooder: flooderUsage.cpuMs / flooderUsage.ms * MS_PER_SECOND,
    },
    peakResidentBytes: during.peakResidentBytes,
  };
}

function decode(encoded: string): Latencies {
  const latencies = new Latencies();
  latencies.merge(encoded);
  return latencies;
}

function report(context: Context, options: BenchOptions, spec: FloodSpec, rows: readonly Row[]): void {
  const heading = {
    bench: "flood",
    what:
      `A node to which ${spec.peers} peers send blocks of ${formatSize(spec.sizeBytes)} as fast as it takes them; ` +
      `another connection pings it 100 times a second, and 10 peers a second come and go`,
    settings: { wire: spec.wire, size: spec.sizeBytes, peers: spec.peers },
  };
  if (options.json) {
    return printJson(
      context,
      heading,
      rows.map((row) => ({ ...row, pings: row.pings.summary(), loopDelay: row.loopDelay.summary() })),
    );
  }
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("blocks/s", ({ blocksPerSecond }) => formatCount(blocksPerSecond)),
    number("MB/s", ({ bytesPerSecond }) => (bytesPerSecond / MEGA).toFixed(0)),
    number("ping p50 ms", ({ pings }) => pings.summary().p50Ms.toFixed(MS_DIGITS)),
    number("p99 ms", ({ pings }) => pings.summary().p99Ms.toFixed(MS_DIGITS)),
    number("loop delay p50 ms", ({ loopDelay }) => loopDelay.summary().p50Ms.toFixed(MS_DIGITS)),
    number("p99 ms", ({ loopDelay }) => loopDelay.summary().p99Ms.toFixed(MS_DIGITS)),
    number("control events", ({ controlEvents }) => String(controlEvents)),
    number("lost", ({ controlEventsLost }) => String(controlEventsLost)),
    number("CPU ms/s", ({ cpuMsPerSecond: { node, flooder } }) => `${node.toFixed(0)} + ${flooder.toFixed(0)}`),
    number("peak RSS", ({ peakResidentBytes }) => formatSize(peakResidentBytes)),
  ], context.out);
  for (const { name, pings } of rows) drawHistogram(context.out, `${name}: ping`, pings);
}
