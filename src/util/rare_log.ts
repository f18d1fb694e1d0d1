import type { LogFields, Logger } from "./env.ts";

/**
 * Writes records that a stranger can cause any number of: each kind once in a while, with how many there were. What is
 * between is only for those who debug.
 */
export class RareLog {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #intervalMs: number;
  readonly #kinds = new Map<string, { loggedAt: number; untold: number }>();

  constructor(log: Logger, now: () => number, intervalMs: number) {
    this.#log = log;
    this.#now = now;
    this.#intervalMs = intervalMs;
  }

  /** `kind`: one of a few; whatever a stranger chooses is no kind. `fields` is called only if they are written. */
  write(level: "info" | "warn" | "error", kind: string, message: string, fields: () => LogFields): void {
    const now = this.#now();
    let state = this.#kinds.get(kind);
    if (!state) this.#kinds.set(kind, state = { loggedAt: Number.NEGATIVE_INFINITY, untold: 0 });
    if (now - state.loggedAt < this.#intervalMs) {
      state.untold++;
      if (this.#log.enabled("debug")) this.#log.debug(message, fields());
      return;
    }
    this.#log[level](message, { ...fields(), ...(state.untold > 0 && { untold: state.untold }) });
    state.loggedAt = now;
    state.untold = 0;
  }
}
