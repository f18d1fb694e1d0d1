import type { Scenario } from "./scenario.ts";
import { branches, burst, miners } from "./scenarios/blocks.ts";
import { chaos, scuffle } from "./scenarios/chaos.ts";
import { churn, day } from "./scenarios/hours.ts";
import { spread } from "./scenarios/spread.ts";
import { traffic } from "./scenarios/traffic.ts";

/** Every scenario by its name. */
export const SCENARIOS = {
  chaos,
  scuffle,
  spread,
  burst,
  miners,
  branches,
  day,
  churn,
  traffic,
} as const satisfies Readonly<
  Record<string, Scenario>
>;

export type ScenarioName = keyof typeof SCENARIOS;
