import { MAX_SHRINK_RUNS } from "./params.ts";
import type { Spread } from "./propagation.ts";
import type { Findings, Scenario, Setting } from "./scenario.ts";
import { Broken, type Invariant } from "./watch.ts";
import type { World, WorldCounts } from "./world.ts";

/** What came of one run. */
export interface Report extends WorldCounts {
  readonly seed: number;
  readonly nodes: number;
  /** Faults that were left in; undefined: all. */
  readonly faults: readonly number[] | undefined;
  /** Two runs in which anything differed have different ones. */
  readonly traceHash: string;
  readonly virtualMs: number;
  readonly events: number;
  /** Pieces of byte streams that arrived. */
  readonly deliveries: number;
  /** Messages that nodes handled. */
  readonly messages: number;
  readonly propagation: Spread;
  /** Items that were announced again within seconds. */
  readonly duplicates: number;
  /** Blocks that did not end up in the best chain. */
  readonly orphans: number;
  readonly findings: Findings;
  /** The first invariant that did not hold. */
  readonly broken: { readonly invariant: Invariant; readonly message: string } | undefined;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** What the process grew by, its garbage included. */
  readonly bytesPerNode: number;
  /** The most that the process took, with all that it did before. */
  readonly peakBytes: number;
}

/** Plays a scenario once. What breaks is reported; bugs of the simulation itself are thrown. */
export async function simulate(scenario: Scenario, setting: Setting): Promise<Report> {
  const before = setting.memory().residentBytes;
  const [startedAt, cpuBefore] = [setting.stopwatch(), setting.cpuMs()];
  const world = scenario.build(setting);
  world.signal = setting.signal;
  let findings: Findings = {};
  let broken: Broken | undefined;
  try {
    findings = await scenario.play(world, setting);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    broken = error;
  }
  const wallMs = setting.stopwatch() - startedAt;
  const cpuMs = setting.cpuMs() - cpuBefore;
  const after = setting.memory();
  return {
    ...world.counts,
    seed: setting.seed,
    nodes: setting.nodes,
    faults: setting.faults && [...setting.faults],
    traceHash: world.trace.hash,
    virtualMs: world.network.now(),
    events: world.network.eventCount,
    deliveries: world.trace.count,
    messages: world.messages,
    propagation: world.propagation.spread(),
    duplicates: world.duplicates,
    orphans: countOrphans(world),
    findings,
    broken: broken && { invariant: broken.invariant, message: broken.message },
    wallMs,
    cpuMs,
    bytesPerNode: (after.residentBytes - before) / setting.nodes,
    peakBytes: after.peakBytes,
  };
}

/**
 * The same failure with less: faults are left out one by one, then nodes, as long as the same invariant breaks. Answers
 * the report of the smallest run that was found.
 */
export async function shrink(scenario: Scenario, setting: Setting, failed: Report): Promise<Report> {
  let smallest = failed;
  let runs = 0;
  const attempt = async (faults: readonly number[] | undefined, nodes: number): Promise<boolean> => {
    if (runs++ >= MAX_SHRINK_RUNS) return false;
    const report = await simulate(scenario, { ...setting, nodes, ...(faults && { faults: new Set(faults) }) });
    if (report.broken?.invariant !== failed.broken?.invariant) return false;
    smallest = report;
    return true;
  };
  const all = failed.faults ?? Array.from({ length: scenario.faults ?? 0 }, (_, number) => number);
  for (const fault of all) {
    const kept = smallest.faults ?? all;
    await attempt(kept.filter((number) => number !== fault), smallest.nodes);
  }
  while (smallest.nodes > 2 && await attempt(smallest.faults, smallest.nodes - 1));
  return smallest;
}

/** Of all blocks, those that nobody builds on. */
function countOrphans({ maker, counts }: World): number {
  return counts.blocks - maker.tip.height;
}
