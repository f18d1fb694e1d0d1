import { REQUEST_TIMEOUT_MS } from "../protocol/app_params.ts";
import {
  BREAKER_FAILURE_SHARE,
  BREAKER_FAILURES,
  BREAKER_MAX_OPEN_MS,
  BREAKER_OPEN_MS,
  BREAKER_WINDOW_MS,
  REQUEST_QUEUE_BYTES,
  REQUEST_QUEUE_ITEMS,
  REQUESTS_UNDER_WAY,
} from "../protocol/balancing_params.ts";
import { nodeTimes } from "../peer/peer_times.ts";
import { checkBytes, checkTimeout } from "../protocol/caller_checks.ts";
import { LocalError } from "../protocol/errors.ts";
import type { DispatchSnapshot } from "../protocol/app_snapshots.ts";
import { Deadlines } from "../util/deadlines.ts";
import type { Env } from "../util/env.ts";
import type { TimesSnapshot } from "../util/recent_times.ts";
import { checkWish, type Wish } from "./any_of.ts";
import { Balancer, type BalancerOptions } from "./balancer.ts";
import type { MemberFacts } from "./balancing/member.ts";
import { type CompiledRule, type CompiledRules, compileRules } from "./balancing/rules.ts";
import type { StrategyName } from "./balancing/strategies.ts";
import { type AskOne, Attempts } from "./request_attempts.ts";
import { type DispatchOptions, Job } from "./request_job.ts";
import { RequestQueue } from "./request_queue.ts";
import { type PeerAbilities, Worker } from "./request_worker.ts";

export interface DispatcherOptions extends Omit<BalancerOptions, "breaker"> {
  readonly env: Env;
  readonly rules: CompiledRules;
  readonly ask: AskOne;
}

const BREAKER = {
  failures: BREAKER_FAILURES,
  failureShare: BREAKER_FAILURE_SHARE,
  windowMs: BREAKER_WINDOW_MS,
  openMs: BREAKER_OPEN_MS,
  maxOpenMs: BREAKER_MAX_OPEN_MS,
};

/**
 * Requests that any of several peers may answer. They wait in one bounded queue, go to whom the rule of their class
 * says, and to another one if no good answer comes within the usual time, as long as the budget of retries lasts.
 */
export class RequestDispatcher {
  readonly balancer: Balancer;
  readonly #options: DispatcherOptions;
  readonly #env: Env;
  readonly #workers = new Map<number, Worker>();
  readonly #queue = new RequestQueue<Job>({ maxItems: REQUEST_QUEUE_ITEMS, maxBytes: REQUEST_QUEUE_BYTES });
  readonly #attempts: Attempts;
  /** Of those that wait for their turn. */
  readonly #deadlines: Deadlines<Job>;
  /** Rules of requests that name their strategy. */
  readonly #namedRules = new Map<StrategyName, CompiledRule>();
  readonly #counts = { answered: 0, failed: 0 };
  /** From the call to the first peer that is asked. */
  readonly #waits = nodeTimes();
  #consumers = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#env = options.env;
    this.balancer = new Balancer({ ...options, breaker: BREAKER });
    this.#attempts = new Attempts({ ...options, balancer: this.balancer, workers: this.#workers });
    this.#deadlines = new Deadlines(options.env, (job) => job.expire());
  }

  /** A peer that takes requests. */
  add(facts: MemberFacts): void {
    this.#workers.set(facts.id, new Worker(this.balancer.add(facts)));
  }

  remove(id: number): void {
    this.#workers.delete(id);
    this.balancer.remove(id);
  }

  /** What a peer says of itself. */
  describe(id: number, abilities: PeerAbilities): void {
    this.#workers.get(id)?.describe(abilities);
  }

  tick(now: number): void {
    this.balancer.tick(now);
  }

  /**
   * Resolves with the first good answer. Rejects with LocalError: `limit` if the queue is full, `unreachable` if there is
   * nobody to ask, the code of the last failure, `bad-argument`, `stopped`; or with the signal's reason. More than one
   * peer may have done what was asked.
   */
  request(wish: Wish, method: string, payload: Uint8Array, options: DispatchOptions = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      checkWish(wish, method);
      const { timeoutMs = REQUEST_TIMEOUT_MS } = options;
      checkTimeout(`request ${method} of any peer`, timeoutMs);
      checkBytes(`request ${method} of any peer`, payload);
      options.signal?.throwIfAborted();
      const requestClass = wish.class ?? method;
      const rule = this.#ruleOf(wish, requestClass);
      if (rule.strategy.needsKey && wish.key === undefined) {
        throw new LocalError("bad-argument", `Cannot request ${method} of any peer: its strategy needs a key`);
      }
      const calledAt = this.#env.now();
      const dueAt = calledAt + timeoutMs;
      const facts = { wish, requestClass, rule, method, payload, options, calledAt, dueAt };
      const job = new Job(facts, resolve, reject);
      this.#enqueue(job);
      this.#deadlines.set(job, timeoutMs);
    });
  }

  /** Refuses new requests, and those that wait. */
  close(): void {
    this.#deadlines.close();
    for (const job of this.#queue.close()) {
      job.endWait();
      job.reject(job.refusal("stopped", "the node stops"));
    }
  }

  snapshot(): DispatchSnapshot {
    const { length, bytes, waiting, counts } = this.#queue;
    return {
      waiting: length,
      waitingBytes: bytes,
      underWay: this.#consumers - waiting,
      refused: counts.refused,
      ...this.#counts,
      ...this.#attempts.counts(),
    };
  }

  /** How long requests waited for their turn. */
  waits(): TimesSnapshot {
    return this.#waits.snapshot(this.#env.now());
  }

  #ruleOf({ strategy }: Wish, requestClass: string): CompiledRule {
    if (strategy === undefined) return this.#options.rules(requestClass);
    const known = this.#namedRules.get(strategy);
    if (known) return known;
    const rule = compileRules([{ class: "*", strategy }])(requestClass);
    this.#namedRules.set(strategy, rule);
    return rule;
  }

  #enqueue(job: Job): void {
    const { requestClass, payload } = job.facts;
    if (this.#queue.waiting === 0 && this.#consumers < REQUESTS_UNDER_WAY) void this.#consume();
    const onCancelled = () => {
      this.#endWait(job);
      job.reject(job.waiting.reason);
    };
    const queued = { sizeBytes: payload.length, owner: requestClass, signal: job.waiting, onCancelled };
    try {
      this.#queue.push(job, queued);
    } catch (error) {
      job.endWait();
      throw error;
    }
  }

  #endWait(job: Job): void {
    this.#deadlines.clear(job);
    job.endWait();
  }

  /** One of many: takes what waits, until the queue is closed. As many requests are under way as there are of these. */
  async #consume(): Promise<void> {
    this.#consumers++;
    try {
      for (;;) await this.#serve(await this.#queue.pop());
    } catch (error) {
      if (!(error instanceof LocalError) || error.code !== "stopped") throw error;
    } finally {
      this.#consumers--;
    }
  }

  async #serve(job: Job): Promise<void> {
    this.#endWait(job);
    const now = this.#env.now();
    this.#waits.add(now - job.facts.calledAt, now);
    try {
      const answer = await this.#attempts.answer(job);
      this.#counts.answered++;
      job.resolve(answer);
    } catch (error) {
      this.#counts.failed++;
      job.reject(error);
    }
  }
}
