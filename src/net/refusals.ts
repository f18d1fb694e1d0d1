import { RARE_LOG_INTERVAL_MS } from "../protocol/params.ts";
import { REFUSAL_REASONS, type RefusalCounts, type RefusalReason } from "../protocol/peer_snapshots.ts";
import type { Env } from "../util/env.ts";
import { RareLog } from "../util/rare_log.ts";

/** What is said of a refusal, and the option that changes the limit behind it. */
const EXPLANATIONS: { readonly [R in RefusalReason]: { readonly why: string; readonly option?: string } } = {
  full: { why: "the table of inbound peers is full, and all have earned their places", option: "--max-inbound" },
  address: { why: "its address has as many inbound peers as one may have", option: "--max-per-address" },
  group: { why: "its network group has as many inbound peers as one may have", option: "--max-per-group" },
  banned: { why: "its address is banned", option: "p2p inspect unban" },
  discouraged: { why: "its address misbehaved within the last day", option: "--permit ADDRESS=noban" },
  duplicate: { why: "it leads where another connection leads already" },
};

/** Counts refused connections by reason, and logs each reason once a minute however many there are. */
export class Refusals {
  readonly #log: RareLog;
  readonly #counts: { [R in RefusalReason]: number };

  constructor(env: Env) {
    this.#log = new RareLog(env.logger("net"), () => env.now(), RARE_LOG_INTERVAL_MS);
    this.#counts = Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, 0])) as RefusalCounts;
  }

  counts(): RefusalCounts {
    return { ...this.#counts };
  }

  /** `limit`: the number that was reached, where it is one. */
  note(reason: RefusalReason, address: string, limit?: number): void {
    const count = ++this.#counts[reason];
    const { why, option } = EXPLANATIONS[reason];
    // Nodes that dial each other are no trouble that an owner could end.
    this.#log.write(reason === "duplicate" ? "info" : "warn", reason, `a connection is refused: ${why}`, () => {
      return { reason, address, ...(limit !== undefined && { limit }), ...(option && { option }), refusedInAll: count };
    });
  }
}
