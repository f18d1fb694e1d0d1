import type { Vitals } from "../doctor/vitals.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** What the charts show of one moment. */
export interface Moment {
  /** Unix seconds. */
  readonly time: number;
  readonly bytesIn: number | null;
  readonly bytesOut: number | null;
  /** Messages a second, by type, both directions. */
  readonly messages: ReadonlyMap<string, number>;
  readonly propagationP50Ms: number | null;
  readonly propagationP99Ms: number | null;
  readonly loopP99Ms: number | null;
  readonly cpuShare: number | null;
}

/** 10 min at one look in two seconds. */
const MAX_MOMENTS = 300;

/** The last minutes of a node's figures, as rates. A node that started anew begins a new history of its counts. */
export class History {
  #moments: Moment[] = [];
  #last: Vitals | undefined;

  get moments(): readonly Moment[] {
    return this.#moments;
  }

  add(vitals: Vitals): void {
    const last = this.#last;
    this.#last = vitals;
    const isSameLife = last !== undefined && last.startedAt === vitals.startedAt && vitals.at > last.at;
    this.#moments.push(momentOf(vitals, isSameLife ? last : undefined));
    if (this.#moments.length > MAX_MOMENTS) this.#moments.shift();
  }

  /** Types by their share of all messages shown, the busiest first. */
  busiestTypes(count: number): readonly string[] {
    const sums = new Map<string, number>();
    for (const { messages } of this.#moments) {
      for (const [type, rate] of messages) sums.set(type, (sums.get(type) ?? 0) + rate);
    }
    return [...sums].sort(([, a], [, b]) => b - a).slice(0, count).map(([type]) => type);
  }
}

function momentOf(vitals: Vitals, last: Vitals | undefined): Moment {
  const { traffic, times, machine } = vitals;
  const seconds = last ? (vitals.at - last.at) / MS_PER_SECOND : 0;
  const rate = (now: number, before: number) => last ? Math.max(0, now - before) / seconds : null;
  const bytes = (way: "in" | "out", of: Vitals) =>
    Object.values(of.traffic[way]).reduce((sum, counts) => sum + counts.bytes, 0);
  return {
    time: vitals.wallClockSeconds,
    bytesIn: last ? rate(bytes("in", vitals), bytes("in", last)) : null,
    bytesOut: last ? rate(bytes("out", vitals), bytes("out", last)) : null,
    messages: last ? messageRates(traffic, last.traffic, seconds) : new Map(),
    propagationP50Ms: times.blockPropagation.p50Ms,
    propagationP99Ms: times.blockPropagation.p99Ms,
    loopP99Ms: machine?.loopDelay.p99Ms ?? null,
    cpuShare: machine && last?.machine ? rate(machine.cpuMs, last.machine.cpuMs)! / MS_PER_SECOND : null,
  };
}

function messageRates(
  now: Vitals["traffic"],
  before: Vitals["traffic"],
  seconds: number,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (traffic: Vitals["traffic"], sign: 1 | -1) => {
    for (const way of ["in", "out"] as const) {
      for (const [type, { messages }] of Object.entries(traffic[way])) {
        counts.set(type, (counts.get(type) ?? 0) + sign * messages);
      }
    }
  };
  add(now, 1);
  add(before, -1);
  return new Map([...counts].map(([type, count]) => [type, Math.max(0, count) / seconds]));
}
