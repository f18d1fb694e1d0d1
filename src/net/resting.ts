import { MAX_RESTING_ENDPOINTS } from "../protocol/peer_params.ts";
import type { Env } from "../util/env.ts";
import { backoffMs } from "./backoff.ts";

interface Rest {
  readonly failures: number;
  /** By `env.now()`. */
  readonly until: number;
}

/** Endpoints that are left alone for a while, each time for longer: they failed, or hung up soon. Bounded; the oldest leave. */
export class Resting {
  readonly #env: Pick<Env, "random">;
  readonly #rests = new Map<string, Rest>();

  constructor(env: Pick<Env, "random">) {
    this.#env = env;
  }

  has(key: string, now: number): boolean {
    return (this.#rests.get(key)?.until ?? now) > now;
  }

  /** It failed. */
  add(key: string, now: number): void {
    const failures = (this.#rests.get(key)?.failures ?? 0) + 1;
    this.#rests.delete(key);
    this.#rests.set(key, { failures, until: now + backoffMs(failures, this.#env.random()) });
    if (this.#rests.size <= MAX_RESTING_ENDPOINTS) return;
    const [oldest] = this.#rests.keys();
    this.#rests.delete(oldest!);
  }

  /** It did well: what was before no longer counts. */
  forgive(key: string): void {
    this.#rests.delete(key);
  }

  /** Nobody rests any longer. Who fails again waits longer than before. */
  endAll(now: number): void {
    for (const [key, { failures }] of this.#rests) this.#rests.set(key, { failures, until: now });
  }
}
