import { DEDUPE_MODES, type DedupeMode } from "../../protocol/dedupe.ts";
import { formatSize } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { sleep } from "./clock.ts";
import { withCrew } from "./crew.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { buildNetwork, createRandom, type Network, PROCESSES, RANDOM_LINKS } from "./relay_network.ts";
import type { RelayCounts, RelaySpec } from "./relay_sides.ts";
import { printTransactionRows, SPREADS, spreadTransactions, type TransactionRow } from "./relay_transactions.ts";
import { drawHistogram, number, printJson } from "./report.ts";
import { type Sample, usageBetween } from "./usage.ts";

const DEFAULT_NODES = 20;
const DEFAULT_BLOCKS = 30;
const DEFAULT_SIZE_BYTES = 1_000_000;
const WARMUP_BLOCKS = 5;
const PAUSE_MS = 50;
const MS_DIGITS = 1;

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

/** How long a block takes to reach all nodes of a random network, and what transactions cost there. */
export function benchRelay(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", size: sizeBytes = DEFAULT_SIZE_BYTES } = options;
  const { peers: nodes = DEFAULT_NODES, count: blocks = DEFAULT_BLOCKS } = options;
  const perGroup = Math.ceil(nodes / PROCESSES);
  const modes: readonly DedupeMode[] = options.compare ? DEDUPE_MODES : ["drop"];
  return withCrew(context, options, async (crew) => {
    const networks: Network[] = [];
    for (const dedupe of modes) {
      const spec = { wire, nodes: perGroup, blocks: WARMUP_BLOCKS + blocks, sizeBytes, dedupe };
      networks.push(await buildNetwork(crew, `dedupe ${dedupe}`, spec));
    }
    const step = crew.plan(networks.length * (WARMUP_BLOCKS + blocks + SPREADS));
    const rows = await relayBlocks(networks, blocks, step);
    const spreads = await spreadTransactions(networks, step);
    report(context, options, { wire, nodes: perGroup * PROCESSES, sizeBytes, blocks }, rows, spreads);
    return EXIT.done;
  });
}

/** One block after the other, to each network in turn. */
async function relayBlocks(networks: readonly Network[], blocks: number, step: () => void): Promise<Row[]> {
  const courses = networks.map((network) => new Course(network));
  for (let height = 1; height <= WARMUP_BLOCKS + blocks; height++) {
    for (const course of courses) {
      if (height === WARMUP_BLOCKS + 1) await course.begin();
      await course.relay(height);
      step();
      await sleep(PAUSE_MS);
    }
  }
  return await Promise.all(courses.map((course) => course.end()));
}

/** What is measured of the blocks in one network. */
class Course {
  readonly #network: Network;
  readonly #random = createRandom();
  readonly #latencies = new Latencies();
  readonly #last = new Latencies();
  #before: readonly Sample[] = [];
  #countsBefore = NOTHING;
  #blocks = 0;

  constructor(network: Network) {
    this.#network = network;
  }

  /** What came before was the warm-up. */
  async begin(): Promise<void> {
    const { groups } = this.#network;
    this.#before = await Promise.all(groups.map((group) => group.ask("sample")));
    this.#countsBefore = await countAll(groups);
    this.#latencies.reset();
    this.#last.reset();
    this.#blocks = 0;
  }

  /** Gives a block to one node and waits until all have it. */
  async relay(height: number): Promise<void> {
    const { groups, perGroup } = this.#network;
    const startedAt = await groups[0]!.ask("submit", Math.floor(this.#random() * perGroup));
    const arrivals = await Promise.all(groups.map((group) => group.ask("arrived", height)));
    // The first to have it is the one that it was given to.
    const others = arrivals.flatMap(({ atMs }) => atMs).sort((left, right) => left - right).slice(1);
    for (const atMs of others) this.#latencies.add(atMs - startedAt);
    this.#last.add(others.at(-1)! - startedAt);
    this.#blocks++;
  }

  async end(): Promise<Row> {
    const { name, groups, perGroup } = this.#network;
    const after = await Promise.all(groups.map((group) => group.ask("sample")));
    const counts = subtract(await countAll(groups), this.#countsBefore);
    const usages = after.map((sample, i) => usageBetween(this.#before[i]!, sample));
    return {
      name,
      blocks: this.#blocks,
      latencies: this.#latencies,
      last: this.#last,
      duplicates: counts.whole + counts.completions - this.#blocks * (perGroup * groups.length - 1),
      counts,
      cpuMsPerBlock: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / this.#blocks,
      residentBytes: usages.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    };
  }
}

const NOTHING: RelayCounts = { whole: 0, compact: 0, completions: 0, announced: 0, duplicates: 0 };

async function countAll(groups: Network["groups"]): Promise<RelayCounts> {
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

function report(
  context: Context,
  options: BenchOptions,
  { wire, nodes, sizeBytes, blocks }: Omit<RelaySpec, "dedupe">,
  rows: readonly Row[],
  spreads: readonly TransactionRow[],
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
      rows.map((row, i) => ({
        ...row,
        latencies: row.latencies.summary(),
        last: row.last.summary(),
        transactions: spreads[i],
      })),
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
  printTransactionRows(spreads, context.out);
  for (const { name, latencies } of rows) drawHistogram(context.out, `${name}: arrival`, latencies);
}
