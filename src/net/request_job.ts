import { LocalError, type LocalErrorCode } from "../protocol/errors.ts";
import type { Wish } from "./any_of.ts";
import type { CompiledRule } from "./balancing/rules.ts";

/** How long a request may take, and which answers are good. */
export interface DispatchOptions {
  /** Milliseconds until the answer must be there, with all attempts, at most an hour; 10 s if left out. */
  readonly timeoutMs?: number;
  /** Gives up when aborted: the peer is told, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Whether an answer makes sense. One that does not counts as a failure of its peer, and another one is asked. */
  readonly accepts?: (answer: Uint8Array) => boolean;
}

/** A request, as its caller made it. */
export interface JobFacts {
  readonly wish: Wish;
  readonly requestClass: string;
  readonly rule: CompiledRule;
  readonly method: string;
  readonly payload: Uint8Array;
  readonly options: DispatchOptions;
  readonly calledAt: number;
  readonly dueAt: number;
}

/** A request to any of several peers, from its caller's promise to its end. */
export class Job {
  readonly facts: JobFacts;
  /** Peers that were asked, by id. */
  readonly tried = new Set<number>();
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
  readonly #waiting = new AbortController();
  readonly #onAbort: () => void;

  constructor(facts: JobFacts, resolve: (answer: Uint8Array) => void, reject: (reason: unknown) => void) {
    this.facts = facts;
    this.resolve = resolve;
    this.reject = reject;
    this.#onAbort = () => this.#waiting.abort(facts.options.signal?.reason);
    facts.options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Aborts when there is no point in waiting for a turn any longer. */
  get waiting(): AbortSignal {
    return this.#waiting.signal;
  }

  /** Its time ran out before its turn came. */
  expire(): void {
    this.#waiting.abort(this.refusal("timeout", "its turn did not come in time"));
  }

  /** It no longer waits. */
  endWait(): void {
    this.facts.options.signal?.removeEventListener("abort", this.#onAbort);
  }

  refusal(code: LocalErrorCode, why: string, cause?: unknown): LocalError {
    return new LocalError(code, `Cannot request ${this.facts.method} of any peer: ${why}`, { cause });
  }
}
