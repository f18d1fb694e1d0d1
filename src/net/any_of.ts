import { MAX_BALANCING_NAME_LENGTH } from "../protocol/balancing_params.ts";
import { LocalError } from "../protocol/errors.ts";
import { suggestion } from "../util/nearest.ts";
import { STRATEGIES, type StrategyName } from "./balancing/strategies.ts";
import { STRATEGY_NAMES } from "./balancing/rules.ts";

/** Which peers may answer a request, and how one of them is found. */
export interface Wish {
  /** By which a rule is found; the method's name if left out. */
  readonly class?: string;
  /** Instead of the rule's. */
  readonly strategy?: StrategyName;
  /** Requests of one key go to one peer, where the strategy is consistent hashing. */
  readonly key?: string;
  /** Prefer peers of this region, where the strategy looks at regions; our own if left out. */
  readonly region?: string;
  /** Requests of one session go to one peer, where the rule keeps sessions. */
  readonly session?: string;
  /** Only peers that say that they have this capability. */
  readonly capability?: string;
  /** Only these peers, by id. */
  readonly peers?: readonly number[];
}

/** Any peer that a wish is for, instead of a certain one. */
export interface AnyOf extends Wish {
  readonly kind: "any-of";
}

/** Whoever can answer: `node.request(anyOf({ key: "a" }), "get", bytes)`. */
export function anyOf(wish: Wish = {}): AnyOf {
  return { kind: "any-of", ...wish };
}

/** Throws LocalError for what no request can mean. */
export function checkWish(wish: Wish, method: string): void {
  for (const name of ["class", "key", "region", "session", "capability"] as const) {
    const length = wish[name]?.length ?? 0;
    if (length <= MAX_BALANCING_NAME_LENGTH) continue;
    const why = `${name} has at most ${MAX_BALANCING_NAME_LENGTH} characters: received ${length} characters`;
    throw new LocalError("bad-argument", `Cannot request ${method} of any peer: ${why}`);
  }
  const { strategy } = wish;
  if (strategy === undefined || Object.hasOwn(STRATEGIES, strategy)) return;
  const hint = suggestion(strategy, STRATEGY_NAMES);
  const why = `strategy is none of ${STRATEGY_NAMES.join(", ")}: received ${JSON.stringify(strategy)}${hint}`;
  throw new LocalError("bad-argument", `Cannot request ${method} of any peer: ${why}`);
}
