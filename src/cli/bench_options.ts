/** How a bench is wanted. */
export interface BenchOptions {
  readonly network: string;
  /** How many of the things that are measured. */
  readonly count: number;
  /** Bytes of payload in each. */
  readonly size: number;
  readonly json: boolean;
}
