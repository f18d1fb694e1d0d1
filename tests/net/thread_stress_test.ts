// Worker threads that all work on what one thread owns, by sending it operations through a queue in shared memory. Each
// test ends by itself, when every operation has arrived, and loses none.

import { once } from "node:events";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Balancer } from "../../src/net/balancer.ts";
import { compileRules } from "../../src/net/balancing/rules.ts";
import { RequestQueue } from "../../src/net/request_queue.ts";
import { Topology } from "../../src/net/topology/topology.ts";
import { createBells, openBells } from "../../src/platform/bells.ts";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { createEnv } from "../../src/platform/env.ts";
import { Pump } from "../../src/ring/pump.ts";
import { createQueue, openConsumer } from "../../src/ring/queue.ts";
import { silentLogger } from "../../src/util/env.ts";
import type { OperationTask } from "../support/operation_thread.ts";
import { startThread } from "../support/threads.ts";
import { within } from "../support/wait.ts";

/** Small, so that producers find it full again and again. */
const SLOTS = 64;
const OPERATION_BYTES = 8;
const TIMEOUT = { timeout: 60_000 };

const env = createEnv({ logger: () => silentLogger });

type Apply = (thread: number, number: number) => void;

/** Runs `threads` threads that send `count` operations each, and applies all of them here. */
async function stress(threads: number, count: number, apply: Apply): Promise<void> {
  const queue = createQueue({ slots: SLOTS, slotBytes: OPERATION_BYTES, users: threads + 1 });
  const handle = createBells(threads + 1);
  const bells = openBells(handle, 0);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  const wake = (user: number) => bells.ring(user);
  const consumer = openConsumer(queue, { copy: copyBytes, user: 0, wake, onFrames: () => pump.kick() });
  const pump: Pump = new Pump({
    source: consumer,
    env,
    handle(bytes, start) {
      const words = new DataView(bytes.buffer, bytes.byteOffset + start, OPERATION_BYTES);
      apply(words.getUint32(0, true), words.getUint32(OPERATION_BYTES / 2, true));
      if (++arrived === threads * count) resolve();
    },
  });
  bells.listen(() => consumer.wake());
  pump.resume();
  const workers = Array.from({ length: threads }, (_, index) => {
    const task: OperationTask = { queue, bells: handle, thread: index + 1, count };
    return startThread(new URL("../support/operation_thread.ts", import.meta.url), task);
  });
  await within("the threads", Promise.all(workers.map((worker) => once(worker, "message"))));
  for (const worker of workers) worker.postMessage("go");
  await within(`${threads * count} operations`, done);
  bells.close();
  await Promise.all(workers.map((worker) => worker.terminate()));
}

function balancerWork() {
  const balancer = new Balancer({
    env,
    breaker: { failures: 5, failureShare: 0.9, windowMs: 1000, openMs: 1000, maxOpenMs: 1000 },
  });
  const members = Array.from({ length: 10 }, (_, id) => balancer.add({ id, name: `peer ${id}` }));
  const rule = compileRules([{ class: "*", strategy: "least-outstanding" }])("any");
  let [chosen, failed] = [0, 0];
  return {
    apply(thread: number, number: number) {
      const member = balancer.choose(rule, members, { key: `${thread}` });
      assert(member !== undefined);
      chosen++;
      member.begin();
      // One in ten fails, too few to break a peer's circuit.
      if (number % 10 === 9) {
        failed++;
        member.failed(5);
      } else member.succeeded(1 + thread);
    },
    check(operations: number) {
      const sum = (read: (member: (typeof members)[number]) => number) =>
        members.reduce((total, member) => total + read(member), 0);
      assertEquals(chosen, operations);
      assertEquals(sum((member) => member.answered), operations - failed);
      assertEquals(sum((member) => member.failures), failed);
      assertEquals(sum((member) => member.outstanding), 0);
    },
  };
}

function queueWork(consumers: number, operations: number) {
  const queue = new RequestQueue<readonly [thread: number, number: number]>({ maxItems: 100_000, maxBytes: 2 ** 30 });
  const lasts = new Map<number, number>();
  let taken = 0;
  const { promise: allTaken, resolve } = Promise.withResolvers<void>();
  async function consume(): Promise<void> {
    for (;;) {
      const [thread, number] = await queue.pop();
      if (thread === 0) return;
      assert(number > (lasts.get(thread) ?? -1), `request ${number} of ${thread} comes after ${lasts.get(thread)}`);
      lasts.set(thread, number);
      if (++taken === operations) resolve();
    }
  }
  const consuming = Array.from({ length: consumers }, consume);
  return {
    apply: (thread: number, number: number) => queue.push([thread, number], { owner: `thread ${thread}` }),
    async check() {
      await within("the requests", allTaken);
      // Owners take turns in the queue: earlier, the end would come before others' last requests.
      for (let i = 0; i < consumers; i++) queue.push([0, 0], { owner: "the end" });
      await within("the consumers", Promise.all(consuming));
      assertEquals([taken, queue.length, queue.counts.refused], [operations, 0, 0]);
    },
  };
}

function topologyWork() {
  const facts = { region: "here", capabilities: [], load: 0, draining: false };
  const topology = new Topology("self", { ...facts, links: new Map() });
  const told = new Map<string, string>();
  let now = 0;
  return {
    apply(thread: number, number: number) {
      const [id, region] = [`node ${thread} ${number % 20}`, `region ${number}`];
      const record = { ...facts, region, links: new Map([[`node ${thread} ${(number + 1) % 20}`, 1]]) };
      topology.hear(thread, `peer ${thread}`, [{ id, ageMs: 0, record }], now++);
      told.set(id, region);
    },
    check(threads: number) {
      assertEquals(topology.refused, 0);
      assertEquals(told.size, threads * 20);
      for (const [id, region] of told) assertEquals(topology.get(id)?.record.region, region);
    },
  };
}

test("threads: 8 × 1,000 choices of one balancer, and its accounts are right", TIMEOUT, async () => {
  const work = balancerWork();
  await stress(8, 1000, work.apply);
  work.check(8000);
});

test("threads: 16 × 500 requests through one queue to four consumers, each once and in order", TIMEOUT, async () => {
  const work = queueWork(4, 8000);
  await stress(16, 500, work.apply);
  await work.check();
});

test("threads: 8 × 500 reports to one topology, of which the last counts", TIMEOUT, async () => {
  const work = topologyWork();
  await stress(8, 500, work.apply);
  work.check(8);
});

test("threads: 12 × 300 operations on all three at once", TIMEOUT, async () => {
  const [balancer, queue, topology] = [balancerWork(), queueWork(2, 3600), topologyWork()];
  await stress(12, 300, (thread, number) => {
    for (const { apply } of [balancer, queue, topology]) apply(thread, number);
  });
  balancer.check(3600);
  await queue.check();
  topology.check(12);
});
