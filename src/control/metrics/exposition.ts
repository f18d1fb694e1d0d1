import * as prometheus from "prom-client";
import { CHAIN_METRICS } from "./chain_metrics.ts";
import type { Definition, Reading } from "./definition.ts";
import { EVENT_METRICS } from "./event_metrics.ts";
import { PEER_METRICS } from "./peer_metrics.ts";
import { PROCESS_METRICS } from "./process_metrics.ts";
import { QUEUE_METRICS } from "./queue_metrics.ts";
import { SHARD_METRICS } from "./shard_metrics.ts";

// A CommonJS package: the runtimes differ in where its names are.
const { Registry } = "Registry" in prometheus
  ? prometheus
  : (prometheus as { readonly default: typeof prometheus }).default;

/** All metrics, by Prometheus's rules: base units, counters end in `_total`, no label that a peer could choose. */
export const METRICS: readonly Definition[] = [
  ...PROCESS_METRICS,
  ...PEER_METRICS,
  ...EVENT_METRICS,
  ...CHAIN_METRICS,
  ...QUEUE_METRICS,
  ...SHARD_METRICS,
];

export type Format = "prometheus" | "openmetrics";

export const CONTENT_TYPES: { readonly [F in Format]: string } = {
  prometheus: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/** The text of one scrape. Counts are plain fields until somebody asks; only then does the library see them. */
export function expose(reading: Reading, format: Format): Promise<string> {
  const registry = new Registry<prometheus.RegistryContentType>();
  if (format === "openmetrics") registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const definition of METRICS) registry.registerMetric(toMetric(definition, reading));
  return registry.metrics();
}

/** What the library asks of a metric. Its own classes count for themselves, and cannot be told what somebody else did. */
function toMetric({ name, type, help, read }: Definition, reading: Reading): prometheus.Metric {
  const metric = {
    name,
    type,
    /** The name may have been changed: OpenMetrics has the end of a counter's name on its samples only. */
    get() {
      return { name: this.name, help, type, values: read(reading, name), aggregator: "sum" };
    },
  };
  return metric as unknown as prometheus.Metric;
}
