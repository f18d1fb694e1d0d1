import { RequestQueue } from "../../net/request_queue.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { NS_PER_MS, sleep } from "./clock.ts";
import { Latencies, type LatencySummary } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { ProducerThreads } from "./queue_threads.ts";
import { drawHistogram, formatCount, number, printJson } from "./report.ts";
import { median } from "./usage.ts";
import { planSteps } from "./steps.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

const PRODUCERS = 16;
const CONSUMERS = 4;
const ROUNDS = 5;
const DEFAULT_COUNT = 2_000_000;
const DEFAULT_WARMUP_COUNT = 200_000;
/** What a producer hands over before it lets others run. */
const BURST = 32;
/** Items that are timed one by one: reading the clock costs as much as what it times. */
const TIMED_COUNT = 200_000;
const QUEUE = { maxItems: 4_096, maxBytes: 64 * 1_048_576 };
const ITEM_BYTES = 256;
const OPERATIONS_PER_ITEM = 2;
/** A pause between rounds in which garbage may go. */
const PAUSE_MS = 20;
const US_DIGITS = 1;
/** Items that wait while single operations are timed. */
const WAITING = 512;

/** Sends all items below `count` into the queue, and resolves once they are in. */
type Produce = (queue: RequestQueue<number>, count: number) => Promise<void>;

interface Tally {
  readonly perSecond: number;
  /** Processor time of all threads together, which tells more than the clock where others use the machine too. */
  readonly cpuNs: number;
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
}

interface Row extends Tally {
  readonly name: string;
}

type Times = Readonly<Record<string, Latencies>>;

/** The request queue alone: many producers and consumers at once, in this thread, and producers in threads of their own. */
export async function benchQueue(context: Context, options: BenchOptions): Promise<number> {
  const count = Math.ceil((options.count ?? DEFAULT_COUNT) / ROUNDS);
  await using threads = await ProducerThreads.start(PRODUCERS);
  const ways: readonly (readonly [name: string, produce: Produce])[] = [
    ["producers in this thread", produceHere],
    ["each in a thread of its own", (queue, items) => produceThere(threads, queue, items)],
  ];
  // Of each way the warm-up and the rounds; and the times one by one, here and in threads.
  using step = planSteps(ways.length * (ROUNDS + 1) + 2, context.err);
  const tallies = ways.map((): Tally[] => []);
  for (let i = 0; i <= ROUNDS; i++) {
    for (const [index, [, produce]] of ways.entries()) {
      await sleep(PAUSE_MS);
      const isWarmUp = i === 0;
      const tally = await round(context, isWarmUp ? Math.min(count, DEFAULT_WARMUP_COUNT) : count, produce);
      if (!isWarmUp) tallies[index]!.push(tally);
      step();
    }
  }
  const timed = Math.min(count, TIMED_COUNT);
  const [push, pop, handOver] = await timeOneByOne(timed);
  step();
  const offers = new Latencies();
  const inThreads = await round(context, timed, (queue, items) => produceThere(threads, queue, items, offers));
  step();
  const rows = ways.map(([name], index) => rowOf(name, tallies[index]!));
  const all = [...tallies.flat(), inThreads];
  const what = `Pushes and pops of ${PRODUCERS} producers and ${CONSUMERS} consumers, ${count} items a round, ` +
    `median of ${ROUNDS} rounds; times of single operations with the clock's own cost, ${clockCostNs().toFixed(0)} ns`;
  const times = { push, pop, "push to consumer": handOver };
  const timesInThreads = { "push from a thread": offers };
  if (options.json) {
    const timesOf = [times, timesInThreads].map(summarize);
    printJson(
      context,
      { bench: "queue", what, settings: { count } },
      rows.map((row, index) => ({ ...row, times: timesOf[index] })),
    );
  } else {
    report(context, what, rows, { ...times, ...timesInThreads });
  }
  return all.every(({ lost, doubled }) => lost === 0 && doubled === 0) ? EXIT.done : EXIT.no;
}

function rowOf(
  name: string,
  rounds: readonly Tally[],
): Row & { readonly producers: number; readonly consumers: number } {
  const total = (read: (tally: Tally) => number) => rounds.reduce((sum, each) => sum + read(each), 0);
  return {
    name,
    producers: PRODUCERS,
    consumers: CONSUMERS,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    cpuNs: median(rounds.map(({ cpuNs }) => cpuNs)),
    lost: total(({ lost }) => lost),
    doubled: total(({ doubled }) => doubled),
    refused: total(({ refused }) => refused),
  };
}

function summarize(times: Times): Readonly<Record<string, LatencySummary>> {
  return Object.fromEntries(Object.entries(times).map(([name, latencies]) => [name, latencies.summary()]));
}

function report(
  { out }: Context,
  what: string,
  rows: readonly Row[],
  times: Times,
): void {
  out.line(what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("operations/s", ({ perSecond }) => formatCount(perSecond)),
    number("CPU ns", ({ cpuNs }) => cpuNs.toFixed(0)),
    number("lost", ({ lost }) => String(lost)),
    number("doubled", ({ doubled }) => String(doubled)),
    number("refused (queue full)", ({ refused }) => String(refused)),
  ], out);
  // The histogram begins at 1 µs.
  const us = (ms: number) => ms * MS_PER_SECOND <= 1 ? "≤ 1 µs" : `${(ms * MS_PER_SECOND).toFixed(US_DIGITS)} µs`;
  printRows(Object.entries(times), [
    { title: "", cell: ([name]) => name },
    number("p50", ([, latencies]) => us(latencies.summary().p50Ms)),
    number("p99", ([, latencies]) => us(latencies.summary().p99Ms)),
    number("p99.9", ([, latencies]) => us(latencies.summary().p999Ms)),
  ], out);
  for (const [name, latencies] of Object.entries(times)) drawHistogram(out, name, latencies);
}

/** All items once through the queue. */
async function round({ host }: Context, count: number, produce: Produce): Promise<Tally> {
  const queue = new RequestQueue<number>(QUEUE);
  const seen = new Uint8Array(count);
  let [arrived, doubled] = [0, 0];

  async function consume(): Promise<void> {
    for (;;) {
      const item = queue.take() ?? await queue.pop();
      if (item < 0) return;
      if (seen[item]! > 0) doubled++;
      seen[item] = 1;
      arrived++;
    }
  }

  const cpuBefore = host.cpuMs();
  const startedAt = performance.now();
  const consuming = Array.from({ length: CONSUMERS }, consume);
  await produce(queue, count);
  for (let i = 0; i < CONSUMERS; i++) queue.push(-1, { owner: "end" });
  await Promise.all(consuming);
  const ms = performance.now() - startedAt;
  const operations = OPERATIONS_PER_ITEM * count;
  const cpuNs = (host.cpuMs() - cpuBefore) * NS_PER_MS / operations;
  return {
    perSecond: operations / ms * MS_PER_SECOND,
    cpuNs,
    lost: count - arrived,
    doubled,
    refused: queue.counts.refused,
  };
}

async function produceHere(queue: RequestQueue<number>, count: number): Promise<void> {
  await Promise.all(Array.from({ length: PRODUCERS }, (_, producer) => produceAs(queue, producer, count)));
}

/** `times`: for how long each offer took. */
async function produceThere(
  threads: ProducerThreads,
  queue: RequestQueue<number>,
  count: number,
  times?: Latencies,
): Promise<void> {
  const owners = Array.from({ length: PRODUCERS }, (_, i) => ({ sizeBytes: ITEM_BYTES, owner: `producer ${i}` }));
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let pushed = 0;
  const push = (producer: number, item: number): void => {
    queue.push(item, owners[producer]);
    if (++pushed === count) resolve();
  };
  if (!times) return threads.run(count, push, all);
  for (const offers of await threads.runTimed(count, push, all)) offers.forEach((ms) => times.add(ms));
}

/** The items of one producer, in bursts; where the queue is full it tries again after others ran. */
async function produceAs(queue: RequestQueue<number>, producer: number, count: number): Promise<void> {
  const options = { sizeBytes: ITEM_BYTES, owner: `producer ${producer}` };
  let inBurst = 0;
  for (let item = producer; item < count; item += PRODUCERS) {
    while (queue.length >= QUEUE.maxItems) await Promise.resolve();
    queue.push(item, options);
    if (++inBurst % BURST === 0) await Promise.resolve();
  }
}

/** The time of single operations while some hundreds wait, and from a push until the consumer runs. */
async function timeOneByOne(count: number): Promise<[push: Latencies, pop: Latencies, handOver: Latencies]> {
  const [push, pop, handOver] = [new Latencies(), new Latencies(), new Latencies()];
  const queue = new RequestQueue<number>(QUEUE);
  const owners = Array.from({ length: PRODUCERS }, (_, i) => ({ sizeBytes: ITEM_BYTES, owner: `producer ${i}` }));
  for (let i = 0; i < count; i++) {
    time(push, () => queue.push(i, owners[i % PRODUCERS]));
    if (queue.length > WAITING) time(pop, () => queue.take());
  }
  const idle = new RequestQueue<number>(QUEUE);
  for (let i = 0; i < count / BURST; i++) {
    const popping = idle.pop();
    idle.push(performance.now());
    const pushedAt = await popping;
    handOver.add(performance.now() - pushedAt);
  }
  return [push, pop, handOver];
}

function time(into: Latencies, operation: () => unknown): void {
  const startedAt = performance.now();
  operation();
  into.add(performance.now() - startedAt);
}

function clockCostNs(): number {
  const startedAt = performance.now();
  for (let i = 0; i < TIMED_COUNT; i++) performance.now();
  return (performance.now() - startedAt) / TIMED_COUNT * NS_PER_MS;
}
