import type { Figures } from "../../doctor/figures.ts";
import type { Vitals } from "../../doctor/vitals.ts";
import type { Sample } from "./samples.ts";

/** What one scrape reads. */
export interface Reading {
  readonly vitals: Vitals;
  /** Of the last minute. */
  readonly figures: Figures;
  readonly about: { readonly version: string; readonly network: string; readonly runtime: string };
  /** Those who follow events. */
  readonly readers: { readonly count: number; readonly waitingBytes: number; readonly historyBytes: number };
}

/** One metric, and how it is read. */
export interface Definition {
  /** With the prefix; `name` of what is read carries it to a summary's parts. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "summary";
  readonly help: string;
  readonly read: (reading: Reading, name: string) => readonly Sample[];
}

const PREFIX = "p2p_";

export function counter(name: string, help: string, read: Definition["read"]): Definition {
  return { name: `${PREFIX}${name}_total`, type: "counter", help, read };
}

export function gauge(name: string, help: string, read: Definition["read"]): Definition {
  return { name: PREFIX + name, type: "gauge", help, read };
}

/** In seconds, as its name says. */
export function summaryOf(name: string, help: string, read: Definition["read"]): Definition {
  return { name: `${PREFIX}${name}_seconds`, type: "summary", help, read };
}
