import type { Channel } from "../bus/channels.ts";
import type { WorkerSnapshot } from "../protocol/app_snapshots.ts";
import type { OffenderSnapshot, PeerSnapshot } from "../protocol/peer_snapshots.ts";
import type { Figures } from "./figures.ts";
import type { DedupeMode } from "../protocol/dedupe.ts";
import type { Vitals } from "./vitals.ts";
import type { PeerMark } from "./window.ts";

/** Something that can be changed while the node runs. */
export type Change =
  | { readonly kind: "dedupe"; readonly to: DedupeMode }
  | { readonly kind: "channels"; readonly to: "segmented" }
  | { readonly kind: "capacity"; readonly channel: Channel; readonly to: number };

/** The numbers that a finding rests on, with their units in their names. */
export type Evidence = { readonly [name: string]: string | number | null };

/** What the node's figures show. */
export interface Finding {
  /** What kind of finding it is: the same words in every version. */
  readonly id: string;
  /** `ok`: good news. `note`: good to know. `warning`: look at it. `problem`: the node does not do its work. */
  readonly level: "ok" | "note" | "warning" | "problem";
  /** The peer that it is about. */
  readonly peer: number | null;
  /** One sentence for people. */
  readonly text: string;
  readonly evidence: Evidence;
  /** What to do, as one would type it; null: nothing. */
  readonly advice: string | null;
  /** The same, as --autotune does it; null where it is not its to do. */
  readonly change: Change | null;
}

/** One threshold: whether it holds. */
export interface HealthCheck {
  /** The same words in every version. */
  readonly name: string;
  /** Null where there is nothing yet to tell it from. */
  readonly value: number | null;
  /** The largest value that is well. */
  readonly limit: number;
  /** Of value and limit; a `share` is 0 to 1. */
  readonly unit: "share" | "ms" | "bytes" | "share/h";
  readonly state: "ok" | "bad" | "unknown";
}

/** Everything that a diagnosis rests on. */
export interface Observation {
  readonly now: Vitals;
  readonly figures: Figures;
  readonly peers: readonly PeerSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  /** Who broke rules of late, the latest first. */
  readonly offenders: readonly OffenderSnapshot[];
  /** What the peers had done `marksSeconds` ago; a peer that is not there came later. */
  readonly marks: ReadonlyMap<number, PeerMark>;
  readonly marksSeconds: number;
}

/** What the figures of a window show. */
export interface Diagnosis {
  /** How long the node was watched for it, a minute at most. */
  readonly windowSeconds: number;
  /** Whether no threshold is crossed. */
  readonly healthy: boolean;
  readonly health: readonly HealthCheck[];
  /** The gravest first. */
  readonly findings: readonly Finding[];
  readonly figures: Figures;
}
