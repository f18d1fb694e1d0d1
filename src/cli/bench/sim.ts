import { createHasher } from "../../platform/hasher.ts";
import type { Scenario, Setting } from "../../simulation/scenario.ts";
import { type ScenarioName, SCENARIOS } from "../../simulation/scenarios.ts";
import { type Report, shrink, simulate } from "../../simulation/simulate.ts";
import { toSafeJson } from "../../util/escape.ts";
import { formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT, UsageError } from "../exit.ts";
import { watchSignals } from "../signals.ts";
import { printRows } from "../tables.ts";
import type { BenchOptions } from "./options.ts";
import { formatCount, formatMs, number } from "./report.ts";

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];
const DEFAULT_SCENARIO: ScenarioName = "spread";
const INDENT = 2;
const DIGITS = 2;

/** What `p2p bench sim` was asked for, complete. */
interface Wish {
  readonly name: ScenarioName;
  readonly scenario: Scenario;
  readonly nodes: number;
  readonly seeds: readonly [first: number, last: number];
  readonly faults: ReadonlySet<number> | undefined;
  readonly signal?: AbortSignal;
}

/** Plays a scenario of simulated networks: once, or for many seeds. */
export async function benchSim(context: Context, options: BenchOptions): Promise<number> {
  const wish = wishOf(options);
  const interrupt = watchSignals(context.host);
  let [runs, broken] = [0, 0];
  try {
    for (let seed = wish.seeds[0]; seed <= wish.seeds[1] && !interrupt.signal.aborted; seed++) {
      const report = await runOnce(context, options, { ...wish, signal: interrupt.signal }, seed);
      runs++;
      if (report.broken) broken++;
    }
    if (runs > 1 && !options.json) context.out.line(`${runs} seeds, ${broken} broken`);
    if (interrupt.signal.aborted) return interrupt.exitCode;
    return broken === 0 ? EXIT.done : EXIT.no;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return interrupt.exitCode;
  } finally {
    interrupt[Symbol.dispose]();
  }
}

function wishOf({ scenario: name = DEFAULT_SCENARIO, nodes, seed, seeds, faults }: BenchOptions): Wish {
  const scenario: Scenario = SCENARIOS[name];
  const planned = scenario.faults ?? 0;
  if (faults && planned === 0) throw new UsageError(`--faults: scenario ${name} plans none`);
  const beyond = faults?.find((fault) => fault >= planned);
  if (beyond !== undefined) {
    throw new UsageError(`--faults: ${name} plans ${planned}, numbered from 0: received ${beyond}`);
  }
  return {
    name,
    scenario,
    nodes: nodes ?? scenario.nodes,
    seeds: seeds ?? [seed ?? 1, seed ?? 1],
    faults: faults && new Set(faults),
  };
}

/** A failure is shrunk, and told with the command that plays it again. */
async function runOnce(context: Context, options: BenchOptions, wish: Wish, seed: number): Promise<Report> {
  const { scenario, nodes, faults, seeds, signal } = wish;
  const setting: Setting = {
    seed,
    nodes,
    hasher: createHasher(),
    memory() {
      context.host.collectGarbage();
      return context.host.memory();
    },
    stopwatch: () => performance.now(),
    cpuMs: () => context.host.cpuMs(),
    ...(faults && { faults }),
    ...(signal && { signal }),
  };
  const report = await simulate(scenario, setting);
  const isAlone = seeds[0] === seeds[1];
  if (options.json) context.out.line(toSafeJson({ scenario: wish.name, ...report }, isAlone ? INDENT : 0));
  else if (isAlone) print(context, wish, report);
  if (report.broken) await explain(context, wish, setting, report);
  return report;
}

async function explain(context: Context, { name, scenario }: Wish, setting: Setting, report: Report): Promise<void> {
  context.err.line(`seed ${report.seed}: ${report.broken!.message}`);
  const smallest = await shrink(scenario, setting, report);
  context.err.line(`  replay: ${replayCommand(name, smallest)}`);
}

function replayCommand(name: string, { nodes, seed, faults }: Report): string {
  const chosen = faults ? ` --faults ${faults.length > 0 ? faults.join(",") : "none"}` : "";
  return `p2p bench sim --scenario ${name} --nodes ${nodes} --seed ${seed}${chosen}`;
}

function print({ out }: Context, { name, scenario }: Wish, report: Report): void {
  out.line(`${name}: ${scenario.summary}`);
  const { p50Ms, p99Ms } = report.propagation;
  printRows([report], [
    number("nodes", ({ nodes }) => String(nodes)),
    number("virtual s", ({ virtualMs }) => (virtualMs / MS_PER_SECOND).toFixed(0)),
    number("wall s", ({ wallMs }) => (wallMs / MS_PER_SECOND).toFixed(DIGITS)),
    number("CPU s", ({ cpuMs }) => (cpuMs / MS_PER_SECOND).toFixed(DIGITS)),
    number("events/s", ({ events, wallMs }) => formatCount(events / wallMs * MS_PER_SECOND)),
    number("messages", ({ messages }) => formatCount(messages)),
    number("blocks", ({ blocks }) => String(blocks)),
    number("p50", () => formatMs(p50Ms)),
    number("p99", () => formatMs(p99Ms)),
    number("duplicates", ({ duplicates }) => formatCount(duplicates)),
    number("orphans", ({ orphans }) => String(orphans)),
    number("reorganisations", ({ reorganisations, deepest }) => `${reorganisations} (${deepest} deep)`),
    number("memory/node", ({ bytesPerNode }) => formatSize(Math.max(0, Math.round(bytesPerNode)))),
    number("peak", ({ peakBytes }) => formatSize(peakBytes)),
    { title: "trace", cell: ({ traceHash }) => traceHash },
  ], out);
  for (const [what, value] of Object.entries(report.findings)) out.line(`${what}: ${Number(value.toFixed(DIGITS))}`);
}
