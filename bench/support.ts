// What the subjects of `bun bench` share: the shape of a result, and one way to time things.

import { Bench } from "tinybench";

/** One measured figure. What a subject does not know stays out, and its column is empty. */
export interface Row {
  readonly name: string;
  readonly perSecond: number;
  /** What is counted: operations, where nothing else is said. */
  readonly unit?: string;
  /** The time of one: the mean, and what one in a hundred exceeds. */
  readonly meanNs?: number;
  readonly p99Ns?: number;
  /** How far the mean may be off, in percent. */
  readonly marginPercent?: number;
}

/** What a file of this folder exports as `subject`. It measures nothing until it is run. */
export interface Subject {
  readonly name: string;
  run(): Promise<readonly Row[]>;
}

export interface Candidate {
  readonly name: string;
  run(): unknown;
  /** How many operations one run does, where a single one is too short to time: 1 by default. */
  readonly operations?: number;
}

const WARMUP_MS = 100;
const DURATION_MS = 500;
const NS_PER_MS = 1e6;

/** A subject that times each candidate in turn, to be compared with the first. */
export function timed(name: string, prepare: () => readonly Candidate[]): Subject {
  return {
    name,
    async run() {
      const candidates = prepare();
      const bench = new Bench({ time: DURATION_MS, warmupTime: WARMUP_MS, throws: true });
      for (const candidate of candidates) bench.add(candidate.name, () => void candidate.run());
      await bench.run();
      return candidates.map((candidate) => rowOf(bench, candidate));
    },
  };
}

function rowOf(bench: Bench, { name, operations = 1 }: Candidate): Row {
  const result = bench.getTask(name)?.result;
  if (result === undefined || !("latency" in result)) throw new Error(`${name} was not measured`);
  const { mean, p99, rme } = result.latency;
  const toNs = NS_PER_MS / operations;
  return { name, perSecond: 1e9 / (mean * toNs), meanNs: mean * toNs, p99Ns: p99 * toNs, marginPercent: rme };
}
