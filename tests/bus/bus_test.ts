import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { Bus } from "../../src/bus/bus.ts";
import {
  CHANNEL_BYTES,
  CHANNEL_CAPACITIES,
  type ChannelMode,
  SINGLE_CHANNEL_CAPACITY,
} from "../../src/bus/channels.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { TIMED_EVENTS } from "../../src/protocol/vitals_params.ts";
import { ManualEnv } from "../support/manual_env.ts";

interface Events {
  hello: number;
  bulk: number;
}

function makeBus(mode: ChannelMode = "segmented") {
  const env = new ManualEnv();
  const channelOf = { hello: "control", bulk: "data" } as const;
  return { env, bus: new Bus<Events>({ env, channelOf, mode, capacities: CHANNEL_CAPACITIES }) };
}

test("bus: events reach every subscriber in order, after the publisher's turn", () => {
  const { env, bus } = makeBus();
  const heard: number[][] = [[], []];
  for (const list of heard) bus.subscribe("hello", (value) => void list.push(value));
  bus.publish("hello", 1);
  bus.publish("hello", 2);
  assertEquals(heard, [[], []]);
  env.endTurn();
  assertEquals(heard, [[1, 2], [1, 2]]);
});

test("bus: a disposed subscription hears nothing more, not even of a publish under way", () => {
  const { env, bus } = makeBus();
  const heard: number[] = [];
  const handle = bus.subscribe("hello", (value) => void heard.push(value));
  bus.subscribe("hello", () => handle[Symbol.dispose]());
  bus.publish("hello", 1);
  bus.publish("hello", 2);
  env.endTurn();
  assertEquals(heard, [1, 2]);
  bus.publish("hello", 3);
  handle[Symbol.dispose]();
  env.endTurn();
  assertEquals(heard, [1, 2]);
});

test("bus: a subscriber may unsubscribe itself in its own call", () => {
  const { env, bus } = makeBus();
  const heard: number[] = [];
  const handle = bus.subscribe("hello", (value) => {
    heard.push(value);
    handle[Symbol.dispose]();
  });
  bus.publish("hello", 1);
  bus.publish("hello", 2);
  env.endTurn();
  assertEquals(heard, [1]);
});

test("bus: a flood of data costs no control event, and what is missed is counted and told", () => {
  const { env, bus } = makeBus();
  const heard: number[] = [];
  const missed: [string, number][] = [];
  bus.subscribe("hello", (value) => void heard.push(value));
  bus.subscribe("bulk", () => {}, { onLag: (channel, count) => missed.push([channel, count]) });
  bus.publish("hello", 1);
  for (let i = 0; i < CHANNEL_CAPACITIES.data + 10; i++) bus.publish("bulk", i);
  bus.publish("hello", 2);
  for (let i = 0; i < 100; i++) env.runTurns();
  assertEquals(heard, [1, 2]);
  assertEquals(missed, [["data", 10]]);
  assertEquals(bus.channels().find(({ channel }) => channel === "data")!.lag, 10);
});

test("bus: in single-channel mode all kinds share one queue, and what left it is told by its own channel", async () => {
  const { bus } = makeBus("single");
  const stream = bus.stream(["hello", "bulk"]);
  bus.publish("bulk", 0);
  bus.publish("hello", 1);
  for (let i = 1; i < SINGLE_CHANNEL_CAPACITY; i++) bus.publish("bulk", i);
  assertEquals((await stream.next()).value, { type: "lag", channel: "data", missed: 1 });
  assertEquals((await stream.next()).value, { type: "hello", event: 1 });
  bus.publish("bulk", SINGLE_CHANNEL_CAPACITY);
  assertEquals((await stream.next()).value, { type: "bulk", event: 1 });
  assertEquals(bus.channels().map(({ channel, lag }) => [channel, lag]), [
    ["control", 0],
    ["sync", 0],
    ["inventory", 0],
    ["data", 1],
  ]);
});

test("bus: payloads that wait are bounded in bytes, and one always fits", async () => {
  const { bus } = makeBus();
  const stream = bus.stream(["bulk"]);
  bus.publish("bulk", 0, CHANNEL_BYTES + 1);
  bus.publish("bulk", 1, CHANNEL_BYTES / 2);
  bus.publish("bulk", 2, CHANNEL_BYTES / 2);
  assertEquals(bus.channels().find(({ channel }) => channel === "data")!.bytes, CHANNEL_BYTES);
  bus.publish("bulk", 3, 1);
  assertEquals((await stream.next()).value, { type: "lag", channel: "data", missed: 2 });
  assertEquals((await stream.next()).value, { type: "bulk", event: 2 });
  assertEquals(bus.channels().find(({ channel }) => channel === "data")!.bytes, 1);
});

test("bus: one subscriber that throws harms no other", () => {
  const { env, bus } = makeBus();
  const heard: number[] = [];
  bus.subscribe("hello", () => {
    throw new Error("bad subscriber");
  });
  bus.subscribe("hello", (value) => void heard.push(value));
  bus.publish("hello", 1);
  bus.publish("hello", 2);
  env.endTurn();
  assertEquals(heard, [1, 2]);
});

test("bus: whatever a listener returns or rejects with is its own matter", async () => {
  const { env, bus } = makeBus();
  const heard: unknown[] = [];
  const returns = [7, "text", null, { then: 1 }, { then: (resolve: () => void) => resolve() }, Promise.reject("no")];
  // As programs without types do.
  const listener = (value: number) => returns[heard.push(value) - 1] as undefined;
  const rejects = () => Promise.reject(new Error("bad onLag")) as unknown as undefined;
  bus.subscribe("bulk", listener, { onLag: rejects });
  for (let i = 0; i < CHANNEL_CAPACITIES.data + 1; i++) bus.publish("bulk", i);
  for (let i = 0; i < 2 * returns.length; i++) {
    env.runTurns();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assertEquals(heard.slice(0, returns.length + 1), [1, 2, 3, 4, 5, 6, 7]);
});

test("bus: an asynchronous subscriber gets one event at a time and delays nobody", async () => {
  const { env, bus } = makeBus();
  const slow: number[] = [];
  const quick: number[] = [];
  let release = () => {};
  bus.subscribe("hello", (value) => {
    slow.push(value);
    return new Promise<void>((resolve) => release = resolve);
  });
  bus.subscribe("hello", (value) => void quick.push(value));
  bus.publish("hello", 1);
  bus.publish("hello", 2);
  env.endTurn();
  assertEquals([slow, quick], [[1], [1, 2]]);
  release();
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(slow, [1, 2]);
});

test("bus: a stream yields what was published since it began, and ends when the bus closes", async () => {
  const { bus } = makeBus();
  const stream = bus.stream(["hello", "bulk", "hello"]);
  bus.publish("bulk", 1);
  bus.publish("hello", 2);
  bus.close();
  assertEquals((await stream.next()).value, { type: "hello", event: 2 });
  assertEquals((await stream.next()).value, { type: "bulk", event: 1 });
  assertEquals((await stream.next()).done, true);
});

test("bus: several calls of next are answered in order, and return ends those that wait", async () => {
  const { bus } = makeBus();
  const stream = bus.stream(["bulk"]);
  const calls = [stream.next(), stream.next(), stream.next()];
  bus.publish("bulk", 1);
  bus.publish("bulk", 2);
  assertEquals((await stream.return()).done, true);
  assertEquals((await Promise.all(calls)).map(({ value, done }) => done ? undefined : value), [
    { type: "bulk", event: 1 },
    { type: "bulk", event: 2 },
    undefined,
  ]);
  assertEquals([bus.hasSubscribers("bulk"), (await stream.next()).done], [false, true]);
});

test("bus: a stream ends with its signal and leaves no subscriber behind", async () => {
  const { bus } = makeBus();
  const controller = new AbortController();
  const stream = bus.stream(["hello"], controller.signal);
  const pending = stream.next();
  controller.abort();
  assertEquals((await pending).done, true);
  assertEquals(bus.hasSubscribers("hello"), false);
});

test("bus: after it closed, publishing does nothing and subscribing is refused", () => {
  const { bus } = makeBus();
  bus.close();
  bus.publish("hello", 1);
  assertThrows(() => bus.subscribe("hello", () => {}), LocalError, "stopped");
});

test("bus: other queues while events wait lose none that have room, and miss the oldest of the rest", () => {
  const { env, bus } = makeBus("single");
  const heard: string[] = [];
  const lags: (readonly [string, number])[] = [];
  const onLag = (channel: string, missed: number) => void lags.push([channel, missed]);
  bus.subscribe("hello", (value) => void heard.push(`hello ${value}`), { onLag });
  bus.subscribe("bulk", (value) => void heard.push(`bulk ${value}`), { onLag });
  bus.publish("hello", 1);
  for (const value of [1, 2, 3]) bus.publish("bulk", value);
  bus.reshape("segmented", { ...CHANNEL_CAPACITIES, data: 2 });
  env.endTurn();
  assertEquals([heard, lags], [["hello 1", "bulk 2", "bulk 3"], [["data", 1]]]);
  const use = bus.channels().map(({ channel, capacity, offered, lag }) => [channel, capacity, offered, lag]);
  assertEquals(use, [["control", 256, 1, 0], ["sync", 512, 0, 0], ["inventory", 1024, 0, 0], ["data", 2, 3, 1]]);
  bus.publish("bulk", 4);
  env.endTurn();
  assertEquals(heard.at(-1), "bulk 4");
});

test("bus: what was missed before the queues changed is told after it", () => {
  const { env, bus } = makeBus();
  const lags: number[] = [];
  bus.subscribe("hello", () => {}, { onLag: (_, missed) => void lags.push(missed) });
  for (let value = 0; value < CHANNEL_CAPACITIES.control + 5; value++) bus.publish("hello", value);
  bus.reshape("segmented", { ...CHANNEL_CAPACITIES, control: 512 });
  env.endTurn();
  assertEquals(lags, [5]);
});

test("bus: how long events wait for a slow subscriber is measured by samples", async () => {
  const { env, bus } = makeBus();
  env.advance(1);
  let go = () => {};
  bus.subscribe("hello", () => new Promise<void>((resolve) => go = resolve));
  for (let value = 0; value < 2 * TIMED_EVENTS; value++) bus.publish("hello", value);
  env.advance(100);
  for (let i = 0; i < 2 * TIMED_EVENTS; i++) {
    env.endTurn();
    go();
    await Promise.resolve();
    await Promise.resolve();
  }
  const { wait } = bus.channels()[0]!;
  assertEquals([wait.count, Math.round(wait.p99Ms!)], [2, 100]);
});
