import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { anyOf } from "../../src/net/any_of.ts";
import type { P2PNode } from "../../src/node/types.ts";
import type { MemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError, type LocalErrorCode } from "../../src/protocol/errors.ts";
import { RESPONSE_STATUS } from "../../src/protocol/messages.ts";
import {
  HANDLER_TIMEOUT_MS,
  MAX_HANDLERS_PER_PEER,
  MAX_REQUESTS_PER_PEER,
  MAX_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
} from "../../src/protocol/app_params.ts";
import { MAX_APP_PAYLOAD_BYTES } from "../../src/protocol/wire_limits.ts";
import { dialApp, reasonsOf, runFor, startNodes, textOf, utf8, WIRES } from "../support/app_world.ts";
import { dialScripted, type ScriptedPeer } from "../support/scripted_peer.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** What a promise came to, once virtual time had its say. */
interface Outcome {
  text?: string;
  error?: unknown;
}

function watch(promise: Promise<Uint8Array>): Outcome {
  const outcome: Outcome = {};
  promise.then((bytes) => outcome.text = textOf(bytes), (error: unknown) => outcome.error = error);
  return outcome;
}

function assertFailed(outcome: Outcome, code: LocalErrorCode): LocalError {
  assert(outcome.error instanceof LocalError, `expected a LocalError, got ${JSON.stringify(outcome)}`);
  assertEquals(outcome.error.code, code);
  return outcome.error;
}

/** Two nodes; `ask` is the first one's request to the second. */
async function pair(params = WIRES[0]![1]) {
  const { network, nodes: [a, b] } = await startNodes([[], ["a"]], params);
  const ask = (method: string, payload = NOTHING, options = {}) =>
    watch(a!.request(a!.peers()[0]!.id, method, payload, options));
  return { network, asker: a!, answerer: b!, ask };
}

function countsOf(node: P2PNode) {
  return node.applications().requests;
}

/** Nothing may be left of any request, on either side. */
async function assertIdle(network: MemoryNetwork, ...nodes: P2PNode[]): Promise<void> {
  await runFor(network);
  assertEquals(nodes.map((node) => [countsOf(node).pending, countsOf(node).running]), nodes.map(() => [0, 0]));
}

for (const [wire, params] of WIRES) {
  test(
    `requests, ${wire} wire: a request is answered at once or later, and many at a time`,
    { timeout: 60_000 },
    async () => {
      const { network, asker, answerer, ask } = await pair(params);
      answerer.handle("echo", (payload) => payload);
      answerer.handle("shout", async (payload) => utf8((await Promise.resolve(textOf(payload))).toUpperCase()));
      const outcomes = ["echo", "shout"].map((method) => ask(method, utf8("hi")));
      const many = Array.from({ length: MAX_REQUESTS_PER_PEER - 2 }, (_, i) => ask("shout", utf8(`n${i}`)));
      await runFor(network);
      assertEquals(outcomes, [{ text: "hi" }, { text: "HI" }]);
      assertEquals(many, many.map((_, i) => ({ text: `N${i}` })));
      await assertIdle(network, asker, answerer);
    },
  );
}

test("requests: the handler learns who asks what", { timeout: 60_000 }, async () => {
  const { network, answerer, ask } = await pair();
  const seen: unknown[] = [];
  answerer.handle("who", (_, { method, peer, signal }) => {
    seen.push([method, peer, signal.aborted]);
    return NOTHING;
  });
  ask("who");
  await runFor(network);
  assertEquals(seen, [["who", answerer.peers()[0]!.id, false]]);
});

test("requests: both sides ask each other at the same time", { timeout: 60_000 }, async () => {
  const { network, asker, answerer, ask } = await pair();
  for (const node of [asker, answerer]) node.handle("name", () => utf8(node.userAgent));
  const back = watch(answerer.request(answerer.peers()[0]!.id, "name", NOTHING));
  const forth = ask("name");
  await runFor(network);
  assertEquals([forth, back], [{ text: "/b/" }, { text: "/a/" }]);
});

test("requests: a method that nobody answers, or no longer, is refused", { timeout: 60_000 }, async () => {
  const { network, answerer, ask } = await pair();
  const handle = answerer.handle("echo", (payload) => payload);
  assertThrows(() => answerer.handle("echo", (payload) => payload), LocalError, "has a handler already");
  assertThrows(() => answerer.handle("", (payload) => payload), LocalError, "1 to 64 bytes");
  handle[Symbol.dispose]();
  const outcome = ask("echo");
  await runFor(network);
  assertStringIncludes(assertFailed(outcome, "no-method").message, "nobody answers");
  answerer.handle("echo", (payload) => payload);
  handle[Symbol.dispose]();
  const again = ask("echo", utf8("x"));
  await runFor(network);
  assertEquals(again, { text: "x" });
});

test("requests: what a handler throws ends the request, not the peer, and tells no more than it should", {
  timeout: 60_000,
}, async () => {
  const { network, asker, answerer, ask } = await pair();
  answerer.handle("bug", () => {
    throw new TypeError("secret path /etc/x");
  });
  answerer.handle("late bug", () => Promise.reject(new TypeError("secret")));
  answerer.handle("picky", () => {
    throw new LocalError("bad-argument", "Cannot add: two numbers are wanted");
  });
  answerer.handle("mute", (() => "text") as never);
  answerer.handle("huge", () => new Uint8Array(MAX_APP_PAYLOAD_BYTES + 1));
  const methods = ["bug", "late bug", "picky", "mute", "huge"];
  const outcomes = methods.map((method) => ask(method));
  await runFor(network);
  const errors = outcomes.map((outcome) => assertFailed(outcome, "refused"));
  assertEquals(errors.map(({ cause }) => cause), ["", "", "Cannot add: two numbers are wanted", "", ""]);
  for (const { message } of errors) assertStringIncludes(message, "the method failed there");
  assertEquals([countsOf(answerer).failed, asker.peers().length], [methods.length, 1]);
  await assertIdle(network, asker, answerer);
});

test(
  "requests: an answer that does not come is given up after the default time, or the given one",
  { timeout: 60_000 },
  async () => {
    const { network, asker, answerer, ask } = await pair();
    answerer.handle("never", () => new Promise(() => {}));
    const [usual, short] = [ask("never"), ask("never", NOTHING, { timeoutMs: 500 })];
    await runFor(network, 600);
    assertStringIncludes(assertFailed(short, "timeout").message, "no answer within 500 ms");
    assertEquals(usual, {});
    await runFor(network, REQUEST_TIMEOUT_MS);
    assertFailed(usual, "timeout");
    await runFor(network, HANDLER_TIMEOUT_MS);
    await assertIdle(network, asker, answerer);
  },
);

test("requests: a handler that takes too long is told so, and so is who asked", { timeout: 60_000 }, async () => {
  const { network, asker, answerer, ask } = await pair();
  let signal: AbortSignal | undefined;
  answerer.handle("never", (_, context) => {
    signal = context.signal;
    return new Promise(() => {});
  });
  const outcome = ask("never", NOTHING, { timeoutMs: 2 * HANDLER_TIMEOUT_MS });
  await runFor(network, HANDLER_TIMEOUT_MS + 1000);
  assertStringIncludes(assertFailed(outcome, "refused").message, "took too long there");
  assertEquals(signal!.aborted, true);
  await assertIdle(network, asker, answerer);
});

test("requests: an aborted signal withdraws the request and aborts the handler's", { timeout: 60_000 }, async () => {
  const { network, asker, answerer, ask } = await pair();
  const aborted: boolean[] = [];
  answerer.handle("wait", (_, { signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        aborted.push(true);
        reject(signal.reason);
      })
    ));
  const stop = new AbortController();
  const outcome = ask("wait", NOTHING, { signal: stop.signal });
  await runFor(network);
  stop.abort("no longer wanted");
  await runFor(network);
  assertEquals([outcome.error, aborted], ["no longer wanted", [true]]);
  const never = ask("wait", NOTHING, { signal: stop.signal });
  await runFor(network);
  assertEquals(never.error, "no longer wanted");
  assertEquals(countsOf(answerer).unknownCancels, 0);
  await assertIdle(network, asker, answerer);
});

test("requests: a signal asked for after the cancel is aborted already", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  const peer = await dialApp(network);
  let late: boolean | undefined;
  let go = () => {};
  a!.handle("wait", async (_, context) => {
    await new Promise<void>((resolve) => go = resolve);
    late = context.signal.aborted;
    return NOTHING;
  });
  peer.send({ type: "request", id: 1, method: "wait", payload: NOTHING }, { type: "cancel", id: 1 });
  await runFor(network);
  go();
  await runFor(network);
  assertEquals([late, peer.of("response")], [true, []]);
});

test("requests: the end of a connection rejects what waits", { timeout: 60_000 }, async () => {
  const { network, asker, answerer, ask } = await pair();
  answerer.handle("never", () => new Promise(() => {}));
  const outcome = ask("never");
  await runFor(network);
  network.kill("b");
  await runFor(network, 1000);
  assertStringIncludes(assertFailed(outcome, "unreachable").message, "the connection ended");
  await assertIdle(network, asker);
});

test("requests: the end of a connection aborts the handlers at work for it", { timeout: 60_000 }, async () => {
  const { network, answerer, ask } = await pair();
  answerer.handle(
    "wait",
    (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  ask("wait");
  await runFor(network);
  assertEquals(countsOf(answerer).running, 1);
  network.kill("a");
  await runFor(network, 1000);
  await assertIdle(network, answerer);
});

test("requests: a time that would never end them, and a payload that is no bytes, are refused", {
  timeout: 60_000,
}, async () => {
  const { network, asker, answerer, ask } = await pair();
  const never = () => new Promise<Uint8Array>(() => {});
  answerer.handle("wait", never);
  const times = [NaN, Infinity, -Infinity, -1, 0, MAX_TIMEOUT_MS + 1, 1e12, "10", null] as number[];
  const anybody = (payload: unknown, timeoutMs = 1000) =>
    watch(asker.request(anyOf(), "wait", payload as Uint8Array, { timeoutMs }));
  const outcomes = [
    ...times.flatMap((timeoutMs) => [ask("wait", NOTHING, { timeoutMs }), anybody(NOTHING, timeoutMs)]),
    anybody(undefined),
    ...["text", null, [1]].flatMap((payload) => [ask("wait", payload as never), anybody(payload)]),
  ];
  await runFor(network, 0);
  for (const outcome of outcomes) assertFailed(outcome, "bad-argument");
  assertStringIncludes(String(outcomes[0]!.error), "received NaN");
  await assertIdle(network, asker, answerer);
  assertEquals(assertThrows(() => asker.send(1, "text" as never), LocalError).code, "bad-argument");
});

test("requests: a node that is stopped takes no handlers", { timeout: 60_000 }, async () => {
  const { network, asker } = await pair();
  const stopping = asker.stop();
  assertEquals(assertThrows(() => asker.handle("late", (payload) => payload), LocalError).code, "stopped");
  await runFor(network, 2000);
  await stopping;
});

test("requests: stopping the node rejects what waits; asking then is refused", { timeout: 60_000 }, async () => {
  const { network, asker, answerer, ask } = await pair();
  answerer.handle("never", () => new Promise(() => {}));
  const outcome = ask("never");
  await runFor(network);
  const id = asker.peers()[0]!.id;
  const stopping = asker.stop();
  const after = watch(asker.request(id, "never", NOTHING));
  await runFor(network, 2000);
  await stopping;
  assertFailed(outcome, "stopped");
  assertFailed(after, "stopped");
});

test("requests: a peer that is none, or takes none, is unreachable", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  await dialScripted(network, "old", "a");
  const ids = [a!.peers()[0]!.id, 4711];
  const outcomes = ids.map((id) => watch(a!.request(id, "echo", NOTHING)));
  await runFor(network);
  for (const outcome of outcomes) assertFailed(outcome, "unreachable");
});

test("requests: names and payloads over their limits are refused to the caller", { timeout: 60_000 }, async () => {
  const { network, asker, answerer, ask } = await pair();
  const outcomes = [ask(""), ask("x".repeat(65)), ask("echo", new Uint8Array(MAX_APP_PAYLOAD_BYTES + 1))];
  await runFor(network);
  for (const outcome of outcomes) assertFailed(outcome, "bad-argument");
  await assertIdle(network, asker, answerer);
});

test("requests: one more than may be under way is refused to the caller", { timeout: 60_000 }, async () => {
  const { network, answerer, ask } = await pair();
  answerer.handle("never", () => new Promise(() => {}));
  const outcomes = Array.from({ length: MAX_REQUESTS_PER_PEER + 1 }, () => ask("never"));
  await runFor(network);
  assertFailed(outcomes.at(-1)!, "limit");
  assertEquals(outcomes.slice(0, -1), outcomes.slice(0, -1).map(() => ({})));
  await runFor(network, REQUEST_TIMEOUT_MS + 100);
  for (const outcome of outcomes.slice(0, -1)) assertFailed(outcome, "timeout");
});

test("requests: a peer that asks too much at a time hears that we are busy, cancelled handlers included", {
  timeout: 60_000,
}, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  a!.handle("never", () => new Promise(() => {}));
  a!.handle("echo", (payload) => payload);
  const [greedy, modest] = [await dialApp(network, "x"), await dialApp(network, "y")];
  for (let id = 0; id < MAX_HANDLERS_PER_PEER; id++) {
    greedy.send({ type: "request", id, method: "never", payload: NOTHING }, { type: "cancel", id });
  }
  greedy.send({ type: "request", id: 9999, method: "never", payload: NOTHING });
  modest.send({ type: "request", id: 1, method: "echo", payload: utf8("hi") });
  await runFor(network);
  assertEquals(greedy.of("response"), [{ type: "response", id: 9999, status: RESPONSE_STATUS.busy, payload: NOTHING }]);
  assertEquals(modest.of("response"), [{ type: "response", id: 1, status: RESPONSE_STATUS.ok, payload: utf8("hi") }]);
  assertEquals([countsOf(a!).busy, countsOf(a!).running], [1, MAX_HANDLERS_PER_PEER]);
  await runFor(network, HANDLER_TIMEOUT_MS + 100);
  assertEquals([countsOf(a!).running, a!.peers().length], [0, 2]);
});

test("requests: who is flooded with messages of others still gets answers, or hears that we are busy", {
  timeout: 60_000,
}, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  a!.topic("chat");
  a!.handle("echo", (payload) => payload);
  const slow = await dialApp(network, "slow");
  const loud: ScriptedPeer[] = [];
  for (let i = 0; i < 8; i++) loud.push(await dialApp(network, `loud${i}`));
  slow.send({ type: "subscribe", topics: ["chat"] });
  await runFor(network);
  slow.connection.pause();
  for (let id = 1n; id <= 24n; id++) {
    // Several: each may fill but a share of what is left.
    loud[Number(id) % loud.length]!.send({ type: "publish", topic: "chat", id, payload: new Uint8Array(1_000_000) });
    await runFor(network, 300);
  }
  const payload = new Uint8Array(900_000);
  for (let id = 0; id < 8; id++) slow.send({ type: "request", id, method: "echo", payload });
  await runFor(network, 300);
  slow.connection.resume();
  await runFor(network, 5000);
  const statuses = slow.of("response").map(({ status }) => status);
  const { ok, busy } = RESPONSE_STATUS;
  assertEquals(statuses.slice(0, 4), [ok, ok, ok, ok]);
  assertEquals([statuses.length, new Set(statuses)], [8, new Set([ok, busy])]);
  assertEquals([countsOf(a!).answered + countsOf(a!).busy, countsOf(a!).unanswered], [8, 0]);
});

test("requests: responses and cancels that match nothing are counted and ignored", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  const peer = await dialApp(network);
  peer.send({ type: "response", id: 5, status: 0, payload: NOTHING }, { type: "cancel", id: 5 });
  await runFor(network);
  assertEquals([countsOf(a!).unmatched, countsOf(a!).unknownCancels, a!.peers().length], [1, 1, 1]);
});

test("requests: an answer after its time is counted and ignored", { timeout: 60_000 }, async () => {
  const { network, asker, answerer, ask } = await pair();
  network.setLink("a", "b", { latencyMs: 1000 });
  answerer.handle("echo", (payload) => payload);
  const outcome = ask("echo", NOTHING, { timeoutMs: 1500 });
  await runFor(network, 4000);
  assertFailed(outcome, "timeout");
  assertEquals([countsOf(asker).unmatched, countsOf(answerer).unknownCancels], [1, 1]);
});

test("requests: an id that is in use is a fault", { timeout: 60_000 }, async () => {
  const { network, nodes: [a] } = await startNodes([[]]);
  a!.handle("never", () => new Promise(() => {}));
  const reasons = reasonsOf(a!);
  const peer = await dialApp(network);
  const request = { type: "request", id: 5, method: "never", payload: NOTHING } as const;
  peer.send(request, request);
  await runFor(network);
  assertEquals(reasons, ["unexpected-message"]);
});

test(
  "requests: a status of the future is a refusal, and the remote's words are harmless",
  { timeout: 60_000 },
  async () => {
    const { network, nodes: [a] } = await startNodes([[]]);
    const peer = await dialApp(network);
    const outcome = watch(a!.request(a!.peers()[0]!.id, "x", NOTHING));
    await runFor(network);
    const { id } = peer.of("request")[0]!;
    peer.send({ type: "response", id, status: 200, payload: utf8(`\u001b[2J${"x".repeat(999)}`) });
    await runFor(network);
    const error = assertFailed(outcome, "refused");
    assertStringIncludes(error.message, "(200)");
    assertEquals(String(error.cause).slice(0, 9), "\\x1b[2Jxx");
    assert(String(error.cause).length < 300);
  },
);

for (const [wire, params] of WIRES) {
  test(`app messages, ${wire} wire: bytes arrive as they are, in order`, { timeout: 60_000 }, async () => {
    const { network, asker, answerer } = await pair(params);
    const heard: string[] = [];
    answerer.on("app:message", ({ peer, payload }) => void heard.push(`${peer} ${textOf(payload)}`));
    const id = asker.peers()[0]!.id;
    assertEquals([asker.send(id, utf8("1")), asker.send(id, utf8("2")), asker.send(id, NOTHING)], [true, true, true]);
    await runFor(network);
    const from = answerer.peers()[0]!.id;
    assertEquals(heard, [`${from} 1`, `${from} 2`, `${from} `]);
    assertEquals(answerer.applications().appMessages, { received: 3, unheard: 0 });
  });
}

test(
  "app messages: a peer that is none, or takes none, gets none; what nobody hears is counted",
  { timeout: 60_000 },
  async () => {
    const { network, nodes: [a] } = await startNodes([[]]);
    const old = await dialScripted(network, "old", "a");
    const peer = await dialApp(network);
    old.send({ type: "app", payload: NOTHING });
    peer.send({ type: "app", payload: NOTHING });
    await runFor(network);
    assertEquals(a!.applications().appMessages, { received: 1, unheard: 1 });
    const [oldId] = a!.peers().map(({ id }) => id);
    assertEquals([a!.send(oldId!, NOTHING), a!.send(4711, NOTHING)], [false, false]);
    assertThrows(() => a!.send(a!.peers()[1]!.id, new Uint8Array(MAX_APP_PAYLOAD_BYTES + 1)), LocalError);
    await runFor(network);
    assertEquals(old.of("app"), []);
  },
);

test("requests: a promise rejects, it does not throw", { timeout: 60_000 }, async () => {
  const { nodes: [a] } = await startNodes([[]]);
  const asking = a!.request(1, "x", NOTHING);
  await assertRejects(() => asking, LocalError, "no such peer");
});
