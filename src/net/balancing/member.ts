import type { Env } from "../../util/env.ts";
import { RoundTrips } from "../../util/round_trips.ts";
import { type BreakerOptions, CircuitBreaker } from "../circuit_breaker.ts";
import type { BreakerState, Candidate } from "./candidate.ts";

/** What is known of a peer before it did anything. */
export interface MemberFacts {
  readonly id: number;
  readonly name: string;
  /** What of the name its next connection will have too; by default all of it. */
  readonly home?: string;
  readonly region?: string;
}

interface MemberOptions {
  readonly facts: MemberFacts;
  readonly env: Env;
  readonly breaker: BreakerOptions;
  readonly weights: ReadonlyMap<string, number>;
}

/** Weight of the newest outcome in the share of good ones: some twenty count. */
const HEALTH_GAIN = 1 / 16;
/** However bad, a peer keeps a chance, by which it can recover. */
const MIN_HEALTH = 0.05;
/** Answer times that are kept one by one: the smoothed ones are what counts. */
const SAMPLES = 1;

/** How one peer does its work: what it has to do, how fast it is, how often it fails. Learnt from real work alone. */
export class Member implements Candidate {
  readonly id: number;
  readonly name: string;
  region: string;
  load = 0;
  /** Our owner wants nothing new to go there. */
  drained = false;
  /** It says itself that it takes nothing new. */
  saysItDrains = false;
  outstanding = 0;
  answered = 0;
  failures = 0;
  readonly #env: Env;
  readonly #weights: ReadonlyMap<string, number>;
  readonly #breaker: BreakerOptions;
  readonly #home: string;
  #alias: string;
  /** Both are made with the first piece of work: most peers never get any. */
  #circuit: CircuitBreaker | undefined;
  #times: RoundTrips | undefined;
  #health = 1;

  constructor({ facts, env, breaker, weights }: MemberOptions) {
    this.id = facts.id;
    this.name = facts.name;
    this.region = facts.region ?? "";
    this.#env = env;
    this.#weights = weights;
    this.#home = facts.home ?? facts.name;
    this.#alias = facts.name;
    this.#breaker = breaker;
  }

  /** The name by which it is known again on its next connection. */
  get alias(): string {
    return this.#alias;
  }

  get identity(): string {
    return this.#alias === this.name ? this.#home : this.#alias;
  }

  get circuit(): CircuitBreaker {
    return this.#circuit ??= new CircuitBreaker(this.#breaker);
  }

  /** Goes by this name from now on. The record of its last connection goes on, unless there is one of this connection. */
  recognise(alias: string, earlier: Member | undefined): void {
    this.#alias = alias;
    if (!earlier || this.answered + this.failures + this.outstanding > 0) return;
    this.#circuit = earlier.#circuit;
    this.#circuit?.released();
    this.#times = earlier.#times;
    this.#health = earlier.#health;
  }

  get isDraining(): boolean {
    return this.drained || this.saysItDrains;
  }

  get latencyMs(): number | undefined {
    return this.#times?.smoothed;
  }

  get health(): number {
    return Math.max(MIN_HEALTH, this.#health);
  }

  get weight(): number {
    return this.#weights.get(this.name) ?? this.#weights.get(this.region) ?? 1;
  }

  get breaker(): BreakerState {
    return this.#circuit?.state(this.#env.now()) ?? "closed";
  }

  /** It was given so many pieces of work. */
  begin(count = 1): void {
    this.outstanding += count;
    this.circuit.begin(this.#env.now());
  }

  /** One piece is done, after so many milliseconds. */
  succeeded(latencyMs: number): void {
    this.outstanding--;
    this.answered++;
    this.#addTime(latencyMs);
    this.#health += HEALTH_GAIN * (1 - this.#health);
    this.circuit.succeeded(this.#env.now());
  }

  /** It failed at so many pieces, for one reason. `afterMs`: how long that took, if it was time that ran out. */
  failed(afterMs?: number, count = 1): void {
    this.outstanding -= count;
    this.failures++;
    if (afterMs !== undefined) this.#addTime(afterMs);
    this.#health -= HEALTH_GAIN * this.#health;
    this.circuit.failed(this.#env.now());
  }

  /** So many pieces are no longer wanted of it, through no fault of its own. */
  released(count = 1): void {
    this.outstanding -= count;
    if (this.outstanding === 0) this.#circuit?.released();
  }

  #addTime(ms: number): void {
    this.#times ??= new RoundTrips(SAMPLES);
    this.#times.add(ms);
  }
}
