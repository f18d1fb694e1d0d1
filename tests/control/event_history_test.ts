import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CHANNELS } from "../../src/bus/channels.ts";
import { EventFeed } from "../../src/control/event_feed.ts";
import { createNodeBus } from "../../src/node/events.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { HISTORY_EVENTS, HISTORY_MAX_BYTES, HISTORY_MS, MAX_IDLE_SOURCES } from "../../src/protocol/control_params.ts";
import type { NodeEvents } from "../../src/protocol/node_events.ts";
import { RecordedReader } from "../support/control.ts";
import { parseEventStream } from "../support/server_events.ts";

const DAY_MS = 86_400_000;
/** Below what a channel's queue holds. */
const BURST = 200;

/** The real bus and feed, without a node around them. */
function openScene(seed = 1) {
  const network = createMemoryNetwork({ seed });
  const env = network.env("a");
  const bus = createNodeBus(env, {}, () => {});
  const node = {
    events: (types: (keyof NodeEvents)[], signal: AbortSignal) => bus.stream(types, signal),
    channels: () => bus.channels(),
  } as unknown as P2PNode;
  const feed = new EventFeed({ node, env });
  const run = (ms = 1) => network.run(network.now() + ms);
  return {
    bus,
    feed,
    run,
    subscribers: () => bus.channels()[0]!.subscribers,
    read(sources: readonly string[], lastEventId?: string, asked?: (type: string) => boolean) {
      const wish = { sources, wants: asked ?? (() => true), wantsAll: asked === undefined, lastEventId };
      const open = (writer: RecordedReader) => feed.open(wish, writer);
      return new RecordedReader({ status: 200, headers: {}, open: (writer) => open(writer as RecordedReader) });
    },
    /** Pongs of peers with these numbers, in the channel control. */
    async pong(...peers: readonly number[]): Promise<void> {
      for (let at = 0; at < peers.length; at += BURST) {
        for (const peer of peers.slice(at, at + BURST)) bus.publish("peer:pong", { peer, roundTripMs: 1 });
        await run();
      }
    },
    async publish<T extends keyof NodeEvents>(type: T, event: NodeEvents[T]): Promise<void> {
      bus.publish(type, event);
      await run();
    },
  };
}

function lastIdOf(reader: RecordedReader): string {
  return [...reader.text.matchAll(/^id: (.*)$/gm)].at(-1)![1]!;
}

function peersOf(reader: RecordedReader): unknown[] {
  return reader.events.filter(({ name }) => name === undefined).map(({ event }) => event.peer);
}

function missedBy(reader: RecordedReader): unknown[] {
  return reader.events.filter(({ name }) => name === "lag").map(({ channel, missed }) => [channel, missed]);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

test("event history: who comes back gets what it missed, once and in order, and then what happens", async () => {
  const { read, pong, publish, run } = openScene();
  const first = read(["control", "sync"]);
  await pong(1, 2);
  first.source.closed();
  await pong(3);
  await publish("sync:done", { height: 7, hash: "ab" });
  await pong(4);
  const again = read(["control", "sync"], lastIdOf(first));
  await run();
  await pong(5);
  assertEquals(again.events.map(({ type, event }) => type === "sync:done" ? event.height : event.peer), [3, 7, 4, 5]);
  const third = read(["control", "sync"], lastIdOf(again));
  await pong(6);
  assertEquals([peersOf(third), missedBy(third)], [[6], []]);
});

test("event history: who has no number gets what happens from now on", async () => {
  const { read, pong } = openScene();
  read(["control"]);
  await pong(1);
  const fresh = read(["control"]);
  await pong(2);
  assertEquals([peersOf(fresh), missedBy(fresh)], [[2], []]);
});

test("event history: who was cut before it heard anything asks for what happened meanwhile", async () => {
  const { read, pong, run } = openScene();
  read(["control"]);
  await pong(1);
  const first = read(["control"]);
  await run();
  first.source.closed();
  const { events, lastEventId } = parseEventStream(first.text);
  assertEquals(events, []);
  await pong(2);
  const again = read(["control"], lastEventId);
  await run();
  assertEquals([peersOf(again), missedBy(again), parseEventStream(again.text).events.length], [[2], [], 1]);
});

test("event history: who was cut before it heard anything is told that the node was restarted, once", async () => {
  const before = openScene(1).read(["control"]);
  const { read, pong, run } = openScene(2);
  await pong(1);
  const again = read(["control"], parseEventStream(before.text).lastEventId);
  await run();
  const { events, lastEventId } = parseEventStream(again.text);
  assertEquals(events.map(({ name }) => name), ["reset", "lag"]);
  again.source.closed();
  const third = read(["control"], lastEventId);
  await run();
  assertEquals(parseEventStream(third.text).events.map(({ name }) => name), ["lag"]);
});

test("event history: a count with events that nobody asked for says so", async () => {
  const { read, pong, publish, run } = openScene();
  const isPong = (type: string) => type === "peer:pong";
  const [all, some] = [read(["control"]), read(["control"], undefined, isPong)];
  await pong(1);
  for (const { source } of [all, some]) source.closed();
  await run(HISTORY_MS + 1);
  await publish("peer:ping", { peer: 2 });
  const readers = [read(["control"], lastIdOf(all)), read(["control"], lastIdOf(some), isPong)];
  await run();
  const lags = readers.map(({ text }) => parseEventStream(text).events.map(({ data }) => JSON.parse(data)));
  assertEquals(lags, [[{ channel: "control", missed: 1 }], [{ channel: "control", missed: 1, atMost: true }]]);
});

test("event history: only what the reader asks for is told again", async () => {
  const { read, pong, publish, run } = openScene();
  const other = read(["control", "sync", "topic:chat"]);
  const first = read(["control"], undefined, (type) => type === "peer:pong");
  await pong(1);
  first.source.closed();
  await publish("peer:ping", { peer: 2 });
  await publish("topic:chat", { topic: "chat", id: 1n, payload: new Uint8Array(1), from: 1 });
  await pong(3);
  const again = read(["control"], lastIdOf(first), (type) => type === "peer:pong");
  await run();
  assertEquals([peersOf(again), missedBy(again)], [[3], []]);
  assertEquals(other.events.length, 4);
});

test("event history: beyond its bounds the oldest are gone, and counted", async () => {
  const { read, pong, run, feed } = openScene();
  const first = read(["control"]);
  await pong(1);
  const id = lastIdOf(first);
  const count = HISTORY_EVENTS + 100;
  await pong(...upTo(count));
  assert(feed.historyBytes <= HISTORY_MAX_BYTES);
  const again = read(["control"], id);
  await run();
  assertEquals(missedBy(again), [["control", 100]]);
  assertEquals(peersOf(again), upTo(count).slice(100));
});

test("event history: its bytes are bounded, encoded or not", async () => {
  const { read, publish, feed, run } = openScene();
  const payload = new Uint8Array(1_000_000).fill(7);
  const reader = read(["data"]);
  for (let peer = 0; peer < 3; peer++) await publish("app:message", { peer, payload });
  reader.source.closed();
  for (let peer = 3; peer < 300; peer++) await publish("app:message", { peer, payload });
  assert(feed.historyBytes <= HISTORY_MAX_BYTES && feed.historyBytes > HISTORY_MAX_BYTES / 2);
  const again = read(["data"], lastIdOf(reader));
  await run();
  const told = peersOf(again);
  assertEquals([told.length, told.at(-1)], [300 - 3 - (again.events[0]!.missed), 299]);
  assertEquals(again.events.at(-1)!.event.payload, { sizeBytes: 1_000_000, hex: "07".repeat(256) });
});

test("event history: nothing is encoded while nobody reads", async () => {
  const { read, publish, run } = openScene();
  let encoded = 0;
  const hash = { toJSON: () => `${++encoded}` } as unknown as string;
  const first = read(["sync"]);
  await publish("chain:tip", { hash, height: 1 });
  first.source.closed();
  for (let height = 2; height < 20; height++) await publish("chain:tip", { hash, height });
  assertEquals(encoded, 1);
  const readers = [read(["sync"], lastIdOf(first)), read(["sync"], lastIdOf(first))];
  await run();
  assertEquals(readers.map(({ events }) => events.length), [18, 18]);
  assertEquals(encoded, 19, "once for both");
});

test("event history: who was away for long is told how many events there were", async () => {
  const { read, pong, run, feed, subscribers } = openScene();
  const first = read(["control"]);
  await pong(1, 2);
  first.source.closed();
  await pong(3);
  assertEquals([subscribers(), feed.historyBytes > 0], [1, true]);
  await run(HISTORY_MS + 1);
  assertEquals([subscribers(), feed.historyBytes], [0, 0]);
  await pong(4, 5);
  const again = read(["control"], lastIdOf(first));
  await pong(6);
  assertEquals([missedBy(again), peersOf(again)], [[["control", 3]], [6]]);
  assertMatch(again.text, /event: lag\n[^]*"peer":6/, "told before what follows");
});

test("event history: a reader who is back in time keeps it from being forgotten", async () => {
  const { read, pong, run, feed } = openScene();
  const first = read(["control"]);
  await pong(1);
  first.source.closed();
  await run(HISTORY_MS - 10);
  read(["control"]);
  await run(DAY_MS);
  assert(feed.historyBytes > 0);
});

test("event history: a number of another run, or of none, is said to be unknown, and the reader told what is here", async () => {
  const other = openScene(2);
  const stranger = other.read(["control"]);
  await other.pong(1);
  for (const id of [lastIdOf(stranger), "7", "", "\x1b[2J", "f".repeat(100_000)]) {
    const { read, pong, run } = openScene();
    read(["control"]);
    await pong(1, 2);
    const reader = read(["control"], id);
    await run();
    assertEquals([reader.events[0]!.name, peersOf(reader)], ["reset", [1, 2]], id.slice(0, 10));
  }
});

test("event history: a number that is yet to come is answered with what happens", async () => {
  const { read, pong } = openScene();
  const first = read(["control"]);
  await pong(1);
  const ahead = lastIdOf(first).replace(/-\d+-/, "-999999999999999-");
  const reader = read(["control"], ahead);
  await pong(2);
  assertEquals([peersOf(reader), missedBy(reader)], [[2], []]);
});

test("event history: what the channel lost on its way is told to who comes back, too", async () => {
  const { read, pong, bus, run } = openScene();
  const first = read(["control"]);
  await pong(1);
  first.source.closed();
  // In one turn, and more than waits for a subscriber.
  for (const peer of upTo(300)) bus.publish("peer:ping", { peer });
  await run();
  const again = read(["control"], lastIdOf(first));
  await run();
  const [[, missed]] = missedBy(again) as [[string, number]];
  assertEquals(missed + peersOf(again).length, 300);
  assert(missed > 0);
});

test("event history: an event that cannot be told costs the connections of its channel, and not what follows", async () => {
  const { read, publish, run, pong } = openScene();
  const [reader, other] = [read(["sync"]), read(["control"])];
  const broken = {
    toJSON: () => {
      throw new TypeError("a bug");
    },
  } as unknown as string;
  await publish("chain:tip", { hash: broken, height: 1 });
  assertEquals([reader.isCut, other.isCut], [true, false]);
  const again = read(["sync"]);
  await publish("chain:tip", { hash: "ab", height: 2 });
  await pong(1);
  await run();
  assertEquals([again.events.map(({ event }) => event.height), peersOf(other)], [[2], [1]]);
});

test("event history: sources that nobody reads are few", async () => {
  const { read, run, subscribers, feed } = openScene();
  const live = read(CHANNELS);
  for (let i = 0; i < 100; i++) read([`topic:${i}`]).source.closed();
  await run();
  assertEquals(subscribers(), CHANNELS.length + MAX_IDLE_SOURCES);
  live.source.closed();
  await run();
  assertEquals(subscribers(), MAX_IDLE_SOURCES);
  feed.close();
  await run();
  assertEquals([subscribers(), feed.size], [0, 0]);
});
