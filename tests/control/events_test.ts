import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CHANNELS } from "../../src/bus/channels.ts";
import { EventFeed } from "../../src/control/event_feed.ts";
import { answer } from "../../src/control/routes.ts";
import type { ControlSubject } from "../../src/control/subject.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import {
  EVENT_HEARTBEAT_MS,
  HISTORY_MS,
  MAX_EVENT_READERS,
  READER_MAX_BYTES,
  READER_MAX_EVENTS,
  READER_STALL_MS,
} from "../../src/protocol/control_params.ts";
import { atOnce, controlRequest, controlSubject, plain, RecordedReader } from "../support/control.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { type MinedBlock, Miner } from "../support/mining.ts";
import { REGTEST } from "../../src/protocol/networks.ts";

interface Scene {
  readonly network: MemoryNetwork;
  readonly subject: ControlSubject;
  read(query?: string): RecordedReader;
  refusal(target: string, changes?: Parameters<typeof controlRequest>[2]): readonly [status: number, why: string];
  /** So many blocks join the chain, each of which is two events of the sync channel. */
  mine(count: number): Promise<void>;
}

async function openScene(): Promise<Scene> {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a");
  await node.start();
  const subject = controlSubject(node, network.env("a"));
  const miner = new Miner();
  let tip: MinedBlock["node"] | undefined;
  return {
    network,
    subject,
    read: (query = "") => new RecordedReader(answer(subject, controlRequest("GET", `/v1/events${query}`))),
    refusal(target, changes) {
      const { status, body } = plain(answer(subject, controlRequest("GET", target, changes)));
      return [status, JSON.parse(body).error];
    },
    async mine(count) {
      const blocks = miner.mineMany(count, tip);
      tip = blocks.at(-1)!.node;
      feed(node, [REGTEST.genesisBlock!, ...blocks.map(({ raw }) => raw)]);
      await network.run(network.now() + 10);
    },
  };
}

test("events: each is one line of JSON with a number, and nothing in it acts on a terminal", async () => {
  const { network, read } = await openScene();
  const reader = read("?channels=control");
  await dialScripted(network, "b", "a", { userAgent: "/\x1b[31m\u202e/" });
  await network.run(network.now() + 10);
  assertMatch(
    reader.text,
    /^retry: \d+\nid: [0-9a-f]{8}-1-0\.0\.0\.0\n: [a-z ]+\n\nid: [0-9a-f]{8}-2-1\.0\.0\.0\ndata: \{[\x20-\x7e]*\}\n\n$/,
  );
  const [event] = reader.events;
  assertEquals([event!.name, event!.type, event!.channel], [undefined, "peer:connected", "control"]);
  assertEquals((event!.event.peer as { userAgent: string }).userAgent, "/\x1b[31m\u202e/");
});

test("events: channels and types are chosen", async () => {
  const { read, mine } = await openScene();
  const readers = {
    all: read(),
    control: read("?channels=control"),
    tips: read("?types=chain:tip"),
  };
  await mine(1);
  const typesOf = (reader: RecordedReader) => [...new Set(reader.events.map(({ type }) => type))].sort();
  assertEquals(typesOf(readers.control), []);
  assertEquals(typesOf(readers.tips), ["chain:tip"]);
  assert(["block:connected", "chain:tip"].every((type) => typesOf(readers.all).includes(type)));
});

test("events: a wish that cannot be met is refused with what can", async () => {
  const { refusal } = await openScene();
  for (
    const [query, why] of [
      ["?channels=control,blocks", /^channels are control, sync, inventory, data: received blocks$/],
      ["?types=peer:conected", /^types are .*peer:connected.* topic:NAME: received peer:conected$/],
      ["?types=chain:tip&channels=control", /^no event of chain:tip travels in control$/],
      [`?types=${Array.from({ length: 65 }, (_, i) => `topic:${i}`)}`, /at most 64/],
    ] as const
  ) {
    const [status, error] = refusal(`/v1/events${query}`);
    assertEquals(status, 400, query);
    assertMatch(error, why);
  }
});

test("events: encoded once, and without readers not at all", async () => {
  const { network, read, mine, subject } = await openScene();
  const readers = [read("?types=chain:tip"), read("?types=chain:tip")];
  const subscribers = () => subject.node.channels().find(({ channel }) => channel === "sync")!.subscribers;
  await mine(1);
  const [first, second] = readers.map(({ writes }) => writes.at(-1));
  assertMatch(new TextDecoder().decode(first), /chain:tip/);
  assert(first === second, "readers share the bytes");
  const busy = subscribers();
  for (const reader of readers) reader.source.closed();
  await network.run(network.now() + HISTORY_MS + 1);
  assertEquals([busy - subscribers(), subject.feed.size], [1, 0]);
});

test("events: a slow reader misses the oldest, is told how many, and costs nobody else anything", async () => {
  const { read, mine, subject } = await openScene();
  const slow = read("?types=block:connected");
  const quick = read("?types=block:connected");
  slow.takes = false;
  await mine(1); // the connection takes this one and then no more
  const count = READER_MAX_EVENTS + 200;
  for (let left = count; left > 0; left -= 100) await mine(Math.min(left, 100));
  assertEquals(quick.events.length, count + 1);
  assertEquals(slow.events.length, 1);
  assert(subject.feed.waitingBytes <= READER_MAX_BYTES);
  slow.takes = true;
  slow.source.drained();
  const [first, lag, ...rest] = slow.events;
  assertEquals([first!.event.height, lag!.name, lag!.channel], [1, "lag", "sync"]);
  assertEquals(lag!.missed + rest.length, count);
  assertEquals(rest.at(-1)!.event.height, count + 1);
  assertEquals(subject.feed.waitingBytes, 0);
});

test("events: what a slow reader misses of a flood of data is data, however many bytes they are", async () => {
  for (const [payloadBytes, count] of [[1, READER_MAX_EVENTS + 400], [256, 900]] as const) {
    const type = (i: number) => i % 300 === 0 ? "peer:ping" : i % 100 === 0 ? "chain:tip" : "app:message";
    const reader = await sent(
      Array.from({ length: count }, (_, i) => ({ type: type(i), event: { i, payload: new Uint8Array(payloadBytes) } })),
      "data",
      false,
    );
    const [lag, ...others] = reader.events.filter(({ name }) => name === "lag");
    const seen = reader.events.filter(({ name }) => name === undefined);
    const numbers = seen.map(({ event }) => event.i as number);
    assertEquals([lag!.channel, lag!.missed + seen.length, others], ["data", count, []]);
    const isAbove = (i: number) => type(i) !== "app:message";
    assertEquals(numbers.filter(isAbove), Array.from({ length: count }, (_, i) => i).filter(isAbove));
    assertEquals(numbers, numbers.toSorted((left, right) => left - right), "what is left comes in order");
  }
});

test("events: both sides see that the connection lives, and who takes nothing is cut", async () => {
  const { network, read, subject } = await openScene();
  const [alive, stuck] = [read(), read()];
  stuck.takes = false;
  await network.run(network.now() + 2 * EVENT_HEARTBEAT_MS + 1);
  assertEquals(alive.text.match(/^: alive$/gm)?.length, 2);
  assertEquals([stuck.text.match(/^: alive$/gm)?.length, stuck.isCut], [1, false]);
  await network.run(network.now() + READER_STALL_MS + EVENT_HEARTBEAT_MS);
  assertEquals([alive.isCut, stuck.isCut, subject.feed.size], [false, true, 1]);
});

/** What a reader is sent of the node's stream; `takes`: at once, or only when all is there. */
async function sent(items: readonly unknown[], source: string, takes = true): Promise<RecordedReader> {
  const network = createMemoryNetwork({ seed: 1 });
  async function* events() {
    yield* items;
  }
  const channels = () => CHANNELS.map((channel) => ({ channel, published: 0 }));
  const feed = new EventFeed({ node: { events, channels } as unknown as P2PNode, env: network.env("a") });
  const wish = { sources: [source], wants: () => true, wantsAll: true };
  const reader = new RecordedReader({ status: 200, headers: {}, open: (writer) => feed.open(wish, writer) });
  reader.takes = takes;
  await network.run(network.now() + 1);
  reader.takes = true;
  reader.source.drained();
  return reader;
}

test("events: what a channel lost before it was read is told", async () => {
  const { events } = await sent([{ type: "lag", channel: "data", missed: 7 }], "data");
  assertEquals(events.map(({ name, channel, missed }) => [name, channel, missed]), [["lag", "data", 7]]);
});

test("events: a topic's message has its number in full and the beginning of its bytes", async () => {
  const event = { topic: "chat", id: 2n ** 63n, payload: new Uint8Array(1_000).fill(0xab), from: 3 };
  const { events: [seen] } = await sent([{ type: "topic:chat", event }], "topic:chat");
  const payload = { sizeBytes: 1_000, hex: "ab".repeat(256) };
  assertEquals([seen!.type, seen!.channel], ["topic:chat", "data"]);
  assertEquals(seen!.event, { topic: "chat", id: "9223372036854775808", payload, from: 3 });
});

test("events: readers are bounded", async () => {
  const { read, refusal } = await openScene();
  for (let i = 0; i < MAX_EVENT_READERS; i++) read();
  const [status, why] = refusal("/v1/events");
  assertEquals(status, 503);
  assertMatch(why, /^128 readers/);
});

test("events: other sites' pages may not follow them", async () => {
  const { refusal, subject } = await openScene();
  assertEquals(refusal("/v1/events", { host: "evil.example" })[0], 403);
  assertEquals(refusal("/v1/events", { origin: "http://evil.example" })[0], 403);
  assertEquals(refusal("/v1/events", { origin: "http://127.0.0.1:1" })[0], 403);
  const own = controlRequest("GET", "/v1/events", { origin: "http://127.0.0.1:8080" });
  assertEquals(atOnce(answer(subject, own)).status, 200);
});
