export interface RetryBudgetOptions {
  /** Retries that each request earns. */
  readonly share: number;
  /** Retries at the start. */
  readonly reserve: number;
  /** Most retries that are saved up. */
  readonly capacity: number;
}

/**
 * Holds retries to a share of requests: when everything fails, one more share of load is added and not a multiple of
 * it. It needs no clock: an outage ends the retries, and requests bring them back.
 */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  #tokens: number;
  #refused = 0;

  constructor(options: RetryBudgetOptions) {
    this.#options = options;
    this.#tokens = options.reserve;
  }

  /** Retries that are possible now, with fractions. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Retries that were refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** A request begins. */
  earn(): void {
    const { share, capacity } = this.#options;
    this.#tokens = Math.min(capacity, this.#tokens + share);
  }

  /** Whether a retry is possible now. */
  get hasRetry(): boolean {
    return this.#tokens >= 1;
  }

  /** False if the budget is used up. */
  spend(): boolean {
    if (this.hasRetry) {
      this.#tokens--;
      return true;
    }
    this.#refused++;
    return false;
  }
}
