import { LocalError } from "../../protocol/errors.ts";
import {
  DEFAULT_RETRIES,
  MAX_BALANCING_NAME_LENGTH,
  MAX_BALANCING_RULES,
  MAX_RETRIES,
  MAX_STICKY_MS,
  MAX_WEIGHT,
} from "../../protocol/balancing_params.ts";
import { suggestion } from "../../util/nearest.ts";
import { STRATEGIES, type Strategy, type StrategyName } from "./strategies.ts";

/** How requests of a class find their peer. */
export interface BalancingRule {
  /** Name of a class of requests, or its beginning and `*`; `*` alone is for all that no other rule is for. */
  readonly class: string;
  /** How one of several peers is chosen. */
  readonly strategy: StrategyName;
  /** Milliseconds without a request after which a session forgets its peer; 0 (the default): sessions are not kept. */
  readonly stickyMs?: number;
  /** Other peers that are asked when one does not answer; 3 by default. */
  readonly retries?: number;
}

/** A rule that is ready for use, with the memory of its strategy. */
export interface CompiledRule {
  /** The class that it is for, as it was given. */
  readonly name: string;
  readonly strategy: Strategy;
  readonly stickyMs: number;
  readonly retries: number;
}

/** Finds the rule of a class. */
export type CompiledRules = (requestClass: string) => CompiledRule;

export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly StrategyName[];

const WILDCARD = "*";
const FALLBACK: BalancingRule = { class: WILDCARD, strategy: "adaptive" };

/** Checks rules once, so that nothing is left to check for a request. Throws LocalError. */
export function compileRules(rules: readonly BalancingRule[]): CompiledRules {
  if (rules.length > MAX_BALANCING_RULES) throw refusal(`at most ${MAX_BALANCING_RULES} rules`, rules.length);
  const exact = new Map<string, CompiledRule>();
  const prefixes = new Map<string, CompiledRule>();
  for (const rule of rules) {
    const isPrefix = rule.class.endsWith(WILDCARD);
    const name = isPrefix ? rule.class.slice(0, -1) : rule.class;
    checkClass(rule.class, name);
    const known = isPrefix ? prefixes : exact;
    if (known.has(name)) throw refusal("two rules for one class", JSON.stringify(rule.class));
    known.set(name, compileRule(rule));
  }
  if (!prefixes.has("")) prefixes.set("", compileRule(FALLBACK));
  const longestFirst = [...prefixes].toSorted(([left], [right]) => right.length - left.length);
  return (requestClass) =>
    exact.get(requestClass) ?? longestFirst.find(([prefix]) => requestClass.startsWith(prefix))![1];
}

/** Throws LocalError for a weight that is no number above 0. */
export function checkWeights(weights: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  for (const [name, weight] of Object.entries(weights)) {
    if (weight > 0 && weight <= MAX_WEIGHT) continue;
    throw refusal(`the weight of ${name} is not above 0 and up to ${MAX_WEIGHT}`, weight);
  }
  return new Map(Object.entries(weights));
}

function checkClass(given: string, name: string): void {
  if (name === "" && given !== WILDCARD) throw refusal("a class needs a name", JSON.stringify(given));
  if (name.includes(WILDCARD)) throw refusal("* stands at the end of a class only", JSON.stringify(given));
  if (given.length <= MAX_BALANCING_NAME_LENGTH) return;
  throw refusal(`a class has at most ${MAX_BALANCING_NAME_LENGTH} characters`, `${given.length} characters`);
}

function compileRule({ class: name, strategy, stickyMs = 0, retries = DEFAULT_RETRIES }: BalancingRule): CompiledRule {
  if (!Object.hasOwn(STRATEGIES, strategy)) {
    const names = STRATEGY_NAMES.join(", ");
    throw refusal(`strategy is none of ${names}`, `${JSON.stringify(strategy)}${suggestion(strategy, STRATEGY_NAMES)}`);
  }
  if (!(stickyMs >= 0 && stickyMs <= MAX_STICKY_MS)) {
    throw refusal(`stickyMs is not from 0 to ${MAX_STICKY_MS}`, stickyMs);
  }
  if (!Number.isInteger(retries) || retries < 0 || retries > MAX_RETRIES) {
    throw refusal(`retries is no whole number from 0 to ${MAX_RETRIES}`, retries);
  }
  return { name, strategy: STRATEGIES[strategy](), stickyMs, retries };
}

function refusal(why: string, value: unknown): LocalError {
  return new LocalError("bad-argument", `Cannot compile the rules of balancing: ${why}: received ${value}`);
}
