import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { abandonUser, closeQueue, createQueue, openConsumer, openProducer } from "../../src/ring/queue.ts";
import type { QueueConsumer } from "../../src/ring/queue_consumer.ts";
import type { QueueProducer } from "../../src/ring/queue_producer.ts";

/** Producers have the first numbers, consumers the next; who is rung is woken at once. */
function makeQueue({ slots = 4, slotBytes = 16, producers = 1, consumers = 1, onRoom = (_user: number) => {} } = {}) {
  const handle = createQueue({ slots, slotBytes, users: producers + consumers });
  const calls: string[] = [];
  const users: (QueueProducer | QueueConsumer | undefined)[] = [];
  const wake = (user: number) => users[user]?.wake();
  for (let user = 0; user < producers; user++) {
    const hearRoom = () => {
      calls.push(`room ${user}`);
      onRoom(user);
    };
    users.push(openProducer(handle, { copy: copyBytes, user, wake, onRoom: hearRoom }));
  }
  for (let user = producers; user < producers + consumers; user++) {
    users.push(openConsumer(handle, { copy: copyBytes, user, wake, onFrames: () => calls.push(`frames ${user}`) }));
  }
  const sinks = users.slice(0, producers) as QueueProducer[];
  const sources = users.slice(producers) as QueueConsumer[];
  return { handle, wake, calls, sinks, sources, sink: sinks[0]!, source: sources[0]! };
}

function takeAll(source: QueueConsumer, limit?: number): number[] {
  const values: number[] = [];
  source.take((bytes, start, end) => values.push(end > start ? bytes[start]! : -1), limit);
  return values;
}

function send(sink: QueueProducer, ...values: number[]): boolean[] {
  const taken = values.map((value) => sink.offer(Uint8Array.of(value)));
  sink.commit();
  return taken;
}

test("queue: frames come out in order, over many rounds of the slots", () => {
  const { sink, source } = makeQueue();
  for (let round = 0; round < 300; round++) {
    send(sink, round & 255, (round + 1) & 255);
    assertEquals(takeAll(source), [round & 255, (round + 1) & 255]);
  }
});

test("queue: frames of no bytes, and of a whole slot", () => {
  const { sink, source } = makeQueue();
  sink.offer(new Uint8Array(0));
  sink.offer(new Uint8Array(16).fill(9));
  assertEquals(takeAll(source), [-1, 9]);
});

test("queue: a frame that no slot takes is refused with the slot's size", () => {
  const { sink } = makeQueue();
  const error = assertThrows(() => sink.offer(new Uint8Array(17)), LocalError, "at most 16 bytes: received 17");
  assertEquals(error.code, "limit");
});

test("queue: a full queue refuses, and says when there is room", () => {
  const { sink, source, calls } = makeQueue();
  assertEquals(send(sink, 1, 2, 3, 4, 5), [true, true, true, true, false]);
  assertEquals(takeAll(source, 1), [1]);
  assertEquals(calls, ["room 0"]);
  assertEquals(send(sink, 5, 6), [true, false]);
});

test("queue: who waits for room is woken once, also if it has to wait again at once", () => {
  const queue = makeQueue({
    producers: 3,
    onRoom: (user) => {
      if (queue.calls.length > queue.sinks.length) throw new Error("woken again and again");
      send(queue.sinks[user]!, 10 + user);
    },
  });
  send(queue.sink, 1, 2, 3, 4);
  assertEquals(queue.sinks.map((sink) => send(sink, 0)), [[false], [false], [false]]);
  assertEquals(takeAll(queue.source, 1), [1]);
  assertEquals(queue.calls, ["room 0", "room 1", "room 2"]);
});

test("queue: producers are told of room once half of the queue is free", () => {
  const { sink, source, calls } = makeQueue({ slots: 16 });
  const full = Array.from({ length: 16 }, (_, value) => value);
  assertEquals(send(sink, ...full, 16).at(-1), false);
  assertEquals(takeAll(source, 8).length, 8);
  assertEquals(calls, []);
  assertEquals(takeAll(source, 1), [8]);
  assertEquals(calls, ["room 0"]);
});

test("queue: each frame goes to one consumer, and a commit wakes one that sleeps", () => {
  const { sink, sources, calls } = makeQueue({ consumers: 2 });
  assertEquals(sources.map((source) => source.sleep()), [true, true]);
  send(sink, 1, 2);
  assertEquals(calls, ["frames 1"]);
  send(sink, 3);
  assertEquals(calls, ["frames 1", "frames 2"]);
  assertEquals(takeAll(sources[1]!, 2), [1, 2]);
  assertEquals(takeAll(sources[0]!), [3]);
});

test("queue: a consumer that may not take all of it wakes another one", () => {
  const { sink, sources, calls } = makeQueue({ consumers: 2 });
  for (const source of sources) source.sleep();
  send(sink, 1, 2);
  takeAll(sources[0]!, 1);
  assertEquals(calls, ["frames 1", "frames 2"]);
});

test("queue: a handler that throws loses its own frame only", () => {
  const { sink, source } = makeQueue();
  send(sink, 1, 2);
  const fail = () => {
    throw new Error("a bug");
  };
  assertThrows(() => source.take(fail), Error, "a bug");
  assertEquals(source.sleep(), false);
  assertEquals(takeAll(source), [2]);
});

test("queue: once closed it refuses, and ends after its last frame", () => {
  const { handle, wake, sink, source, calls } = makeQueue();
  send(sink, 1);
  closeQueue(handle, wake);
  assertThrows(() => sink.offer(Uint8Array.of(2)), LocalError, "closed");
  assertEquals(source.end, "open");
  assertEquals(takeAll(source), [1]);
  assertEquals(source.end, "closed");
  assertEquals(calls, []);
});

test("queue: frames that a dead consumer had taken are handed over, and their slots are free again", () => {
  const { handle, wake, sinks, sources } = makeQueue({ consumers: 2 });
  send(sinks[0]!, 1, 2, 3, 4);
  // It dies in its first frame: from then on it does nothing more.
  const handedOver: number[] = [];
  try {
    sources[0]!.take(() => {
      abandonUser(handle, 1, (bytes, start) => handedOver.push(bytes[start]!), wake);
      throw new Error("dead");
    });
  } catch (error) {
    assertEquals((error as Error).message, "dead");
  }
  assertEquals(handedOver, [1, 2, 3, 4]);
  assertEquals(send(sinks[0]!, 5, 6, 7), [true, true, true]);
  assertEquals(takeAll(sources[1]!), [5, 6, 7]);
});

test("queue: sizes that no queue has are refused", () => {
  const size = { slots: 4, slotBytes: 16, users: 2 };
  for (const slots of [0, 1, 3, 2 ** 17]) assertThrows(() => createQueue({ ...size, slots }), LocalError, "a power of");
  for (const slotBytes of [0, 12, NaN]) assertThrows(() => createQueue({ ...size, slotBytes }), LocalError, "of 8");
  for (const users of [0, 33]) assertThrows(() => createQueue({ ...size, users }), LocalError, "1 to 32 users");
  // Words beyond would be counted below zero.
  assertThrows(
    () => createQueue({ ...size, slots: 65_536, slotBytes: 65_536 }),
    LocalError,
    "at most 1073741824 bytes",
  );
});
