import type { Bus } from "../../bus/bus.ts";
import type { RecentIds } from "../../util/recent_ids.ts";
import type { TopicSnapshot } from "../../protocol/app_snapshots.ts";
import type { NodeEvents, TopicMessage } from "../../protocol/node_events.ts";

/**
 * What becomes of a message of a topic: `accept` delivers it and passes it on; `ignore` drops it; `reject` drops it and
 * ends every peer that sent it, so it is only for what no honest member of the topic passes on.
 */
export type TopicVerdict = "accept" | "ignore" | "reject";

/** Judges a message of a topic before it is delivered and passed on. One that throws or takes too long ignores it. */
export type TopicValidator = (message: TopicMessage) => TopicVerdict | Promise<TopicVerdict>;

/** How a topic's messages are judged. */
export interface TopicOptions {
  /** Accepts everything if left out. Ids are what their senders say: without a validator, whoever lies is believed. */
  readonly validate?: TopicValidator;
  /** Milliseconds that one judgement may take, at most an hour; 5 s if left out. */
  readonly validateTimeoutMs?: number;
}

/** A message that was sent. */
export interface Published {
  /** By which copies are recognised. */
  readonly id: bigint;
  /** Peers that it was queued for; a slow one in whose queue the program has its fair share waiting is not among them. */
  readonly peers: number;
}

/**
 * A topic that this node takes part in until it is closed: what others publish arrives here and is passed on to other
 * peers, whether or not somebody listens.
 */
export interface Topic extends Disposable {
  /** 1 to 64 bytes of UTF-8; the same for all who take part. */
  readonly name: string;
  /**
   * Sends a message to all who take part, by way of our peers; not to our own listeners. Do not change the bytes any
   * more. Throws LocalError if they are too many, or the topic or the node is closed.
   */
  publish(payload: Uint8Array): Published;
  /** Calls `listener` for each message, in order, until the handle is disposed. A promise delays the next call. */
  subscribe(listener: (message: TopicMessage) => void | Promise<void>, options?: {
    /** Told how many messages were missed because the listener was slow, before it gets the next one. */
    readonly onLag?: (missed: number) => void;
  }): Disposable;
  /** Yields messages from now on, until the loop is left, `signal` aborts, or the topic is closed. */
  messages(signal?: AbortSignal): AsyncGenerator<TopicMessage, void>;
  /** Leaves the topic and ends all listeners. Idempotent. */
  close(): void;
}

/** What a topic needs of those who carry its messages. */
export interface TopicLinks {
  readonly bus: Bus<NodeEvents>;
  /** Sends to all subscribed peers. Throws LocalError. */
  publish(topic: OpenTopic, payload: Uint8Array): Published;
  leave(topic: OpenTopic): void;
}

/** A topic as this node has it: its listeners and what was counted. */
export class OpenTopic implements Topic {
  readonly name: string;
  readonly eventType: `topic:${string}`;
  readonly options: TopicOptions;
  /** Messages that were published here or accepted. Others are forgotten: a bad copy must not hide the good one. */
  readonly seen: RecentIds;
  /** Makes the same id of two topics two different keys, and keys that a stranger cannot choose. */
  readonly salt: bigint;
  readonly counts = {
    published: 0,
    accepted: 0,
    duplicates: 0,
    ignored: 0,
    rejected: 0,
    failed: 0,
    dropped: 0,
    withheld: 0,
  };
  readonly #links: TopicLinks;
  readonly #handles = new Set<Disposable>();
  readonly #closed = new AbortController();
  #lag = 0;

  constructor(name: string, salt: bigint, seen: RecentIds, options: TopicOptions, links: TopicLinks) {
    this.name = name;
    this.eventType = `topic:${name}`;
    this.salt = salt;
    this.seen = seen;
    this.options = options;
    this.#links = links;
  }

  get isOpen(): boolean {
    return !this.#closed.signal.aborted;
  }

  publish(payload: Uint8Array): Published {
    return this.#links.publish(this, payload);
  }

  subscribe(
    listener: (message: TopicMessage) => void | Promise<void>,
    options: { readonly onLag?: (missed: number) => void } = {},
  ): Disposable {
    const subscription = this.#links.bus.subscribe(this.eventType, listener, {
      onLag: (_, missed) => {
        this.#lag += missed;
        options.onLag?.(missed);
      },
    });
    const handle = {
      [Symbol.dispose]: () => {
        this.#handles.delete(handle);
        subscription[Symbol.dispose]();
      },
    };
    this.#handles.add(handle);
    return handle;
  }

  messages(signal?: AbortSignal): AsyncGenerator<TopicMessage, void> {
    const closed = this.#closed.signal;
    const ended = signal ? AbortSignal.any([signal, closed]) : closed;
    return this.#links.bus.values(this.eventType, ended, (missed) => void (this.#lag += missed));
  }

  close(): void {
    if (!this.isOpen) return;
    this.#closed.abort();
    for (const handle of this.#handles) handle[Symbol.dispose]();
    this.#links.leave(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** `peers`: those that are subscribed. */
  snapshot(peers: number): TopicSnapshot {
    return { name: this.name, peers, ...this.counts, lag: this.#lag };
  }
}
