// Small programs of some threads around a queue, for the explorer: with the real code or with a mutant of it.

import { assertEquals } from "@std/assert";
import { LocalError } from "../../src/protocol/errors.ts";
import type { abandonSlots } from "../../src/ring/queue.ts";
import { closeSlots, prepareQueue } from "../../src/ring/queue.ts";
import type { QueueConsumer } from "../../src/ring/queue_consumer.ts";
import { queueBytes } from "../../src/ring/queue_layout.ts";
import type { QueueProducer } from "../../src/ring/queue_producer.ts";
import { WORD_BYTES } from "../../src/ring/layout.ts";
import type { Exploration } from "../support/interleaving/explorer.ts";
import type { ThreadView } from "../support/interleaving/thread_view.ts";
import type { Program } from "./ring_programs.ts";

export interface QueueCode {
  readonly QueueProducer: typeof QueueProducer;
  readonly QueueConsumer: typeof QueueConsumer;
  readonly abandonSlots: typeof abandonSlots;
}

export interface QueueTraffic {
  /** Frames that each producer sends, and each consumer takes. */
  readonly sends: readonly number[];
  readonly takes: readonly number[];
  readonly slots?: number;
  /** Frames that a producer puts in before it commits: 1 by default. */
  readonly batch?: number;
  /** Frames that a consumer takes at a time, at most: 1 by default. */
  readonly atOnce?: number;
  /** Consumers who have their frames stay until all have: whoever sleeps must be woken by one who is busy. */
  readonly together?: boolean;
  /** The first ticket. */
  readonly start?: number;
  /** Whether the last producer closes the queue. It wakes consumers, and so would hide that nobody else did. */
  readonly closes?: boolean;
}

/** Every eighth ticket is told to the others: programs begin just before. */
const START = 6;
const SLOT_BYTES = 8;

function sizeOf({ sends, takes, slots = 2 }: QueueTraffic) {
  return { slots, slotBytes: SLOT_BYTES, users: sends.length + takes.length };
}

function frameOf(producer: number, index: number): Uint8Array {
  return Uint8Array.from({ length: 4 + producer }, (_, place) => producer * 100 + index * 10 + place);
}

function nameOf(bytes: Uint8Array, start: number, end: number): string {
  return bytes.subarray(start, end).join(" ");
}

function openFor(
  code: QueueCode,
  thread: ThreadView,
  user: number,
  traffic: QueueTraffic,
  onRoom?: () => void,
): QueueProducer {
  return new code.QueueProducer({
    memory: thread,
    size: sizeOf(traffic),
    user,
    wake: (other) => thread.ring(other),
    ...onRoom && { onRoom },
  });
}

function produce(code: QueueCode, thread: ThreadView, user: number, traffic: QueueTraffic): void {
  let hasRoom = true;
  const producer = openFor(code, thread, user, traffic, () => hasRoom = true);
  for (let index = 0; index < traffic.sends[user]!; index++) {
    while (!producer.offer(frameOf(user, index))) {
      // Who is not told of room waits, whatever may ring.
      for (hasRoom = false; !hasRoom;) {
        thread.waitForBell();
        producer.wake();
      }
    }
    if ((index + 1) % (traffic.batch ?? 1) === 0) producer.commit();
  }
  producer.close();
  if (traffic.closes) closeIfLast(thread, user, traffic);
}

/** Notes that a producer is done, and closes the queue once all are. Who dies in the middle of it is helped. */
function closeIfLast(thread: ThreadView, user: number, traffic: QueueTraffic): void {
  thread.store(doneWord(user, traffic), 1);
  if (!traffic.sends.every((_, producer) => thread.load(doneWord(producer, traffic)) === 1)) return;
  closeSlots(thread, sizeOf(traffic), (other) => thread.ring(other));
}

function doneWord(user: number, traffic: QueueTraffic): number {
  return queueBytes(sizeOf(traffic)) / WORD_BYTES + user;
}

/**
 * Takes so many frames and no more, one at a time; ends early where the queue is closed. One that is to take none lies
 * down to sleep and then leaves.
 */
function consume(code: QueueCode, thread: ThreadView, user: number, traffic: QueueTraffic): void {
  let isAsleep = false;
  const consumer = new code.QueueConsumer({
    memory: thread,
    size: sizeOf(traffic),
    user,
    wake: (other) => thread.ring(other),
    onFrames: () => isAsleep = false,
  });
  const wanted = traffic.takes[user - traffic.sends.length]!;
  while (thread.reports.length < wanted && consumer.end === "open") {
    const limit = Math.min(traffic.atOnce ?? 1, wanted - thread.reports.length);
    if (consumer.take((bytes, start, end) => thread.report(nameOf(bytes, start, end)), limit) > 0) continue;
    isAsleep = consumer.sleep();
    while (isAsleep) {
      thread.waitForBell();
      consumer.wake();
    }
  }
  if (traffic.together) meet(thread, user, traffic);
  if (wanted === 0) consumer.sleep();
  consumer.leave();
}

function meet(thread: ThreadView, user: number, traffic: QueueTraffic): void {
  const consumers = traffic.takes.map((_, index) => traffic.sends.length + index);
  thread.store(doneWord(user, traffic), 1);
  for (const other of consumers) if (other !== user) thread.ring(other);
  while (!consumers.every((consumer) => thread.load(doneWord(consumer, traffic)) === 1)) thread.waitForBell();
}

function program(code: QueueCode, traffic: QueueTraffic): Omit<Exploration, "check"> & { readonly name: string } {
  const { sends, takes, start = START, batch = 1, atOnce = 1 } = traffic;
  return {
    name: `${sends} frames of ${sends.length} producers, ${takes} for ${takes.length} consumers, from ${start} on` +
      (batch > 1 ? `, ${batch} a commit` : "") + (atOnce > 1 ? `, up to ${atOnce} at once` : ""),
    words: doneWord(sends.length + takes.length, traffic),
    prepare: (memory) => prepareQueue(memory, sizeOf(traffic), start),
    threads: [
      ...sends.map((_, user) => (thread: ThreadView) => produce(code, thread, user, traffic)),
      ...takes.map((_, index) => (thread: ThreadView) => consume(code, thread, sends.length + index, traffic)),
    ],
  };
}

function allFrames({ sends }: QueueTraffic): string[] {
  return sends.flatMap((count, producer) =>
    Array.from({ length: count }, (_, index) => frameOf(producer, index).join(" "))
  );
}

/** Frames of one producer come to one consumer in their order. */
function assertOrder(heard: readonly string[], traffic: QueueTraffic): void {
  const places = allFrames(traffic);
  traffic.sends.forEach((_, producer) => {
    const own = heard.filter((name) => producerOf(name) === producer);
    const order = own.map((name) => places.indexOf(name));
    assertEquals(order, order.toSorted((a, b) => a - b));
  });
}

/** Every frame goes to exactly one consumer. */
export function exchange(code: QueueCode, traffic: QueueTraffic): Program {
  return {
    ...program(code, traffic),
    check(reports) {
      const heard = reports.slice(traffic.sends.length) as string[][];
      assertEquals(heard.flat().toSorted(), allFrames(traffic).toSorted());
      for (const each of heard) assertOrder(each, traffic);
    },
  };
}

/** Somebody closes the queue at any moment: what was taken from its producer comes out, and the rest is refused. */
export function closesEarly(code: QueueCode): Program {
  const traffic = { sends: [2], takes: [Infinity] };
  const base = program(code, traffic);
  const send = (thread: ThreadView) => {
    const producer = openFor(code, thread, 0, traffic);
    for (let index = 0; index < 2; index++) {
      try {
        producer.offer(frameOf(0, index));
      } catch (error) {
        if (!(error instanceof LocalError)) throw error;
        return;
      }
      producer.commit();
      thread.report(frameOf(0, index).join(" "));
    }
  };
  const close = (thread: ThreadView) => closeSlots(thread, sizeOf(traffic), (user) => thread.ring(user));
  return {
    ...base,
    name: "a queue that is closed while its producer works",
    threads: [send, base.threads[1]!, close],
    check: (reports) => assertEquals(reports[1], reports[0]),
  };
}

/** One of the users may die anywhere; then somebody abandons its slots. */
export function userDies(code: QueueCode, frames: QueueTraffic, user: number): Program {
  const traffic = { ...frames, takes: frames.takes.map(() => Infinity), closes: true };
  const base = program(code, traffic);
  const { sends } = traffic;
  const supervisor = base.threads.length;
  return {
    ...base,
    name: `${base.name}; user ${user} may die`,
    mortal: [user],
    threads: [...base.threads, (thread) => supervise(code, thread, traffic)],
    check(reports, dead) {
      const heard = (reports.slice(sends.length, supervisor) as string[][]).flat();
      if (dead === undefined) return assertEquals(heard.toSorted(), allFrames(traffic).toSorted());
      const handedOver = reports[supervisor] as string[];
      // What the dead had handled and not yet given back comes once more, and nothing else does.
      const doubled = handedOver.filter((name) => reports[user]!.includes(name));
      const all = [...heard, ...handedOver].toSorted();
      assertEquals(new Set(all).size, all.length - doubled.length);
      const sent = allFrames(traffic).filter((name) => producerOf(name) !== user);
      for (const name of sent) assertEquals(all.includes(name), true, `${name} is lost`);
    },
  };
}

/** The producer of a frame, by its length. */
function producerOf(name: string): number {
  return name.split(" ").length - 4;
}

function supervise(code: QueueCode, thread: ThreadView, traffic: QueueTraffic): void {
  const user = thread.waitForDeath();
  const wake = (other: number) => thread.ring(other);
  code.abandonSlots(thread, sizeOf(traffic), user, (...frame) => thread.report(nameOf(...frame)), wake);
  if (user < traffic.sends.length) closeIfLast(thread, user, traffic);
}
