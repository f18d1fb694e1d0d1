import { REQUEST_TIMEOUT_MS } from "../protocol/app_params.ts";
import {
  ATTEMPT_TIMEOUT_MS,
  BREAKER_FAILURE_SHARE,
  BREAKER_FAILURES,
  BREAKER_MAX_OPEN_MS,
  BREAKER_OPEN_MS,
  BREAKER_WINDOW_MS,
  MAX_ATTEMPT_TIMEOUT_MS,
  MAX_ATTEMPTS,
  MIN_ATTEMPT_TIMEOUT_MS,
  REQUEST_QUEUE_BYTES,
  REQUEST_QUEUE_ITEMS,
  REQUESTS_UNDER_WAY,
  RETRY_CAPACITY,
  RETRY_RESERVE,
  RETRY_SHARE,
} from "../protocol/balancing_params.ts";
import { nodeTimes } from "../peer/peer_times.ts";
import { checkBytes, checkTimeout } from "../protocol/caller_checks.ts";
import { LocalError, type LocalErrorCode } from "../protocol/errors.ts";
import type { DispatchSnapshot } from "../protocol/app_snapshots.ts";
import { Deadlines } from "../util/deadlines.ts";
import type { Env } from "../util/env.ts";
import type { TimesSnapshot } from "../util/recent_times.ts";
import { AnswerTimes } from "./answer_times.ts";
import { checkWish, type Wish } from "./any_of.ts";
import { Balancer, type BalancerOptions } from "./balancer.ts";
import { isEligible } from "./balancing/candidate.ts";
import type { Member, MemberFacts } from "./balancing/member.ts";
import { type CompiledRule, type CompiledRules, compileRules } from "./balancing/rules.ts";
import type { StrategyName } from "./balancing/strategies.ts";
import { type DispatchOptions, Job } from "./request_job.ts";
import { RequestQueue } from "./request_queue.ts";
import { type PeerAbilities, Worker } from "./request_worker.ts";
import { RetryBudget } from "./retry_budget.ts";

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface DispatcherOptions extends Omit<BalancerOptions, "breaker"> {
  readonly env: Env;
  readonly rules: CompiledRules;
  /** Asks one peer once. Rejects with LocalError, or with the signal's reason. */
  readonly ask: (peer: number, method: string, payload: Uint8Array, options: AskOptions) => Promise<Uint8Array>;
}

/** What the code of a failure says of the peer; a code that is not here is no matter of the peer. */
const FAILURES: { readonly [C in LocalErrorCode]?: "failed" | "late" | "lacks" | "full" } = {
  timeout: "late",
  refused: "failed",
  unreachable: "failed",
  "no-method": "lacks",
  limit: "full",
};

const BREAKER = {
  failures: BREAKER_FAILURES,
  failureShare: BREAKER_FAILURE_SHARE,
  windowMs: BREAKER_WINDOW_MS,
  openMs: BREAKER_OPEN_MS,
  maxOpenMs: BREAKER_MAX_OPEN_MS,
};
const ATTEMPT_BOUNDS = {
  initialMs: ATTEMPT_TIMEOUT_MS,
  minMs: MIN_ATTEMPT_TIMEOUT_MS,
  maxMs: MAX_ATTEMPT_TIMEOUT_MS,
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
  readonly #budget = new RetryBudget({ share: RETRY_SHARE, reserve: RETRY_RESERVE, capacity: RETRY_CAPACITY });
  readonly #times = new AnswerTimes();
  /** Of those that wait for their turn. */
  readonly #deadlines: Deadlines<Job>;
  /** Rules of requests that name their strategy. */
  readonly #namedRules = new Map<StrategyName, CompiledRule>();
  readonly #counts = { answered: 0, failed: 0, retries: 0 };
  /** From the call to the first peer that is asked. */
  readonly #waits = nodeTimes();
  #consumers = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#env = options.env;
    this.balancer = new Balancer({ ...options, breaker: BREAKER });
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
      retriesLeft: Math.floor(this.#budget.tokens),
      retriesRefused: this.#budget.refused,
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
      const answer = await this.#askUntilAnswered(job);
      this.#counts.answered++;
      job.resolve(answer);
    } catch (error) {
      this.#counts.failed++;
      job.reject(error);
    }
  }

  async #askUntilAnswered(job: Job): Promise<Uint8Array> {
    this.#budget.earn();
    for (let retries = 0;;) {
      const worker = this.#choose(job);
      if (!worker) throw this.#nobody(job);
      const mayRetry = retries < job.facts.rule.retries && this.#budget.hasRetry;
      const answer = await this.#askOne(job, worker, mayRetry);
      if (!(answer instanceof LocalError)) return answer;
      const why = `${job.tried.size} asked; ${answer.message}`;
      if (job.tried.size >= MAX_ATTEMPTS || !this.#hasOther(job)) throw job.refusal(answer.code, why, answer);
      // Whoever has no such method says so at once and is not asked again: no load that a budget must hold down.
      if (answer.code === "no-method") continue;
      if (retries++ >= job.facts.rule.retries) throw job.refusal(answer.code, why, answer);
      if (!this.#budget.spend()) throw job.refusal(answer.code, `${why}; the budget of retries is used up`, answer);
      this.#counts.retries++;
    }
  }

  #choose(job: Job): Worker | undefined {
    const { rule, wish } = job.facts;
    const chosen = this.balancer.choose(rule, this.#fitting(job).map(({ member }) => member), wish);
    return chosen && this.#workers.get(chosen.id);
  }

  #hasOther(job: Job): boolean {
    return this.#fitting(job).some(({ member }) => isEligible(member));
  }

  /** Who could answer and was not asked yet, whether it may be asked now or not. */
  #fitting(job: Job): Worker[] {
    const now = this.#env.now();
    const { wish, method } = job.facts;
    return [...this.#workers.values()].filter((worker) =>
      !job.tried.has(worker.member.id) && worker.fits(wish, method, now)
    );
  }

  /** The answer, or what kept it from coming. Rejects with what is no matter of this peer. */
  async #askOne(job: Job, worker: Worker, mayRetry: boolean): Promise<Uint8Array | LocalError> {
    const { requestClass, method, payload, options, dueAt } = job.facts;
    const { member } = worker;
    const startedAt = this.#env.now();
    if (startedAt >= dueAt) throw job.refusal("timeout", `its time is over; ${job.tried.size} asked`);
    // By what all peers take for such requests: a slow one's own past would only buy it more patience.
    const usualMs = this.#times.timeoutMs(requestClass, ATTEMPT_BOUNDS);
    const leftMs = dueAt - startedAt;
    job.tried.add(member.id);
    member.begin();
    // Without anybody else to ask, impatience wins nothing; with somebody, there must be time left for that one.
    const timeoutMs = Math.ceil(mayRetry && this.#hasOther(job) ? Math.min(leftMs / 2, usualMs) : leftMs);
    const asking = { timeoutMs, ...(options.signal && { signal: options.signal }) };
    const answer = await this.#options.ask(member.id, method, payload, asking).catch((error: unknown) => {
      return this.#judgeFailure(job, worker, error, timeoutMs >= usualMs ? timeoutMs : undefined);
    });
    if (answer instanceof LocalError) return answer;
    if (!this.#judgeAnswer(job, member, answer)) {
      return new LocalError("refused", `Cannot use what peer ${member.id} answered: it is not acceptable`);
    }
    const ms = this.#env.now() - startedAt;
    member.succeeded(ms);
    this.#times.add(requestClass, ms);
    return answer;
  }

  #judgeAnswer({ facts }: Job, member: Member, answer: Uint8Array): boolean {
    let isGood: boolean;
    try {
      isGood = facts.options.accepts?.(answer) ?? true;
    } catch (error) {
      // The caller's own mistake tells nothing about the peer.
      member.released();
      throw error;
    }
    if (!isGood) member.failed();
    return isGood;
  }

  /** What a failure says of the peer. `hadMs`: the time that it had, if that was as much as is usual. */
  #judgeFailure(job: Job, worker: Worker, error: unknown, hadMs: number | undefined): LocalError {
    const { member } = worker;
    const isWithdrawn = job.facts.options.signal?.aborted ?? false;
    const verdict = error instanceof LocalError && !isWithdrawn ? FAILURES[error.code] : undefined;
    if (verdict === "failed") member.failed();
    else if (verdict === "late" && hadMs !== undefined) this.#judgeLate(job, member, hadMs);
    else member.released();
    if (verdict === "lacks") worker.noteLack(job.facts.method, this.#env.now());
    if (verdict === undefined) throw error;
    return error as LocalError;
  }

  /** Late is also a time: where all are late, the usual time grows until they no longer are. */
  #judgeLate({ facts }: Job, member: Member, hadMs: number): void {
    member.failed(hadMs);
    this.#times.add(facts.requestClass, hadMs);
  }

  /** Why nobody can be asked. */
  #nobody(job: Job): LocalError {
    const all = [...this.#workers.values()];
    if (all.length === 0) return job.refusal("unreachable", "no peer takes requests");
    const fitting = this.#fitting(job).map(({ member }) => member);
    if (fitting.length === 0) return job.refusal("unreachable", `none of ${all.length} peers fits`);
    const now = this.#env.now();
    const broken = fitting.filter(({ breaker }) => breaker === "open");
    const pauseMs = Math.min(...broken.map(({ circuit }) => circuit.pauseMs(now)));
    const reasons = [
      ...(broken.length > 0 ? [`${broken.length} failed lately and may be tried in ${Math.ceil(pauseMs)} ms`] : []),
      ...(broken.length < fitting.length ? [`${fitting.length - broken.length} take nothing new`] : []),
    ];
    return job.refusal("unreachable", `none of ${fitting.length} peers may be asked: ${reasons.join(", ")}`);
  }
}
