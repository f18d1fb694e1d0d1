import type { Thread, Threads } from "../../platform/types.ts";
import { MAX_NOTIFY_SUBSCRIBERS, NOTIFY_ANSWER_MS, NOTIFY_LOAD_MS } from "../../protocol/notify_params.ts";
import { begunOf, doneOf, type FromThread, LOADING, RUNNING, type ToThread, wordsOf } from "./messages.ts";
import type { Subscription } from "./subscription.ts";

/** Path of the thread's program below src, without its ending. */
const PROGRAM = "node/notify/notify_worker";

/** How far a subscriber was when it was last looked at. */
interface Look {
  readonly begun: number;
  readonly done: number;
  readonly since: number;
  /** It was told to go on with the next event, and must have answered. */
  readonly isSkipped: boolean;
}

interface Place {
  readonly subscription: Subscription;
  look: Look | undefined;
}

/** Why a thread has to be replaced. */
interface Verdict {
  readonly culprit: Subscription | undefined;
  readonly reason: string;
  /** Whoever did it is no longer there, and nobody else is struck for it. */
  readonly sparesAll?: boolean;
}

export interface PoolThreadParts {
  readonly threads: Threads;
  /**
   * The thread was lost, and nobody knows by whose fault: gives these of its subscribers another thread, so that it shows
   * in the end. False if there may be no more threads.
   */
  readonly separate: (subscriptions: readonly Subscription[], reason: string) => boolean;
}

/** One thread of the pool: its subscribers, and whether they get on. A dead one is replaced by another. */
export class PoolThread {
  readonly #parts: PoolThreadParts;
  readonly #places = new Map<number, Place>();
  #thread: Thread | undefined;
  #words: Int32Array = new Int32Array(0);
  #verdict: Verdict | undefined;
  /** When a handler was first seen to run whose subscriber is gone. */
  #strayedAt: number | undefined;
  #isClosed = false;

  constructor(parts: PoolThreadParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#places.size;
  }

  get isBusy(): boolean {
    return [...this.#places.values()].some(({ subscription }) => subscription.isBusy || !subscription.isLoaded);
  }

  /** Whether a handler runs whose subscriber is gone. */
  get hasStray(): boolean {
    return this.#thread !== undefined && Atomics.load(this.#words, RUNNING) !== 0 && this.#runner() === undefined;
  }

  add(subscription: Subscription): void {
    this.#places.set(subscription.id, { subscription, look: undefined });
    this.#thread ??= this.#start();
    this.#load(subscription);
  }

  remove(id: number): void {
    this.#places.delete(id);
    this.post({ is: "drop", id });
  }

  post(message: ToThread): void {
    this.#thread?.post(message);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.end();
  }

  /** Finds those that hang: they are told to go on, or their thread is replaced. */
  watch(now: number): void {
    if (this.#verdict !== undefined || this.#thread === undefined) return;
    const verdict = this.#judgeStray(now) ?? this.#judgeAll(now);
    if (verdict === undefined) return;
    this.#verdict = verdict;
    // The rest happens when it is gone: until then it may still get on.
    void this.#thread.end();
  }

  /** A handler may go on running when its subscriber was disposed of: the others of its thread must not wait for ever. */
  #judgeStray(now: number): Verdict | undefined {
    if (!this.hasStray) {
      this.#strayedAt = undefined;
      return undefined;
    }
    this.#strayedAt ??= now;
    if (now - this.#strayedAt < NOTIFY_ANSWER_MS) return undefined;
    return { culprit: undefined, reason: "a handler that was dropped blocks it", sparesAll: true };
  }

  #judgeAll(now: number): Verdict | undefined {
    for (const place of this.#places.values()) {
      const verdict = this.#judge(place, now);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #judge(place: Place, now: number): Verdict | undefined {
    const { subscription } = place;
    const { slot, isLoaded, stallMs } = subscription;
    if (isLoaded && !subscription.isBusy) {
      place.look = undefined;
      return undefined;
    }
    const look = this.#lookAt(place, now);
    const ms = now - look.since;
    if (!isLoaded) {
      if (ms < NOTIFY_LOAD_MS || Atomics.load(this.#words, LOADING) !== slot + 1) return undefined;
      return { culprit: subscription, reason: `it did not load within ${NOTIFY_LOAD_MS} ms` };
    }
    const running = Atomics.load(this.#words, RUNNING);
    if (ms < (look.isSkipped ? NOTIFY_ANSWER_MS : stallMs)) return undefined;
    if (running === slot + 1) return { culprit: subscription, reason: `it blocks its thread for ${stallMs} ms` };
    // Whoever runs is judged by itself.
    if (running !== 0) return undefined;
    if (look.isSkipped) return { culprit: undefined, reason: "its thread is blocked" };
    if (look.begun === look.done) {
      // Nothing of it was begun: the thread may only be waiting for a processor, so it has twice the time.
      return ms < 2 * stallMs ? undefined : { culprit: undefined, reason: "its thread is blocked" };
    }
    place.look = { ...look, since: now, isSkipped: true };
    this.post({ is: "skip", id: subscription.id, done: look.done });
    const type = subscription.batch[(look.done - subscription.before) | 0]?.type ?? "an event";
    subscription.strike(`was not done with ${type} after ${stallMs} ms: it goes on without`);
    return undefined;
  }

  #lookAt(place: Place, now: number): Look {
    const { slot } = place.subscription;
    const [begun, done] = [Atomics.load(this.#words, begunOf(slot)), Atomics.load(this.#words, doneOf(slot))];
    const { look } = place;
    if (look?.begun === begun && look.done === done) return look;
    place.look = { begun, done, since: now, isSkipped: false };
    return place.look;
  }

  #start(): Thread {
    const sizeBytes = wordsOf(MAX_NOTIFY_SUBSCRIBERS) * Int32Array.BYTES_PER_ELEMENT;
    // Not shared, it stays zero: after a death, all of a batch is then tried again.
    const words = typeof SharedArrayBuffer === "function"
      ? new SharedArrayBuffer(sizeBytes)
      : new ArrayBuffer(sizeBytes);
    this.#words = new Int32Array(words);
    return this.#parts.threads.start(PROGRAM, { words }, {
      message: (message) => this.#hear(message as FromThread),
      ended: (why) => this.#onEnded(why),
    });
  }

  #load({ id, slot, module, data }: Subscription): void {
    this.post({ is: "load", id, slot, module, data });
  }

  #hear(message: FromThread): void {
    const subscription = this.#places.get(message.id)?.subscription;
    if (!subscription) return;
    if (message.is === "loaded") subscription.onLoaded();
    else if (message.is === "done") subscription.onDone();
    else if (message.is === "threw") subscription.onThrew(message.type, message.reason);
    else subscription.onLoadFailed(message.reason);
  }

  /** Its subscribers go on in another thread; who is to blame goes on behind the event that it was at. */
  #onEnded(why: Error): void {
    const verdict: Verdict = this.#verdict ??
      { culprit: this.#runner(), reason: why.message, sparesAll: this.hasStray };
    this.#thread = undefined;
    this.#verdict = undefined;
    this.#strayedAt = undefined;
    if (this.#isClosed) return;
    for (const subscription of this.#all()) this.#takeFrom(subscription, subscription === verdict.culprit);
    if (!verdict.sparesAll) this.#blame(verdict);
    if (this.#places.size === 0) return;
    this.#thread = this.#start();
    for (const place of this.#places.values()) {
      place.look = undefined;
      this.#load(place.subscription);
    }
  }

  #blame({ culprit, reason }: Verdict): void {
    const all = this.#all();
    const what = `lost its thread: ${reason}`;
    const known = culprit ?? (all.length === 1 ? all[0] : undefined);
    if (known) return known.blame(what);
    const others = all.slice(Math.ceil(all.length / 2));
    if (this.#parts.separate(others, reason)) {
      for (const { id } of others) this.#places.delete(id);
      return;
    }
    for (const each of this.#suspects()) each.strike(what);
  }

  #all(): Subscription[] {
    return [...this.#places.values()].map(({ subscription }) => subscription);
  }

  #takeFrom(subscription: Subscription, isToBlame: boolean): void {
    const { slot, before } = subscription;
    // The words wrap around, after two thousand million events; a difference of them does not.
    const count = (word: number) => Math.max(0, (Atomics.load(this.#words, word) - before) | 0);
    subscription.onThreadLost(count(doneOf(slot)), count(begunOf(slot)), isToBlame);
  }

  /** Whose code runs, or ran when the thread ended. Its slot may be somebody else's by now, who is yet to be loaded. */
  #runner(): Subscription | undefined {
    const running = Atomics.load(this.#words, RUNNING);
    const slot = running || Atomics.load(this.#words, LOADING);
    const isIt = ({ slot: own, isLoaded }: Subscription) => own + 1 === slot && isLoaded === (running !== 0);
    return this.#all().find(isIt);
  }

  /** Who was at something; all, if nobody was. */
  #suspects(): Subscription[] {
    const all = this.#all();
    const busy = all.filter(({ slot }) =>
      Atomics.load(this.#words, begunOf(slot)) !== Atomics.load(this.#words, doneOf(slot))
    );
    return busy.length > 0 ? busy : all;
  }
}
