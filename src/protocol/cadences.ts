import { HEALTH_INTERVAL_MS } from "./balancing_params.ts";

/** How often a node looks after things that no event announces, in milliseconds. Requests are never among them. */
export interface Cadences {
  /** Breakers, sessions, and records of peers that left. */
  readonly healthMs: number;
}

export const DEFAULT_CADENCES: Cadences = { healthMs: HEALTH_INTERVAL_MS };
