import process from "node:process";
import { setImmediate } from "node:timers";
import { BroadcastChannel } from "node:worker_threads";
import type { Bells } from "../util/bells.ts";

/** What threads hand to each other so that each can wake the others. */
export interface BellsHandle {
  /** One counter a thread, each in a cache line of its own. */
  readonly buffer: SharedArrayBuffer;
  /** The channel that rings travel through where the runtime cannot wait for shared memory; undefined: it can. */
  readonly channel: string | undefined;
}

/** The bells as this thread has them. */
export interface OpenBells extends Bells {
  /** This thread is not woken any more. Idempotent. */
  close(): void;
}

export interface BellsOptions {
  /** Whether to wait for shared memory: if the runtime can, by default. */
  readonly waitsForMemory?: boolean;
}

/** What we use of a channel between threads; the runtimes' types differ. */
interface RingChannel {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: number): void;
  close(): void;
  unref?(): unknown;
}

const WORD_BYTES = 4;
const LINE_WORDS = 16;

/** Whether the event loop can wait for a change of shared memory: all three runtimes can, of the versions we run on. */
const CAN_WAIT_FOR_MEMORY = typeof Atomics.waitAsync === "function";

let channels = 0;

/** Bells of `threads` threads, numbered from 0. */
export function createBells(threads: number, options: BellsOptions = {}): BellsHandle {
  const waits = options.waitsForMemory ?? CAN_WAIT_FOR_MEMORY;
  return {
    buffer: new SharedArrayBuffer(threads * LINE_WORDS * WORD_BYTES),
    channel: waits ? undefined : `p2p-bells-${process.pid}-${++channels}`,
  };
}

/** The bells as thread `own` has them. */
export function openBells({ buffer, channel }: BellsHandle, own: number): OpenBells {
  const words = new Int32Array(buffer);
  return channel === undefined ? new MemoryBells(words, own) : new ChannelBells(channel, own);
}

/** Calls all listeners; one that throws does not keep the others from being called. */
class Listeners {
  readonly #listeners = new Set<() => void>();

  add(listener: () => void): Disposable {
    const own = () => listener();
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  call(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        reportLater(error);
      }
    }
  }
}

/** A ring is a step of a counter in shared memory: whoever rings pays some ten nanoseconds if nobody waits. */
class MemoryBells implements OpenBells {
  readonly own: number;
  readonly #words: Int32Array;
  readonly #listeners = new Listeners();
  #isClosed = false;

  constructor(words: Int32Array, own: number) {
    this.#words = words;
    this.own = own;
    this.#wait(Atomics.load(words, own * LINE_WORDS));
  }

  ring(thread: number): void {
    Atomics.add(this.#words, thread * LINE_WORDS, 1);
    Atomics.notify(this.#words, thread * LINE_WORDS);
  }

  listen(onRing: () => void): Disposable {
    return this.#listeners.add(onRing);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.ring(this.own);
  }

  #wait(seen: number): void {
    const { async, value } = Atomics.waitAsync(this.#words, this.own * LINE_WORDS, seen);
    // Rung meanwhile: in a turn of its own all the same, so that sockets have theirs.
    if (async) value.then(() => this.#onRing());
    else setImmediate(() => this.#onRing());
  }

  #onRing(): void {
    if (this.#isClosed) return;
    // Counted before the listeners look: a ring that comes while they do is not lost.
    const seen = Atomics.load(this.#words, this.own * LINE_WORDS);
    this.#listeners.call();
    this.#wait(seen);
  }
}

/**
 * A ring is a message to all, which all but one ignore: only where there is nothing better. Deno loses what comes while
 * more than a hundred messages wait, and is not such a place.
 */
class ChannelBells implements OpenBells {
  readonly own: number;
  readonly #channel: RingChannel;
  readonly #listeners = new Listeners();

  constructor(name: string, own: number) {
    this.own = own;
    this.#channel = new BroadcastChannel(name) as unknown as RingChannel;
    this.#channel.onmessage = ({ data }) => {
      if (data === own) this.#listeners.call();
    };
    this.#channel.unref?.();
  }

  ring(thread: number): void {
    // A channel does not hear itself.
    if (thread === this.own) setImmediate(() => this.#listeners.call());
    else this.#channel.postMessage(thread);
  }

  listen(onRing: () => void): Disposable {
    return this.#listeners.add(onRing);
  }

  close(): void {
    this.#channel.close();
  }
}

/** As if nobody had caught it, and yet not here. */
function reportLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
