import type { TimesSnapshot } from "../../util/recent_times.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** One value of a metric, with the labels that tell it from its brothers. */
export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a summary's sum and count: their own names. */
  readonly metricName?: string;
}

/** One value without labels; none where there is nothing to tell. */
export function one(value: number | null | undefined): readonly Sample[] {
  return value === null || value === undefined ? [] : [{ value }];
}

/** A value for each name of a record. */
export function each(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ value, labels: { [label]: name } }));
}

/** A summary in seconds: quantiles of late, sum and count since the start. */
export function summary(
  name: string,
  times: TimesSnapshot,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  const quantiles = [["0.5", times.p50Ms], ["0.9", times.p90Ms], ["0.99", times.p99Ms]] as const;
  return [
    ...quantiles.flatMap(([quantile, ms]) =>
      ms === null ? [] : [{ value: ms / MS_PER_SECOND, labels: { ...labels, quantile } }]
    ),
    { value: times.sumMs / MS_PER_SECOND, labels, metricName: `${name}_sum` },
    { value: times.count, labels, metricName: `${name}_count` },
  ];
}
