import type { DedupeMode } from "../../services/inventory/inventory.ts";
import { formatSize } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { sleep } from "./clock.ts";
import { type Crew, type Remote, withCrew } from "./crew.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import type { RelayCounts, RelayNodes, RelaySpec } from "./relay_sides.ts";
import { drawHistogram, number, printJson } from "./report.ts";
import { type Sample, usageBetween } from "./usage.ts";

const DEFAULT_NODES = 20;
const DEFAULT_BLOCKS = 30;
const DEFAULT_SIZE_BYTES = 1_000_000;
/** One a core of an ordinary machine would be more; blocks must cross between processes all the same. */
const PROCESSES = 2;
/** Nodes that each node dials, besides the one before it. */
const RANDOM_LINKS = 2;
const WARMUP_BLOCKS = 5;
const PAUSE_MS = 50;
const MS_DIGITS = 1;

interface Network {
  readonly name: string;
  readonly groups: readonly Remote<RelayNodes>[];
  readonly perGroup: number;
}

interface Row {
  readonly name: string;
  readonly blocks: number;
  /** From the moment a node has a block until another one has it; and until the last one has it. */
  readonly latencies: Latencies;
  readonly last: Latencies;
  /** Whole blocks, or transactions for compact ones, beyond the one that each node needs. */
  readonly duplicates: number;
  readonly counts: RelayCounts;
  readonly cpuMsPerBlock: number;
  readonly residentBytes: number;
}

/** How long a block takes to reach all nodes of a random network. */
export function benchRelay(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", size: sizeBytes = DEFAULT_SIZE_BYTES } = options;
  const { peers: nodes = DEFAULT_NODES, count: blocks = DEFAULT_BLOCKS } = options;
  const perGroup = Math.ceil(nodes / PROCESSES);
  const modes: readonly DedupeMode[] = options.compare ? ["off", "count", "drop"] : ["drop"];
  return withCrew(context, options, async (crew) => {
    const rows: Row[] = [];
    for (const dedupe of modes) {
      const spec = { wire, nodes: perGroup, blocks: WARMUP_BLOCKS + blocks, sizeBytes, dedupe };
      const network = await build(crew, `dedupe ${dedupe}`, spec);
      rows.push(await measure(network, blocks));
      await Promise.all(network.groups.map((group) => group.stop()));
    }
    report(context, options, { wire, nodes: perGroup * PROCESSES, sizeBytes, blocks }, rows);
    return EXIT.done;
  });
}

/** Every node dials the one before it, so that none is left out, and some others. The same network each time. */
async function build(crew: Crew, name: string, spec: RelaySpec): Promise<Network> {
  const groups: Remote<RelayNodes>[] = [];
  for (let i = 0; i < PROCESSES; i++) groups.push(await crew.start("relay-nodes", spec));
  const ports = (await Promise.all(groups.map((group) => group.ask("listen")))).flat();
  const random = createRandom();
  for (let node = 1; node < ports.length; node++) {
    const targets = new Set([node - 1]);
    for (let i = 0; i < RANDOM_LINKS; i++) targets.add(Math.floor(random() * node));
    const dials = [...targets].map((target) => ({ from: node % spec.nodes, port: ports[target]! }));
    await groups[Math.floor(node / spec.nodes)]!.ask("link", dials);
  }
  return { name, groups, perGroup: spec.nodes };
}

async function measure({ name, groups, perGroup }: Network, blocks: number): Promise<Row> {
  const [latencies, last] = [new Latencies(), new Latencies()];
  const source = groups[0]!;
  const random = createRandom();
  let before: readonly Sample[] = [];
  let countsBefore = NOTHING;
  for (let height = 1; height <= WARMUP_BLOCKS + blocks; height++) {
    if (height === WARMUP_BLOCKS + 1) {
      before = await Promise.all(groups.map((group) => group.ask("sample")));
      countsBefore = await countAll(groups);
    }
    const startedAt = await source.ask("submit", Math.floor(random() * perGroup));
    const arrivals = (await Promise.all(groups.map((group) => group.ask("arrived", height)))).flatMap(({ atMs }) =>
      atMs
    );
    // The first to have it is the one that it was given to.
    const others = arrivals.toSorted((left, right) => left - right).slice(1);
    if (height > WARMUP_BLOCKS) {
      for (const atMs of others) latencies.add(atMs - startedAt);
      last.add(others.at(-1)! - startedAt);
    }
    await sleep(PAUSE_MS);
  }
  const after = await Promise.all(groups.map((group) => group.ask("sample")));
  const counts = subtract(await countAll(groups), countsBefore);
  const usages = after.map((sample, i) => usageBetween(before[i]!, sample));
  return {
    name,
    blocks,
    latencies,
    last,
    duplicates: counts.whole + counts.completions - blocks * (perGroup * groups.length - 1),
    counts,
    cpuMsPerBlock: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / blocks,
    residentBytes: usages.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}

const NOTHING: RelayCounts = { whole: 0, compact: 0, completions: 0, announced: 0, duplicates: 0 };

async function countAll(groups: readonly Remote<RelayNodes>[]): Promise<RelayCounts> {
  const all = await Promise.all(groups.map((group) => group.ask("counts")));
  return all.reduce((sum, counts) => combine(sum, counts, 1), NOTHING);
}

function subtract(left: RelayCounts, right: RelayCounts): RelayCounts {
  return combine(left, right, -1);
}

function combine(left: RelayCounts, right: RelayCounts, sign: 1 | -1): RelayCounts {
  return {
    whole: left.whole + sign * right.whole,
    compact: left.compact + sign * right.compact,
    completions: left.completions + sign * right.completions,
    announced: left.announced + sign * right.announced,
    duplicates: left.duplicates + sign * right.duplicates,
  };
}

/** The same numbers each time: a linear congruential generator (Numerical Recipes), good enough to draw a graph. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function report(
  context: Context,
  options: BenchOptions,
  { wire, nodes, sizeBytes, blocks }: Omit<RelaySpec, "dedupe">,
  rows: readonly Row[],
): void {
  const heading = {
    bench: "relay",
    what: `Blocks of ${formatSize(sizeBytes)}, ${blocks} of them one after the other, from one of ${nodes} nodes in ` +
      `${PROCESSES} processes to all others, over a random graph of ${1 + RANDOM_LINKS} dials a node`,
    settings: { wire, size: sizeBytes, nodes, blocks },
  };
  if (options.json) {
    return printJson(
      context,
      heading,
      rows.map((row) => ({ ...row, latencies: row.latencies.summary(), last: row.last.summary() })),
    );
  }
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("p50 ms", ({ latencies }) => latencies.summary().p50Ms.toFixed(MS_DIGITS)),
    number("p99 ms", ({ latencies }) => latencies.summary().p99Ms.toFixed(MS_DIGITS)),
    number("all have it: p50 ms", ({ last }) => last.summary().p50Ms.toFixed(MS_DIGITS)),
    number("p99 ms", ({ last }) => last.summary().p99Ms.toFixed(MS_DIGITS)),
    number("whole", ({ counts }) => String(counts.whole)),
    number("compact", ({ counts }) => String(counts.compact)),
    number("completed", ({ counts }) => String(counts.completions)),
    number("duplicates", ({ duplicates }) => String(duplicates)),
    number("announced", ({ counts }) => String(counts.announced)),
    number("again", ({ counts }) => String(counts.duplicates)),
    number("CPU ms/block", ({ cpuMsPerBlock }) => cpuMsPerBlock.toFixed(MS_DIGITS)),
    number("RSS", ({ residentBytes }) => formatSize(residentBytes)),
  ], context.out);
  for (const { name, latencies } of rows) drawHistogram(context.out, `${name}: arrival`, latencies);
}
