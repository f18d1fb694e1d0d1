import { REDIAL_JITTER, REDIAL_MAX_MS, REDIAL_MIN_MS } from "../protocol/peer_params.ts";

/**
 * How long to leave an endpoint alone after so many failures in a row, in milliseconds: doubling, with a bound, and with
 * a chance that keeps a network which was restarted from dialling in step. `random` as by `env.random()`.
 */
export function backoffMs(failures: number, random: number): number {
  const doubled = Math.min(REDIAL_MAX_MS, REDIAL_MIN_MS * 2 ** Math.max(0, failures - 1));
  return doubled * (1 + REDIAL_JITTER * (2 * random - 1));
}
