import type { Hasher } from "../util/hash.ts";
import type { World } from "./world.ts";

/** What a process takes: now, of it what its program holds, and at most so far. */
export interface Memory {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly peakBytes: number;
}

/** How a scenario is to be run. */
export interface Setting {
  readonly seed: number;
  readonly nodes: number;
  readonly hasher: Hasher;
  /** Numbers of the faults that happen, of those that the seed plans; all if left out. */
  readonly faults?: ReadonlySet<number>;
  /** Ends the run with its reason, within some virtual seconds. */
  readonly signal?: AbortSignal;
  /** What this process takes now that its garbage is collected. Nothing that happens depends on it. */
  readonly memory: () => Memory;
  /** Real milliseconds, for what is measured; nothing that happens depends on it. */
  readonly stopwatch: () => number;
  /** CPU time of this process in milliseconds: what a busy machine does not change. */
  readonly cpuMs: () => number;
}

/** What a scenario has to say beyond what is counted everywhere. */
export type Findings = Readonly<Record<string, number>>;

/** A story about a network, which ends well unless an invariant breaks. */
export interface Scenario {
  readonly summary: string;
  /** Nodes, unless another number is asked for. */
  readonly nodes: number;
  /** How many faults a seed plans; undefined where none are. */
  readonly faults?: number;
  /** Builds the network. The run's own numbers are filled in by `play`. */
  build(setting: Setting): World;
  /** Throws Broken. */
  play(world: World, setting: Setting): Promise<Findings>;
}
