export type BreakerState = "closed" | "open" | "half-open";

/** One peer as a strategy sees it. */
export interface Candidate {
  readonly id: number;
  /** Stays the same when the peer reconnects, as far as it is known: by it keys are spread. */
  readonly identity: string;
  /** Where this connection leads: it tells peers of one identity apart. */
  readonly name: string;
  /** Requests under way. */
  readonly outstanding: number;
  /** Smoothed time of one answer in milliseconds; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** Share of good answers among the recent ones, above 0 and up to 1. */
  readonly health: number;
  /** How much of the work it should get beside others; 1 for most. */
  readonly weight: number;
  /** Where it says it is; empty if it does not say. */
  readonly region: string;
  /** Share of its resources in use by its own account, 0 to 1. */
  readonly load: number;
  /** It finishes what it has and takes nothing new. */
  readonly isDraining: boolean;
  /** A half-open one whose probe is under way counts as open. */
  readonly breaker: BreakerState;
}

/** What a strategy may know of the request. */
export interface Question {
  /** Requests of one key go to one peer, as far as there is room. */
  readonly key?: string;
  /** The region to prefer; empty for none. */
  readonly region: string;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** Whether a new request may go to this peer at all. */
export function isEligible({ isDraining, breaker }: Candidate): boolean {
  return !isDraining && breaker !== "open";
}
