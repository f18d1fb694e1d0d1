import { createHasher } from "../../src/platform/hasher.ts";
import type { Scenario, Setting } from "../../src/simulation/scenario.ts";

const hasher = createHasher();
const NOTHING = { residentBytes: 0, heapBytes: 0, peakBytes: 0 };

/** How to play a scenario once, where nothing is measured. */
export function settingOf(scenario: Scenario, seed: number, changes: Partial<Setting> = {}): Setting {
  return { seed, nodes: scenario.nodes, hasher, memory: () => NOTHING, stopwatch: () => 0, cpuMs: () => 0, ...changes };
}
