import { HASH_LOAD_FACTOR } from "../../protocol/balancing_params.ts";
import type { Candidate, Question } from "./candidate.ts";
import { attraction } from "./rendezvous.ts";

/** Chooses among candidates that are all eligible, and of which there is at least one. */
export interface Strategy {
  /** Whether a question must have a key. */
  readonly needsKey: boolean;
  choose<C extends Candidate>(candidates: readonly C[], question: Question): C;
}

/** How one of several peers that could do the work is chosen. */
export type StrategyName =
  | "round-robin"
  | "weighted"
  | "least-outstanding"
  | "least-latency"
  | "consistent-hash"
  | "region-aware"
  | "resource-based"
  | "adaptive";

/** A peer of unknown speed that is busy with its first requests counts as this fast: not the first, not the last. */
const UNMEASURED_MS = 100;

/** Makes a strategy, which may remember what it chose: one for each rule. */
export const STRATEGIES: { readonly [N in StrategyName]: () => Strategy } = {
  "round-robin": roundRobin,
  weighted,
  "least-outstanding": () => ({
    needsKey: false,
    choose: (candidates, { random }) => least(candidates, random, ({ outstanding, weight }) => outstanding / weight),
  }),
  "least-latency": () => ({
    needsKey: false,
    choose: (candidates, { random }) => least(candidates, random, expectedMs),
  }),
  "consistent-hash": () => ({ needsKey: true, choose: byKey }),
  "region-aware": () => ({
    needsKey: false,
    choose(candidates, question) {
      const near = candidates.filter(({ region }) => region !== "" && region === question.region);
      return betterOfTwo(near.length > 0 ? near : candidates, question.random, cost);
    },
  }),
  "resource-based": () => ({
    needsKey: false,
    choose: (candidates, { random }) => betterOfTwo(candidates, random, usedShare),
  }),
  adaptive: () => ({
    needsKey: false,
    choose: (candidates, { random }) => betterOfTwo(candidates, random, cost),
  }),
};

/** The next higher id than last time, then from the lowest again: fair however the set changes. */
function roundRobin(): Strategy {
  let last = Number.NEGATIVE_INFINITY;
  return {
    needsKey: false,
    choose(candidates) {
      let lowest = candidates[0]!;
      let next: typeof lowest | undefined;
      for (const candidate of candidates) {
        if (candidate.id < lowest.id) lowest = candidate;
        if (candidate.id > last && (!next || candidate.id < next.id)) next = candidate;
      }
      const chosen = next ?? lowest;
      last = chosen.id;
      return chosen;
    },
  };
}

/** Smooth weighted round-robin: each gains its weight a turn, and the richest pays for all. */
function weighted(): Strategy {
  let credits: ReadonlyMap<number, number> = new Map();
  return {
    needsKey: false,
    choose(candidates) {
      const next = new Map<number, number>();
      let [chosen, most, total] = [candidates[0]!, Number.NEGATIVE_INFINITY, 0];
      for (const candidate of candidates) {
        const credit = (credits.get(candidate.id) ?? 0) + candidate.weight;
        next.set(candidate.id, credit);
        total += candidate.weight;
        if (credit > most) [chosen, most] = [candidate, credit];
      }
      next.set(chosen.id, most - total);
      credits = next;
      return chosen;
    },
  };
}

/** The one that the key draws most among those that are not much busier than the mean. */
function byKey<C extends Candidate>(candidates: readonly C[], { key = "" }: Question): C {
  const total = candidates.reduce((sum, { outstanding }) => sum + outstanding, 1);
  const most = Math.ceil(HASH_LOAD_FACTOR * total / candidates.length);
  let [chosen, highest] = [candidates[0]!, -1];
  for (const candidate of candidates) {
    if (candidate.outstanding >= most) continue;
    const score = attraction(key, candidate.identity);
    const isTwin = score === highest && candidate.identity === chosen.identity;
    if (score < highest || (isTwin && attraction(key, candidate.name) <= attraction(key, chosen.name))) continue;
    [chosen, highest] = [candidate, score];
  }
  return chosen;
}

/** What a request costs there: how long it will take, and how often in vain. */
function cost(candidate: Candidate): number {
  return expectedMs(candidate) * (candidate.outstanding + 1) / (candidate.weight * candidate.health);
}

/** One that is idle and was never measured comes first: how else should it be known. */
function expectedMs({ latencyMs, outstanding }: Candidate): number {
  return latencyMs ?? (outstanding === 0 ? 0 : UNMEASURED_MS);
}

/** What is used of it, by its own account and by ours: accounts are old, and a herd would follow them. */
function usedShare({ load, outstanding, weight }: Candidate): number {
  return (outstanding + 1) / (weight * Math.max(Number.EPSILON, 1 - load));
}

/** The lowest by `measure`; among equals each has the same chance. */
function least<C extends Candidate>(candidates: readonly C[], random: () => number, measure: (each: C) => number): C {
  let [chosen, lowest, equals] = [candidates[0]!, Number.POSITIVE_INFINITY, 0];
  for (const candidate of candidates) {
    const value = measure(candidate);
    if (value > lowest) continue;
    equals = value < lowest ? 1 : equals + 1;
    lowest = value;
    // Each of the n equals so far stays with a chance of 1 in n.
    if (equals === 1 || random() * equals < 1) chosen = candidate;
  }
  return chosen;
}

/**
 * The better of two at random (Mitzenmacher 2001): nearly as good as the best of all, and unlike it no herd runs to the
 * one that looked best a moment ago.
 */
function betterOfTwo<C extends Candidate>(
  candidates: readonly C[],
  random: () => number,
  measure: (each: C) => number,
): C {
  const first = Math.floor(random() * candidates.length);
  if (candidates.length === 1) return candidates[0]!;
  const second = (first + 1 + Math.floor(random() * (candidates.length - 1))) % candidates.length;
  return least([candidates[first]!, candidates[second]!], random, measure);
}
