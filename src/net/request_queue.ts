import { LocalError } from "../protocol/errors.ts";
import { type Link, LinkedList } from "../util/linked_list.ts";

export interface RequestQueueOptions {
  readonly maxItems: number;
  readonly maxBytes: number;
}

export interface PushOptions {
  readonly sizeBytes?: number;
  /** Whose item it is: owners take turns, whatever each of them has waiting. */
  readonly owner?: string;
  /** Takes the item out again if it is still waiting. */
  readonly signal?: AbortSignal;
  /** Called when the signal took it out. */
  readonly onCancelled?: () => void;
}

interface Entry<T> {
  readonly item: T;
  readonly sizeBytes: number;
  readonly owner: Link<Owner<T>>;
  /** Ends to listen to the signal. */
  unlisten: (() => void) | undefined;
}

interface Owner<T> {
  readonly name: string;
  readonly entries: LinkedList<Entry<T>>;
}

interface Waiter<T> {
  readonly resolve: (item: T) => void;
  readonly reject: (error: unknown) => void;
  unlisten: (() => void) | undefined;
}

const NO_OPTIONS: PushOptions = {};

/**
 * Requests that wait for whoever has time for them: many producers, many consumers, one thread. A push wakes the
 * consumer that waits longest; nobody looks again and again. A full queue refuses, so that the caller knows at once.
 */
export class RequestQueue<T> {
  readonly #options: RequestQueueOptions;
  readonly #owners = new Map<string, Link<Owner<T>>>();
  /** Owners with something waiting, in the order of their turns. */
  readonly #turns = new LinkedList<Owner<T>>();
  readonly #waiters = new Set<Waiter<T>>();
  #length = 0;
  #bytes = 0;
  #pushed = 0;
  #refused = 0;
  #cancelled = 0;
  #isClosed = false;

  constructor(options: RequestQueueOptions) {
    this.#options = options;
  }

  /** Items that wait. */
  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Consumers that wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Since the start: accepted, refused for want of room, and taken out by their signal. */
  get counts(): { readonly pushed: number; readonly refused: number; readonly cancelled: number } {
    return { pushed: this.#pushed, refused: this.#refused, cancelled: this.#cancelled };
  }

  /**
   * Throws LocalError `limit` if the queue is full and `stopped` if it is closed; throws the signal's reason if it has
   * aborted.
   */
  push(item: T, options: PushOptions = NO_OPTIONS): void {
    const { sizeBytes = 0, owner = "", signal } = options;
    signal?.throwIfAborted();
    if (this.#isClosed) throw new LocalError("stopped", "Cannot queue a request: the queue is closed");
    // Somebody waits only where nothing does.
    if (this.#waiters.size > 0) return this.#hand(item);
    this.#checkRoom(sizeBytes);
    const entry: Entry<T> = { item, sizeBytes, owner: this.#ownerOf(owner), unlisten: undefined };
    const link = entry.owner.value.entries.push(entry);
    this.#length++;
    this.#bytes += sizeBytes;
    this.#pushed++;
    if (signal) this.#listen(link, signal, options.onCancelled);
  }

  /** The next item, if one waits. */
  take(): T | undefined {
    const owner = this.#turns.first;
    if (!owner) return undefined;
    const link = owner.value.entries.first!;
    this.#remove(link);
    // Whoever had a turn goes to the end of the line.
    if (owner.value.entries.first && owner.next) {
      this.#turns.remove(owner);
      this.#turns.append(owner);
    }
    return link.value.item;
  }

  /** The next item, as soon as there is one. Rejects with LocalError `stopped` once closed, or the signal's reason. */
  pop(signal?: AbortSignal): Promise<T> {
    if (this.#length > 0) return Promise.resolve(this.take()!);
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new LocalError("stopped", "Cannot take a request: the queue is closed");
      const waiter: Waiter<T> = { resolve, reject, unlisten: undefined };
      this.#waiters.add(waiter);
      if (!signal) return;
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      waiter.unlisten = () => signal.removeEventListener("abort", onAbort);
    });
  }

  /** Refuses what comes, sends home who waits, and answers what was left. */
  close(): readonly T[] {
    this.#isClosed = true;
    const left: T[] = [];
    while (this.#length > 0) left.push(this.take()!);
    for (const { reject, unlisten } of this.#waiters) {
      unlisten?.();
      reject(new LocalError("stopped", "Cannot take a request: the queue is closed"));
    }
    this.#waiters.clear();
    return left;
  }

  #hand(item: T): void {
    const [waiter] = this.#waiters;
    this.#waiters.delete(waiter!);
    waiter!.unlisten?.();
    this.#pushed++;
    waiter!.resolve(item);
  }

  #checkRoom(sizeBytes: number): void {
    const { maxItems, maxBytes } = this.#options;
    if (this.#length < maxItems && this.#bytes + sizeBytes <= maxBytes) return;
    this.#refused++;
    const held = `${this.#length} of ${maxItems} requests, ${this.#bytes} of ${maxBytes} bytes`;
    throw new LocalError("limit", `Cannot queue a request of ${sizeBytes} bytes: the queue is full: it holds ${held}`);
  }

  #ownerOf(name: string): Link<Owner<T>> {
    const known = this.#owners.get(name);
    if (known) return known;
    const owner = this.#turns.push({ name, entries: new LinkedList() });
    this.#owners.set(name, owner);
    return owner;
  }

  #listen(link: Link<Entry<T>>, signal: AbortSignal, onCancelled: (() => void) | undefined): void {
    const onAbort = () => {
      this.#remove(link);
      this.#cancelled++;
      onCancelled?.();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    link.value.unlisten = () => signal.removeEventListener("abort", onAbort);
  }

  #remove(link: Link<Entry<T>>): void {
    const { owner, sizeBytes, unlisten } = link.value;
    unlisten?.();
    owner.value.entries.remove(link);
    this.#length--;
    this.#bytes -= sizeBytes;
    if (owner.value.entries.first) return;
    this.#turns.remove(owner);
    this.#owners.delete(owner.value.name);
  }
}
