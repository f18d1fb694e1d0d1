import type { SourceRuntime } from "../../platform/child.ts";
import type { ScenarioName } from "../../simulation/scenarios.ts";

export const WIRES = ["native", "bitcoin"] as const;
export type Wire = (typeof WIRES)[number];

/** How a bench is wanted. What was not given is undefined: each subject has defaults of its own. */
export interface BenchOptions {
  readonly network: string;
  /** How many of the things that are measured, for each candidate. */
  readonly count: number | undefined;
  /** How long each candidate is measured in all, in milliseconds. */
  readonly durationMs: number | undefined;
  /** How long each candidate runs before it is measured, in milliseconds. */
  readonly warmupMs: number | undefined;
  /** Bytes of each thing. */
  readonly size: number | undefined;
  readonly peers: number | undefined;
  /** Things a second, where latency is measured at a rate. */
  readonly rate: number | undefined;
  readonly wire: Wire | undefined;
  /** The runtime of the processes that are measured; undefined: the one that runs this. */
  readonly runtime: SourceRuntime | undefined;
  /** Of the simulation. */
  readonly scenario: ScenarioName | undefined;
  readonly nodes: number | undefined;
  readonly seed: number | undefined;
  readonly seeds: readonly [first: number, last: number] | undefined;
  readonly faults: readonly number[] | undefined;
  readonly compare: boolean;
  readonly json: boolean;
}
