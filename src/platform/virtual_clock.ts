import { setImmediate } from "node:timers";
import { Deque } from "../util/deque.ts";
import type { Timer } from "../util/env.ts";

/** Something that happens at a virtual time. An object and not a function: a connection can be its own event. */
export interface Task {
  run(): void;
}

/** Whose task something is: it runs only while he is up. */
export interface TaskOwner {
  readonly isUp: boolean;
  /** Timers of his that have yet to fire. */
  timerCount: number;
}

/** Promise callbacks settle within so much virtual time of whatever happened. */
const SETTLE_INTERVAL_MS = 1;
/** Fewer cancelled timers than this are not worth a sweep of the heap. */
const MIN_SWEEP_SIZE = 1024;

interface Turn {
  readonly order: number;
  readonly task: () => void;
  readonly owner: TaskOwner;
}

/**
 * Virtual time. Events run in the order of their times, those of one time in the order in which they were scheduled; no
 * time passes within an event. Only additions, multiplications and comparisons: no runtime may differ in a bit.
 */
export class VirtualClock {
  /** Milliseconds since the start. */
  now = 0;
  /** Events run so far. */
  eventCount = 0;
  /** Owns what belongs to no host. */
  readonly #nobody: TaskOwner = { isUp: true, timerCount: 0 };
  #order = 0;
  readonly #heap = new EventHeap();
  readonly #turns = new Deque<Turn>();
  readonly #soon = new Deque<() => void>();
  /** Whose those are, one by one: a pair would be an object for each. */
  readonly #soonOwners = new Deque<TaskOwner>();
  #promisesDue = true;
  #nextSettleMs = 0;
  #running = false;
  #hasRun = false;

  /** Runs `task` at `timeMs`, or now if that is past. */
  at(timeMs: number, task: Task): void {
    this.#heap.push(Math.max(timeMs, this.now), this.#order++, task);
  }

  after(delayMs: number, task: () => void, owner: TaskOwner = this.#nobody): Timer {
    const timer = new VirtualTimer(this.#heap, task, owner);
    this.at(this.now + Math.max(0, delayMs), timer);
    return timer;
  }

  soon(task: () => void, owner: TaskOwner = this.#nobody): void {
    this.#soon.push(task);
    this.#soonOwners.push(owner);
  }

  nextTurn(task: () => void, owner: TaskOwner = this.#nobody): void {
    this.#turns.push({ order: this.#order++, task, owner });
  }

  /** To be called by an event that settles a promise: its callbacks then run before the next event. */
  expectPromises(): void {
    this.#promisesDue = true;
  }

  /**
   * Runs events up to and including those at `untilMs`, where the clock then stands; or until the predicate holds; or
   * until nothing is left to happen. Tells whether it stopped for the first two reasons.
   *
   * Promise callbacks run to their end before the first event, after every event that settled a promise of the network,
   * within a virtual millisecond of every other one, and at the end: in the same places on every runtime.
   */
  async run(until: number | (() => boolean) = Infinity): Promise<boolean> {
    if (this.#running) throw new Error("The virtual clock is running already");
    const limitMs = typeof until === "number" ? until : Infinity;
    const done = typeof until === "number" ? () => false : until;
    this.#running = true;
    try {
      for (;;) {
        await settlePromises();
        this.#promisesDue = false;
        this.#nextSettleMs = this.now + SETTLE_INTERVAL_MS;
        this.#hasRun = false;
        if (this.#runEvents(limitMs, done)) return true;
        if (!this.#hasRun) break;
      }
      if (limitMs === Infinity) return false;
      this.now = Math.max(this.now, limitMs);
      return true;
    } finally {
      this.#running = false;
    }
  }

  /** Runs events until promises are due or none is left; true as soon as `done` holds. */
  #runEvents(limitMs: number, done: () => boolean): boolean {
    for (;;) {
      this.#runSoon();
      if (done()) return true;
      if (this.#promisesDue || !this.#runNext(limitMs)) return false;
    }
  }

  #runNext(limitMs: number): boolean {
    const heap = this.#heap;
    heap.dropCancelled();
    const turn = this.#turns.peek();
    if (turn && (heap.isEmpty || heap.firstTime > this.now || heap.firstOrder > turn.order)) {
      this.#turns.shift();
      this.#countEvent();
      if (turn.owner.isUp) turn.task();
      return true;
    }
    if (heap.isEmpty || heap.firstTime > limitMs) return false;
    // What was settled is heard of before time goes on, however long nothing happens then.
    if (this.#hasRun && heap.firstTime >= this.#nextSettleMs) return false;
    this.now = heap.firstTime;
    this.#countEvent();
    heap.pop().run();
    return true;
  }

  #countEvent(): void {
    this.eventCount++;
    if (this.#hasRun) return;
    this.#hasRun = true;
    this.#nextSettleMs = this.now + SETTLE_INTERVAL_MS;
  }

  #runSoon(): void {
    for (let task = this.#soon.shift(); task; task = this.#soon.shift()) {
      this.#hasRun = true;
      if (this.#soonOwners.shift()!.isUp) task();
    }
  }
}

/** Lets all promise callbacks run, and those that they cause: a macrotask begins when no microtask is left. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

class VirtualTimer implements Task, Timer {
  readonly #heap: EventHeap;
  readonly #owner: TaskOwner;
  #task: (() => void) | undefined;

  constructor(heap: EventHeap, task: () => void, owner: TaskOwner) {
    this.#heap = heap;
    this.#task = task;
    this.#owner = owner;
    owner.timerCount++;
  }

  get isCancelled(): boolean {
    return this.#task === undefined;
  }

  run(): void {
    const task = this.#task;
    if (!task) return;
    this.#task = undefined;
    this.#owner.timerCount--;
    if (this.#owner.isUp) task();
  }

  cancel(): void {
    if (!this.#task) return;
    this.#task = undefined;
    this.#owner.timerCount--;
    this.#heap.noteCancelled();
  }
}

function isCancelled(task: Task | undefined): boolean {
  return task instanceof VirtualTimer && task.isCancelled;
}

/** A binary heap of events by time, then order, in parallel arrays: nothing is allocated for an event. */
class EventHeap {
  #times: number[] = [];
  #orders: number[] = [];
  #tasks: Task[] = [];
  #cancelled = 0;

  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  get firstTime(): number {
    return this.#times[0]!;
  }

  get firstOrder(): number {
    return this.#orders[0]!;
  }

  push(time: number, order: number, task: Task): void {
    this.#times.push(time);
    this.#orders.push(order);
    this.#tasks.push(task);
    this.#raise(this.#times.length - 1, time, order, task);
  }

  pop(): Task {
    const first = this.#tasks[0]!;
    const time = this.#times.pop()!;
    const order = this.#orders.pop()!;
    const task = this.#tasks.pop()!;
    if (this.#times.length > 0) this.#lower(0, time, order, task);
    return first;
  }

  /** Takes cancelled timers off the front, so that the first event is one that will happen. */
  dropCancelled(): void {
    while (this.#cancelled > 0 && isCancelled(this.#tasks[0])) {
      this.#cancelled--;
      this.pop();
    }
  }

  /** Cancelled timers stay until their time, unless they become the larger half. */
  noteCancelled(): void {
    this.#cancelled++;
    if (this.#cancelled < MIN_SWEEP_SIZE || 2 * this.#cancelled < this.#times.length) return;
    const [times, orders, tasks] = [this.#times, this.#orders, this.#tasks];
    this.#times = [];
    this.#orders = [];
    this.#tasks = [];
    this.#cancelled = 0;
    for (const [i, task] of tasks.entries()) {
      if (!isCancelled(task)) this.push(times[i]!, orders[i]!, task);
    }
  }

  #raise(from: number, time: number, order: number, task: Task): void {
    const times = this.#times;
    const orders = this.#orders;
    const tasks = this.#tasks;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentTime = times[parent]!;
      if (time > parentTime || (time === parentTime && order > orders[parent]!)) break;
      times[at] = parentTime;
      orders[at] = orders[parent]!;
      tasks[at] = tasks[parent]!;
      at = parent;
    }
    times[at] = time;
    orders[at] = order;
    tasks[at] = task;
  }

  #lower(from: number, time: number, order: number, task: Task): void {
    const times = this.#times;
    const orders = this.#orders;
    const tasks = this.#tasks;
    const size = times.length;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      const right = child + 1;
      if (right < size) {
        const difference = times[right]! - times[child]!;
        if (difference < 0 || (difference === 0 && orders[right]! < orders[child]!)) child = right;
      }
      const childTime = times[child]!;
      if (time < childTime || (time === childTime && order < orders[child]!)) break;
      times[at] = childTime;
      orders[at] = orders[child]!;
      tasks[at] = tasks[child]!;
      at = child;
    }
    times[at] = time;
    orders[at] = order;
    tasks[at] = task;
  }
}
