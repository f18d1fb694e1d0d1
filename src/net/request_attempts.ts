import {
  ATTEMPT_TIMEOUT_MS,
  MAX_ATTEMPT_TIMEOUT_MS,
  MAX_ATTEMPTS,
  MIN_ATTEMPT_TIMEOUT_MS,
  RETRY_CAPACITY,
  RETRY_RESERVE,
  RETRY_SHARE,
} from "../protocol/balancing_params.ts";
import { LocalError, type LocalErrorCode } from "../protocol/errors.ts";
import type { DispatchSnapshot } from "../protocol/app_snapshots.ts";
import type { Env } from "../util/env.ts";
import { AnswerTimes } from "./answer_times.ts";
import type { Balancer } from "./balancer.ts";
import { isEligible } from "./balancing/candidate.ts";
import type { Member } from "./balancing/member.ts";
import type { Job } from "./request_job.ts";
import type { Worker } from "./request_worker.ts";
import { RetryBudget } from "./retry_budget.ts";

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Asks one peer once. Rejects with LocalError, or with the signal's reason. */
export type AskOne = (peer: number, method: string, payload: Uint8Array, options: AskOptions) => Promise<Uint8Array>;

export interface AttemptsDeps {
  readonly env: Pick<Env, "now">;
  readonly ask: AskOne;
  readonly balancer: Balancer;
  /** Who takes requests, by the peer's id. */
  readonly workers: ReadonlyMap<number, Worker>;
}

/** What the code of a failure says of the peer; a code that is not here is no matter of the peer. */
const FAILURES: { readonly [C in LocalErrorCode]?: "failed" | "late" | "lacks" | "full" } = {
  timeout: "late",
  refused: "failed",
  unreachable: "failed",
  "no-method": "lacks",
  limit: "full",
};

const ATTEMPT_BOUNDS = {
  initialMs: ATTEMPT_TIMEOUT_MS,
  minMs: MIN_ATTEMPT_TIMEOUT_MS,
  maxMs: MAX_ATTEMPT_TIMEOUT_MS,
};

/**
 * Asks one peer after the other until one gives a good answer, within the time of the request and the budget of retries,
 * and learns from each how that peer does.
 */
export class Attempts {
  readonly #env: Pick<Env, "now">;
  readonly #ask: AskOne;
  readonly #balancer: Balancer;
  readonly #workers: ReadonlyMap<number, Worker>;
  readonly #budget = new RetryBudget({ share: RETRY_SHARE, reserve: RETRY_RESERVE, capacity: RETRY_CAPACITY });
  readonly #times = new AnswerTimes();
  #retries = 0;

  constructor({ env, ask, balancer, workers }: AttemptsDeps) {
    this.#env = env;
    this.#ask = ask;
    this.#balancer = balancer;
    this.#workers = workers;
  }

  counts(): Pick<DispatchSnapshot, "retries" | "retriesLeft" | "retriesRefused"> {
    return {
      retries: this.#retries,
      retriesLeft: Math.floor(this.#budget.tokens),
      retriesRefused: this.#budget.refused,
    };
  }

  /** The first good answer of anybody. Rejects as `RequestDispatcher.request` does. */
  async answer(job: Job): Promise<Uint8Array> {
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
      this.#retries++;
    }
  }

  #choose(job: Job): Worker | undefined {
    const { rule, wish } = job.facts;
    const chosen = this.#balancer.choose(rule, this.#fitting(job).map(({ member }) => member), wish);
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
    const answer = await this.#ask(member.id, method, payload, asking).catch((error: unknown) => {
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
