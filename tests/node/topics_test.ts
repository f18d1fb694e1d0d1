import { test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { P2PNode } from "../../src/node/types.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { MAX_VALIDATIONS_PER_PEER, VALIDATION_TIMEOUT_MS } from "../../src/protocol/app_params.ts";
import type { TopicSnapshot } from "../../src/protocol/app_snapshots.ts";
import type { TopicMessage } from "../../src/protocol/node_events.ts";
import { MAX_APP_PAYLOAD_BYTES, MAX_TOPICS } from "../../src/protocol/wire_limits.ts";
import type { TopicVerdict } from "../../src/services/topics/topic.ts";
import { dialApp, nameOf, reasonsOf, runFor, startNodes, textOf, utf8, WIRES } from "../support/app_world.ts";
import { dialScripted } from "../support/scripted_peer.ts";

const HELLO = utf8("hello");

/** The texts that a node hears on a topic from now on. */
function listenTo(node: P2PNode, topic = "chat"): string[] {
  const heard: string[] = [];
  node.topic(topic).subscribe(({ payload }) => void heard.push(textOf(payload)));
  return heard;
}

function countsOf(node: P2PNode, topic = "chat"): TopicSnapshot {
  return node.applications().topics.find(({ name }) => name === topic)!;
}

for (const [wire, params] of WIRES) {
  test(`topics, ${wire} wire: in a ring of ten a message reaches each node once, and one copy too many is counted`, {
    timeout: 60_000,
  }, async () => {
    const SIZE = 10;
    const links = Array.from({ length: SIZE }, (_, i) => i === 0 ? [] : [nameOf(i - 1)]);
    links[SIZE - 1] = [nameOf(SIZE - 2), nameOf(0)];
    const { network, nodes } = await startNodes(links, params);
    const heard = nodes.map((node) => listenTo(node));
    await runFor(network);
    const { peers } = nodes[0]!.topic("chat").publish(HELLO);
    await runFor(network);
    assertEquals(peers, 2);
    assertEquals(heard, [[], ...Array.from({ length: SIZE - 1 }, () => ["hello"])]);
    // Two copies set out; they meet at the far side, where each side has one for the other.
    assertEquals(nodes.reduce((sum, node) => sum + countsOf(node).duplicates, 0), 2);
    assertEquals(nodes.map((node) => node.peers().length), Array.from({ length: SIZE }, () => 2));
  });

  test(`topics, ${wire} wire: subscriptions are told at the handshake and on change`, { timeout: 60_000 }, async () => {
    const { network, nodes: [a, b] } = await startNodes([[], ["a"]], params);
    const early = a!.topic("early");
    await runFor(network);
    assertEquals(early.publish(HELLO).peers, 0);
    const heard = listenTo(b!, "early");
    await runFor(network);
    assertEquals(early.publish(utf8("now")).peers, 1);
    await runFor(network);
    assertEquals(heard, ["now"]);
    b!.topic("early").close();
    await runFor(network);
    assertEquals(early.publish(HELLO).peers, 0);
    assertEquals(b!.applications().topics, []);
  });
}

test("topics: the message tells its topic, id and the peer it came from, and is not given to who published it", {
  timeout: 60_000,
}, async () => {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
  const [own, far] = [listenTo(a!), [] as TopicMessage[]];
  b!.topic("chat").subscribe((message) => void far.push(message));
  await runFor(network);
  const { id } = a!.topic("chat").publish(HELLO);
  await runFor(network);
  assertEquals([own, far], [[], [{ topic: "chat", id, payload: HELLO, from: b!.peers()[0]!.id }]]);
});

test("topics: two messages with the same bytes are two messages", { timeout: 60_000 }, async () => {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
  const heard = listenTo(b!);
  a!.topic("chat");
  await runFor(network);
  for (let i = 0; i < 3; i++) a!.topic("chat").publish(HELLO);
  await runFor(network);
  assertEquals(heard, ["hello", "hello", "hello"]);
});

test("topics: a message is passed on unchanged, once, and never back to its sender", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  a!.topic("chat");
  const [sender, other] = [await dialApp(network, "x"), await dialApp(network, "y")];
  for (const peer of [sender, other]) peer.send({ type: "subscribe", topics: ["chat"] });
  await runFor(network);
  const message = { type: "publish", topic: "chat", id: 99n, payload: HELLO } as const;
  sender.send(message, message);
  other.send(message);
  await runFor(network);
  assertEquals([sender.of("publish"), other.of("publish")], [[], [message]]);
  assertEquals([countsOf(a!).accepted, countsOf(a!).duplicates], [1, 2]);
});

test("topics: one that nobody opened is neither delivered nor passed on", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  const [sender, other] = [await dialApp(network, "x"), await dialApp(network, "y")];
  other.send({ type: "subscribe", topics: ["chat"] });
  await runFor(network);
  sender.send({ type: "publish", topic: "chat", id: 1n, payload: HELLO });
  await runFor(network);
  assertEquals([other.of("publish").length, a!.peers().length], [0, 2]);
});

test("topics: peers without the service bit hear nothing and are not listened to", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  const heard = listenTo(a!);
  const peer = await dialScripted(network, "old", "a");
  peer.send({ type: "subscribe", topics: ["chat"] }, { type: "publish", topic: "chat", id: 1n, payload: HELLO });
  await runFor(network);
  assertEquals(a!.topic("chat").publish(HELLO).peers, 0);
  a!.topic("other");
  await runFor(network);
  assertEquals([heard, peer.of("subscribe"), peer.of("publish"), a!.peers().length], [[], [], [], 1]);
});

test("topics: a peer may have 256 subscriptions, not more", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  const reasons = reasonsOf(a!);
  const peer = await dialApp(network);
  const topics = Array.from({ length: MAX_TOPICS }, (_, i) => `t${i}`);
  peer.send({ type: "subscribe", topics }, { type: "subscribe", topics });
  peer.send({ type: "unsubscribe", topics: ["t0", "t0", "never"] }, { type: "subscribe", topics: ["t0"] });
  await runFor(network);
  assertEquals(a!.peers().length, 1);
  peer.send({ type: "subscribe", topics: ["one more"] });
  await runFor(network);
  assertEquals([reasons, a!.peers()], [["oversized"], []]);
  assertEquals(a!.topic("t5").publish(HELLO).peers, 0);
});

test("topics: names and payloads over their limits are refused to the caller", { timeout: 60_000 }, async () => {
  const { nodes: [a] } = await startNodes([[]]);
  for (const name of ["", "é".repeat(33), "\ud800", "\ufeffa"]) assertThrows(() => a!.topic(name), LocalError);
  const topic = a!.topic("é".repeat(32));
  assertThrows(() => topic.publish(new Uint8Array(MAX_APP_PAYLOAD_BYTES + 1)), LocalError, "at most 1048576 bytes");
  for (let i = 1; i < MAX_TOPICS; i++) a!.topic(`t${i}`);
  const error = assertThrows(() => a!.topic("one more"), LocalError);
  assertEquals(error.code, "limit");
});

test("topics: what is no bytes, and a time that would never end a judgement, are refused", {
  timeout: 60_000,
}, async () => {
  const { nodes: [node] } = await startNodes([[]]);
  const topic = node!.topic("news");
  for (const payload of ["text", undefined, null, 7]) {
    assertEquals(assertThrows(() => topic.publish(payload as never), LocalError).code, "bad-argument");
  }
  const validate = () => "accept" as const;
  for (const validateTimeoutMs of [NaN, Infinity, -1, 0, 1e12]) {
    const open = () => node!.topic("judged", { validate, validateTimeoutMs });
    assertEquals(assertThrows(open, LocalError).code, "bad-argument");
  }
});

test("topics: the same name is the same topic; options come with the first", { timeout: 60_000 }, async () => {
  const { nodes: [a] } = await startNodes([[]]);
  const topic = a!.topic("chat", { validate: () => "accept" });
  assertStrictEquals(a!.topic("chat"), topic);
  assertThrows(() => a!.topic("chat", {}), LocalError, "open already");
  topic.close();
  topic.close();
  assertThrows(() => topic.publish(HELLO), LocalError, "the topic is closed");
  assert(a!.topic("chat", {}) !== topic);
});

test("topics: the largest message goes through", { timeout: 60_000 }, async () => {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
  const sizes: number[] = [];
  b!.topic("chat").subscribe(({ payload }) => void sizes.push(payload.length));
  a!.topic("chat");
  await runFor(network);
  a!.topic("chat").publish(new Uint8Array(MAX_APP_PAYLOAD_BYTES));
  await runFor(network, 10_000);
  assertEquals(sizes, [MAX_APP_PAYLOAD_BYTES]);
});

test("topics: a listener that throws harms neither others nor the node", { timeout: 60_000 }, async () => {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
  b!.topic("chat").subscribe(() => {
    throw new Error("a bug of the application");
  });
  b!.topic("chat").subscribe(() => Promise.reject(new Error("another one")));
  const heard = listenTo(b!);
  a!.topic("chat");
  await runFor(network);
  for (const text of ["1", "2"]) a!.topic("chat").publish(utf8(text));
  await runFor(network);
  assertEquals([heard, b!.peers().length], [["1", "2"], 1]);
});

test(
  "topics: who never reads misses the oldest and is told how many; others are not affected",
  { timeout: 60_000 },
  async () => {
    const SENT = 5000;
    const KEPT = 4096;
    const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
    const topic = b!.topic("chat");
    const reader = topic.messages();
    const first = reader.next();
    let release = () => {};
    const missed: number[] = [];
    const slow: number[] = [];
    topic.subscribe(({ payload }) => {
      slow.push(payload[0]! + (payload[1]! << 8));
      return new Promise((resolve) => release = resolve);
    }, { onLag: (count) => void missed.push(count) });
    let heard = 0;
    topic.subscribe(() => void heard++);
    a!.topic("chat");
    await runFor(network);
    for (let i = 0; i < SENT; i++) a!.topic("chat").publish(Uint8Array.of(i, i >> 8));
    await runFor(network, 1000);
    assertEquals([heard, slow, missed], [SENT, [0], []]);
    assertEquals((await first).value!.payload, Uint8Array.of(0, 0));
    assertEquals((await reader.next()).value!.payload, Uint8Array.of((SENT - KEPT) & 0xff, (SENT - KEPT) >> 8));
    release();
    await runFor(network);
    assertEquals([slow, missed], [[0, SENT - KEPT], [SENT - KEPT - 1]]);
    assertEquals(countsOf(b!).lag, 2 * (SENT - KEPT - 1));
  },
);

test(
  "topics: a listener that was disposed hears nothing more, not even of a publish under way",
  { timeout: 60_000 },
  async () => {
    const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
    const topic = b!.topic("chat");
    const heard: string[] = [];
    const first = topic.subscribe(({ payload }) => {
      heard.push(`first ${textOf(payload)}`);
      second[Symbol.dispose]();
      first[Symbol.dispose]();
    });
    const second = topic.subscribe(() => void heard.push("second"));
    a!.topic("chat");
    await runFor(network);
    for (const text of ["1", "2"]) a!.topic("chat").publish(utf8(text));
    await runFor(network);
    assertEquals(heard, ["first 1"]);
  },
);

test("topics: closing a topic ends its listeners and its loops; so does a signal", { timeout: 60_000 }, async () => {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
  const heard = listenTo(b!);
  const stop = new AbortController();
  const [loop, other] = [readAll(b!.topic("chat").messages()), readAll(b!.topic("chat").messages(stop.signal))];
  a!.topic("chat");
  await runFor(network);
  a!.topic("chat").publish(utf8("1"));
  await runFor(network);
  stop.abort();
  assertEquals(await other, ["1"]);
  b!.topic("chat").close();
  a!.topic("chat").publish(utf8("2"));
  await runFor(network);
  assertEquals([await loop, heard], [["1"], ["1"]]);
});

async function readAll(messages: AsyncIterable<TopicMessage>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { payload } of messages) texts.push(textOf(payload));
  return texts;
}

test("topics: publishing while the node closes is refused, and its loops end", { timeout: 60_000 }, async () => {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
  const topic = a!.topic("chat");
  const loop = readAll(topic.messages());
  listenTo(b!);
  await runFor(network);
  topic.publish(utf8("last"));
  const stopping = a!.stop();
  assertStringIncludes(assertThrows(() => topic.publish(HELLO), LocalError).message, "the node is stopped");
  assertThrows(() => a!.topic("other"), LocalError, "the node is stopped");
  await runFor(network, 2000);
  await stopping;
  assertEquals([await loop, countsOf(b!).accepted], [[], 1]);
});

test("topics: closing a topic in the middle of publishing leaves the rest", { timeout: 60_000 }, async () => {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]]);
  const heard: string[] = [];
  b!.topic("chat").subscribe(({ payload }) => {
    heard.push(textOf(payload));
    b!.topic("chat").close();
  });
  a!.topic("chat");
  await runFor(network);
  for (const text of ["1", "2", "3"]) a!.topic("chat").publish(utf8(text));
  await runFor(network);
  assertEquals([heard, b!.peers().length], [["1"], 1]);
});

/** A node whose topic has a validator, with two scripted peers that are subscribed: one to send and one to hear. */
async function validating(validate: (message: TopicMessage) => TopicVerdict | Promise<TopicVerdict>) {
  const { network, nodes: [a] } = await startNodes([[]]);
  const node = a!;
  node.topic("chat", { validate });
  const heard = listenTo(node);
  const reasons = reasonsOf(node);
  const [sender, other] = [await dialApp(network, "x"), await dialApp(network, "y")];
  for (const peer of [sender, other]) peer.send({ type: "subscribe", topics: ["chat"] });
  await runFor(network);
  const publish = (id: bigint, text: string, from = sender) =>
    from.send({ type: "publish", topic: "chat", id, payload: utf8(text) });
  return { network, node, heard, reasons, sender, other, publish };
}

for (
  const [how, answer] of [
    ["at once", (verdict: TopicVerdict) => verdict],
    ["later", (verdict: TopicVerdict) => Promise.resolve(verdict)],
  ] as const
) {
  test(`topics: a validator that answers ${how} lets pass, ignores, and rejects, which ends the sender`, {
    timeout: 60_000,
  }, async () => {
    const { network, node, heard, reasons, other, publish } = await validating(({ payload }) =>
      answer(textOf(payload) as TopicVerdict)
    );
    publish(1n, "accept");
    publish(2n, "ignore");
    await runFor(network);
    assertEquals([heard, other.of("publish").length, reasons], [["accept"], 1, []]);
    publish(3n, "reject");
    await runFor(network);
    assertEquals([heard, other.of("publish").length, reasons], [["accept"], 1, ["rejected-message"]]);
    const { accepted, ignored, rejected, failed } = countsOf(node);
    assertEquals([accepted, ignored, rejected, failed], [1, 1, 1, 0]);
  });
}

test("topics: a validator that throws ignores, and harms nobody", { timeout: 60_000 }, async () => {
  const { network, node, heard, publish } = await validating(({ id }) => {
    if (id === 1n) throw new Error("a bug of the application");
    return id === 2n ? Promise.reject(new Error("another one")) : "accept";
  });
  for (const id of [1n, 2n, 3n]) publish(id, String(id));
  await runFor(network);
  const { ignored, failed, accepted } = countsOf(node);
  assertEquals([heard, node.peers().length, ignored, failed, accepted], [["3"], 2, 2, 2, 1]);
});

test(
  "topics: a validator that hangs ignores in the end, and what it says then is not heard",
  { timeout: 60_000 },
  async () => {
    const late: (() => void)[] = [];
    const { network, node, heard, publish } = await validating(({ payload }) =>
      textOf(payload) === "hang" ? new Promise((resolve) => late.push(() => resolve("reject"))) : "accept"
    );
    publish(1n, "hang");
    publish(2n, "next");
    await runFor(network);
    assertEquals(heard, ["next"]);
    await runFor(network, VALIDATION_TIMEOUT_MS + 100);
    assertEquals([countsOf(node).failed, countsOf(node).ignored], [1, 1]);
    late[0]!();
    await runFor(network);
    assertEquals([node.peers().length, countsOf(node).rejected], [2, 0]);
  },
);

test("topics: messages being judged are bounded for each peer; beyond they are dropped and counted", {
  timeout: 60_000,
}, async () => {
  const EXTRA = 5;
  const { network, node, other, heard, publish } = await validating(({ payload }) =>
    textOf(payload) === "hang" ? new Promise(() => {}) : Promise.resolve("accept")
  );
  for (let id = 0n; id < BigInt(MAX_VALIDATIONS_PER_PEER + EXTRA); id++) publish(id, "hang");
  await runFor(network);
  assertEquals(countsOf(node).dropped, EXTRA);
  publish(9999n, "of another peer", other);
  await runFor(network);
  assertEquals(heard, ["of another peer"]);
  await runFor(network, VALIDATION_TIMEOUT_MS + 100);
  publish(10_000n, "room again");
  await runFor(network);
  assertEquals(heard, ["of another peer", "room again"]);
});

test(
  "topics: a bad copy under the id of a good one hides it neither before nor after",
  { timeout: 60_000 },
  async () => {
    const { network, heard, sender, other, publish } = await validating(async ({ payload }) => {
      await Promise.resolve();
      return textOf(payload) === "good" ? "accept" : "ignore";
    });
    publish(1n, "bad", sender);
    publish(1n, "good", other);
    await runFor(network);
    publish(2n, "bad", sender);
    await runFor(network);
    publish(2n, "good", other);
    await runFor(network);
    assertEquals(heard, ["good", "good"]);
  },
);

test("topics: a message that two peers sent is judged once, goes back to neither, and a rejection is both's", {
  timeout: 60_000,
}, async () => {
  const judged: ((verdict: TopicVerdict) => void)[] = [];
  const { network, node, reasons, sender, other, publish } = await validating(() =>
    new Promise((resolve) => judged.push(resolve))
  );
  for (const peer of [sender, other]) publish(1n, "same", peer);
  await runFor(network);
  assertEquals([judged.length, countsOf(node).duplicates], [1, 1]);
  judged[0]!("accept");
  await runFor(network);
  assertEquals([countsOf(node).accepted, sender.of("publish"), other.of("publish")], [1, [], []]);
  for (const peer of [sender, other]) publish(2n, "same", peer);
  await runFor(network);
  judged[1]!("reject");
  await runFor(network);
  assertEquals(reasons, ["rejected-message", "rejected-message"]);
});

test("topics: a verdict after the topic or the peer is gone does no harm", { timeout: 60_000 }, async () => {
  const judged: ((verdict: TopicVerdict) => void)[] = [];
  const { network, node, heard, sender, publish } = await validating(() =>
    new Promise((resolve) => judged.push(resolve))
  );
  publish(1n, "sender gone");
  publish(2n, "topic closed");
  await runFor(network);
  sender.connection.abort();
  await runFor(network);
  judged[0]!("accept");
  await runFor(network);
  assertEquals(heard, ["sender gone"]);
  node.topic("chat").close();
  judged[1]!("accept");
  await runFor(network);
  assertEquals([heard, node.peers().length], [["sender gone"], 1]);
});
