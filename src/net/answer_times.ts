import { ATTEMPT_ROUND_TRIPS, MAX_REQUEST_CLASSES } from "../protocol/balancing_params.ts";
import { RoundTrips, type TimeoutBounds } from "../util/round_trips.ts";

/** Samples that are kept one by one: only the smoothed ones count. */
const SAMPLES = 1;

/** How long answers took, by class of requests: what is slow everywhere is not slow. The classes used last are kept. */
export class AnswerTimes {
  readonly #byClass = new Map<string, RoundTrips>();

  add(requestClass: string, ms: number): void {
    const times = this.#byClass.get(requestClass) ?? new RoundTrips(SAMPLES);
    times.add(ms);
    this.#byClass.delete(requestClass);
    this.#byClass.set(requestClass, times);
    if (this.#byClass.size <= MAX_REQUEST_CLASSES) return;
    const [oldest] = this.#byClass.keys();
    this.#byClass.delete(oldest!);
  }

  /** How long an answer may take. */
  timeoutMs(requestClass: string, bounds: TimeoutBounds): number {
    return this.#byClass.get(requestClass)?.timeoutMs(ATTEMPT_ROUND_TRIPS, bounds) ?? bounds.initialMs;
  }
}
