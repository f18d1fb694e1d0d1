import type { Host } from "../../platform/host.ts";

/** What a process had done and used up at one moment. */
export interface Sample {
  /** By the clock that all processes share. */
  readonly atMs: number;
  /** User and system time of all threads since the start. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** Things done since the start: what they are is the side's own business. */
  readonly done: number;
}

/** What happened between two samples. */
export interface Usage {
  readonly ms: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly done: number;
}

export function takeSample(host: Host, clock: () => number, done: number): Sample {
  return { atMs: clock(), cpuMs: host.cpuMs(), residentBytes: host.memory().residentBytes, done };
}

export function usageBetween(before: Sample, after: Sample): Usage {
  return {
    ms: after.atMs - before.atMs,
    cpuMs: after.cpuMs - before.cpuMs,
    residentBytes: Math.max(before.residentBytes, after.residentBytes),
    done: after.done - before.done,
  };
}

/** The middle one; of an even number the upper of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? NaN;
}
