import type { BreakerState } from "./balancing/candidate.ts";

export interface BreakerOptions {
  /** Failures within the window that open it. */
  readonly failures: number;
  /** Share of all outcomes within the window that failures must be besides, 0 to 1. */
  readonly failureShare: number;
  readonly windowMs: number;
  /** First pause; each probe that fails doubles it. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

interface Outcomes {
  good: number;
  bad: number;
}

/**
 * Keeps requests away from who fails them. Closed it lets all pass and counts; open none; after a pause it is half-open
 * and lets one pass as a probe, whose outcome closes it or opens it for twice as long. `now` is that of one clock; what
 * it leaps forward counts as time that passed, and a step back as none.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #windowAt = 0;
  #current: Outcomes = { good: 0, bad: 0 };
  #previous: Outcomes = { good: 0, bad: 0 };
  /** Undefined while closed. */
  #openUntil: number | undefined;
  #openings = 0;
  #isProbing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  state(now: number): BreakerState {
    if (this.#openUntil === undefined) return "closed";
    return this.#isProbing || now < this.#openUntil ? "open" : "half-open";
  }

  /** Milliseconds until a probe may pass; 0 if something may pass now. */
  pauseMs(now: number): number {
    return Math.max(0, (this.#openUntil ?? now) - now);
  }

  /** A request is on its way. In the half-open state it is the probe. */
  begin(now: number): void {
    if (this.state(now) === "half-open") this.#isProbing = true;
  }

  /** A good answer. One that comes late, while open, does not count: the probe tells. */
  succeeded(now: number): void {
    if (this.#openUntil === undefined) return this.#count(now, "good");
    if (!this.#isProbing) return;
    this.#isProbing = false;
    this.#openUntil = undefined;
    this.#openings = 0;
    this.#forget(now);
  }

  failed(now: number): void {
    if (this.#openUntil !== undefined) {
      if (this.#isProbing) this.#open(now);
      return;
    }
    this.#count(now, "bad");
    if (this.#mustOpen(now)) this.#open(now);
  }

  /** A request that was under way will have no outcome: if it was the probe, another one may pass. */
  released(): void {
    this.#isProbing = false;
  }

  /** Whether the probe of an open breaker failed, and not only the requests before it. */
  get hasFailedAgain(): boolean {
    return this.#openings > 1;
  }

  #open(now: number): void {
    const { openMs, maxOpenMs } = this.#options;
    this.#openUntil = now + Math.min(maxOpenMs, openMs * 2 ** this.#openings);
    this.#openings++;
    this.#isProbing = false;
  }

  #count(now: number, outcome: keyof Outcomes): void {
    this.#roll(now);
    this.#current[outcome]++;
  }

  /** A window that slides: the part of the previous one that still counts shrinks as the present one fills. */
  #mustOpen(now: number): boolean {
    const { windowMs, failures, failureShare } = this.#options;
    const kept = 1 - Math.min(1, Math.max(0, now - this.#windowAt) / windowMs);
    const bad = this.#current.bad + kept * this.#previous.bad;
    const good = this.#current.good + kept * this.#previous.good;
    return bad >= failures && bad >= failureShare * (bad + good);
  }

  #roll(now: number): void {
    const elapsed = now - this.#windowAt;
    if (elapsed >= 0 && elapsed < this.#options.windowMs) return;
    const isNext = elapsed >= 0 && elapsed < 2 * this.#options.windowMs;
    const last = this.#current;
    const at = isNext ? this.#windowAt + this.#options.windowMs : now;
    this.#forget(at);
    if (isNext) this.#previous = last;
  }

  #forget(now: number): void {
    this.#windowAt = now;
    this.#current = { good: 0, bad: 0 };
    this.#previous = { good: 0, bad: 0 };
  }
}
