import type { EventTap } from "../../bus/bus.ts";
import type { Lag, Published } from "../../bus/event_queues.ts";
import { type Channel, CHANNELS } from "../../bus/channels.ts";
import { LocalError } from "../../protocol/errors.ts";
import {
  NOTIFY_BATCH,
  NOTIFY_BATCH_BYTES,
  NOTIFY_LOSS_WINDOW_MS,
  NOTIFY_MAX_FAULTS,
  NOTIFY_MAX_LOSSES,
} from "../../protocol/notify_params.ts";
import type { Env, Logger } from "../../util/env.ts";
import { MS_PER_MINUTE } from "../../util/units.ts";
import type { EventItem, ToThread } from "./messages.ts";

export interface NotifyOptions {
  /** Told how many events of a channel were missed because the handler was too slow. The handler hears of it too. */
  readonly onLag?: (channel: Channel, missed: number) => void;
  /**
   * Told when the handler threw, hung (`timeout`) or cost its thread the life, and what it was about; and when it is
   * given up (`stopped`).
   */
  readonly onError?: (error: LocalError) => void;
  /** Given to the handler with each event: anything that can be cloned. */
  readonly data?: unknown;
  /** A handler that is not done with an event after so long hangs: 10 s by default. */
  readonly stallMs?: number;
}

/** A subscriber whose handler runs in another thread, as its owner sees it. */
export interface NotifySubscription extends Disposable {
  stats(): NotifyStats;
}

export interface NotifyStats {
  /** Events that the handler is done with. */
  readonly handled: number;
  readonly waiting: number;
  /** Missed because the handler was too slow. */
  readonly lag: number;
  /** Times that it threw, hung or ended its thread. */
  readonly faults: number;
  /** False once it was given up, or disposed of. */
  readonly isRunning: boolean;
}

export interface SubscriptionParts {
  readonly env: Env;
  readonly log: Logger;
  readonly id: number;
  readonly slot: number;
  readonly module: string;
  readonly options: NotifyOptions;
  readonly stallMs: number;
  readonly tap: (onNews: () => void) => EventTap;
  /** To the thread that has this subscriber. */
  readonly post: (message: ToThread) => void;
  /** It is over, for whatever reason. */
  readonly onEnd: () => void;
  /** It has nothing to do any more, for now. */
  readonly onIdle: () => void;
}

/** Feeds one handler: what waits for it in the bus goes to its thread, one batch at a time. */
export class Subscription {
  readonly id: number;
  readonly slot: number;
  readonly module: string;
  readonly stallMs: number;
  readonly loaded: Promise<void>;
  readonly #parts: SubscriptionParts;
  readonly #tap: EventTap;
  readonly #loading = Promise.withResolvers<void>();
  /** In some thread, ever; and in the one that has it now. */
  #wasLoaded = false;
  #isLoaded = false;
  #isOver = false;
  #isNews = false;
  /** In the thread's hands, and how many of the events before it were in this thread. */
  #batch: readonly EventItem[] = [];
  #inThread = 0;
  #handled = 0;
  #lag = 0;
  #faults = 0;
  /** Since it was last done with a batch. */
  #strikes = 0;
  /** When it cost its thread the life, lately. */
  #losses: number[] = [];

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.slot = parts.slot;
    this.module = parts.module;
    this.stallMs = parts.stallMs;
    this.loaded = this.#loading.promise;
    this.loaded.catch(() => {});
    this.#tap = parts.tap(() => this.#noteNews());
  }

  get data(): unknown {
    return this.#parts.options.data;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it has a batch that its thread is not done with, or yet to be sent. */
  get isBusy(): boolean {
    return this.#batch.length > 0 || this.#isNews;
  }

  /** Events of this thread that it was given before the batch that it has. */
  get before(): number {
    return this.#inThread;
  }

  get batch(): readonly EventItem[] {
    return this.#batch;
  }

  stats(): NotifyStats {
    const waiting = CHANNELS.reduce((sum, channel) => sum + this.#tap.use(channel).waiting, this.#batch.length);
    return { handled: this.#handled, waiting, lag: this.#lag, faults: this.#faults, isRunning: !this.#isOver };
  }

  onLoaded(): void {
    if (this.#isOver) return;
    this.#isLoaded = true;
    this.#wasLoaded = true;
    this.#loading.resolve();
    if (this.#batch.length > 0) this.#post();
    else this.#flush();
  }

  /** The module cannot be run: at first that is its owner's to know, and later the end of it. */
  onLoadFailed(reason: string): void {
    const error = new LocalError("bad-argument", `Cannot run the handler ${this.module}: ${reason}`);
    if (!this.#wasLoaded) this.#loading.reject(error);
    else this.#report(error);
    this.end();
  }

  onDone(): void {
    this.#handled += this.#batch.length;
    this.#inThread += this.#batch.length;
    this.#batch = [];
    this.#strikes = 0;
    this.#flush();
  }

  onThrew(type: string, reason: string): void {
    this.#faults++;
    this.#report(new LocalError("bad-argument", `The handler ${this.module} threw at ${type}: ${reason}`));
  }

  /**
   * Another thread takes over, of whose events none is done. `begun` and `done` events of the batch were with the old
   * one; what was begun by whoever is to blame is not tried again.
   */
  onThreadLost(done: number, begun: number, isToBlame: boolean): void {
    const gone = isToBlame ? Math.max(begun, done) : done;
    this.#handled += Math.min(gone, this.#batch.length);
    this.#batch = this.#batch.slice(gone);
    this.#inThread = 0;
    this.#isLoaded = false;
  }

  /** It hung, or may be why its thread died. Too often in a row is the end of it. `what` it did, in words: "lost its thread". */
  strike(what: string): void {
    this.#faults++;
    if (!this.#wasLoaded) return this.onLoadFailed(`it ${what}`);
    this.#report(new LocalError("timeout", `The handler ${this.module} ${what}`));
    if (++this.#strikes >= NOTIFY_MAX_FAULTS) this.#giveUp(`it failed ${NOTIFY_MAX_FAULTS} times in a row`);
  }

  /** It cost its thread the life. What it gets done between such failures, which may come late, excuses none of them. */
  blame(what: string): void {
    const now = this.#parts.env.now();
    this.#losses = [...this.#losses.filter((at) => now - at < NOTIFY_LOSS_WINDOW_MS), now];
    this.strike(what);
    if (this.#losses.length >= NOTIFY_MAX_LOSSES) {
      this.#giveUp(`it cost ${NOTIFY_MAX_LOSSES} threads within ${NOTIFY_LOSS_WINDOW_MS / MS_PER_MINUTE} min`);
    }
  }

  #giveUp(why: string): void {
    if (this.#isOver) return;
    this.#report(new LocalError("stopped", `The handler ${this.module} is not run any more: ${why}`));
    this.end();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#batch = [];
    this.#isNews = false;
    this.#tap[Symbol.dispose]();
    this.#loading.reject(new LocalError("stopped", `The handler ${this.module} was not loaded: it was stopped before`));
    this.#parts.onEnd();
    this.#parts.onIdle();
  }

  /** Within a publish: the batch is made at the end of the turn, so that the publisher pays for a push only. */
  #noteNews(): void {
    if (this.#isNews || this.#isOver) return;
    this.#isNews = true;
    if (this.#batch.length === 0 && this.#isLoaded) this.#parts.env.soon(() => this.#flush());
  }

  #flush(): void {
    if (this.#isOver || !this.#isLoaded || this.#batch.length > 0) return;
    this.#batch = this.#takeBatch();
    if (this.#batch.length > 0) this.#post();
    else this.#parts.onIdle();
  }

  #takeBatch(): EventItem[] {
    const items: EventItem[] = [];
    let sizeBytes = 0;
    while (items.length < NOTIFY_BATCH && sizeBytes < NOTIFY_BATCH_BYTES) {
      const next = this.#tap.take();
      if (!next) {
        this.#isNews = false;
        break;
      }
      if ("missed" in next) this.#noteLag(next);
      else sizeBytes += next.sizeBytes;
      items.push(toItem(next));
    }
    return items;
  }

  #post(): void {
    try {
      this.#send();
    } catch {
      // No event of ours is like that, and yet one that cannot be cloned must not end the others.
      this.#batch = this.#batch.filter((item) => this.#isCloneable(item));
      if (this.#batch.length > 0) this.#send();
      else this.#parts.env.soon(() => this.#flush());
    }
  }

  #send(): void {
    this.#parts.post({ is: "events", id: this.id, items: this.#batch });
  }

  #isCloneable(item: EventItem): boolean {
    try {
      structuredClone(item);
      return true;
    } catch (error) {
      this.onThrew(item.type, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  #noteLag({ channel, missed }: Lag): void {
    this.#lag += missed;
    this.#tell(() => this.#parts.options.onLag?.(channel, missed));
  }

  #report(error: LocalError): void {
    this.#parts.log.warn("a handler of events failed", { module: this.module, error: error.message });
    this.#tell(() => this.#parts.options.onError?.(error));
  }

  /** An owner's function that throws is the owner's bug, and no reason to stop. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : String(error);
      this.#parts.log.error("what the owner of a handler gave us threw", { stack });
    }
  }
}

/** As a handler gets it. Bytes that are a part of something larger are copied out: a clone would take all of it. */
function toItem(next: Published | Lag): EventItem {
  if ("missed" in next) return next;
  const { type, event } = next;
  return { type, event: compact(event) } as EventItem;
}

function compact(event: unknown): unknown {
  if (typeof event !== "object" || event === null || !("payload" in event)) return event;
  const { payload } = event;
  if (!(payload instanceof Uint8Array) || payload.byteLength === payload.buffer.byteLength) return event;
  return { ...event, payload: payload.slice() };
}
