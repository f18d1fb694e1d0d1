import { REFUSAL_LOG_INTERVAL_MS } from "../protocol/params.ts";
import { REFUSAL_REASONS, type RefusalCounts, type RefusalReason } from "../protocol/snapshots.ts";
import type { Env, Logger } from "../util/env.ts";

/** What is said of a refusal, and the option that changes the limit behind it. */
const EXPLANATIONS: { readonly [R in RefusalReason]: { readonly why: string; readonly option: string } } = {
  full: { why: "the table of inbound peers is full, and all have earned their places", option: "--max-inbound" },
  address: { why: "its address has as many inbound peers as one may have", option: "--max-per-address" },
  group: { why: "its network group has as many inbound peers as one may have", option: "--max-per-group" },
  banned: { why: "its address is banned", option: "p2p inspect unban" },
  discouraged: { why: "its address misbehaved within the last day", option: "--permit ADDRESS=noban" },
  duplicate: { why: "it leads where another connection leads already", option: "none" },
};

/** Counts refused connections by reason, and logs each reason once a minute however many there are. */
export class Refusals {
  readonly #env: Env;
  readonly #log: Logger;
  readonly #counts: { [R in RefusalReason]: number };
  readonly #loggedAt = new Map<RefusalReason, number>();

  constructor(env: Env) {
    this.#env = env;
    this.#log = env.logger("net");
    this.#counts = Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, 0])) as RefusalCounts;
  }

  counts(): RefusalCounts {
    return { ...this.#counts };
  }

  /** `limit`: the number that was reached, where it is one. */
  note(reason: RefusalReason, address: string, limit?: number): void {
    const count = ++this.#counts[reason];
    const now = this.#env.now();
    if (now - (this.#loggedAt.get(reason) ?? Number.NEGATIVE_INFINITY) < REFUSAL_LOG_INTERVAL_MS) return;
    this.#loggedAt.set(reason, now);
    const { why, option } = EXPLANATIONS[reason];
    const fields = { reason, address, ...(limit !== undefined && { limit }), option, refusedInAll: count };
    this.#log.warn(`a connection is refused: ${why}`, fields);
  }
}
