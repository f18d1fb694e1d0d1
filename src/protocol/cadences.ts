import { STATISTICS_INTERVAL_MS, TOPOLOGY_INTERVAL_MS } from "./topology_params.ts";
import { HEALTH_INTERVAL_MS } from "./balancing_params.ts";
import { PARTITION_INTERVAL_MS } from "./partition_params.ts";
import { METRICS_INTERVAL_MS } from "./vitals_params.ts";

/** How often a node looks after things that no event announces, in milliseconds. Requests are never among them. */
export interface Cadences {
  /** Breakers, sessions, and records of peers that left. */
  readonly healthMs: number;
  /** How much of our resources is in use, for other nodes to know. */
  readonly statisticsMs: number;
  /** The node's own figures, which the doctor looks at. */
  readonly metricsMs: number;
  /** Topology: what is new is passed on, what is old is forgotten. */
  readonly topologyMs: number;
  /** Whether we, or half of the network, may be cut off. */
  readonly partitionMs: number;
}

export const DEFAULT_CADENCES: Cadences = {
  healthMs: HEALTH_INTERVAL_MS,
  statisticsMs: STATISTICS_INTERVAL_MS,
  metricsMs: METRICS_INTERVAL_MS,
  topologyMs: TOPOLOGY_INTERVAL_MS,
  partitionMs: PARTITION_INTERVAL_MS,
};
