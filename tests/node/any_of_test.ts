import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { anyOf, type Wish } from "../../src/net/any_of.ts";
import type { DispatchOptions } from "../../src/net/request_job.ts";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError, type LocalErrorCode } from "../../src/protocol/errors.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { RETRY_RESERVE, RETRY_SHARE } from "../../src/protocol/balancing_params.ts";
import type { RequestHandler } from "../../src/services/requests/incoming.ts";
import { textOf, utf8 } from "../support/app_world.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

const echo: RequestHandler = (payload) => payload;
const never: RequestHandler = () => new Promise(() => {});
const LONG_MS = 600_000;

interface World {
  readonly network: MemoryNetwork;
  readonly asker: P2PNode;
  readonly servers: readonly P2PNode[];
  /** What each server was asked, in order. */
  readonly asked: readonly string[][];
  readonly ask: (text: string, wish?: Wish, options?: DispatchOptions) => Outcome;
}

interface Outcome {
  text?: string;
  error?: unknown;
}

/** A node that is connected to one server a handler, all of them ready. */
async function world(handlers: readonly (RequestHandler | undefined)[], options: Pick<NodeOptions, "balancing"> = {}) {
  const network = createMemoryNetwork({ seed: 21 });
  const asked: string[][] = handlers.map(() => []);
  const servers: P2PNode[] = [];
  for (const [i, handler] of handlers.entries()) {
    const { node } = simulateNode(network, `s${i}`);
    if (handler) {
      node.handle("echo", (payload, context) => {
        asked[i]!.push(textOf(payload));
        return handler(payload, context);
      });
    }
    await node.start();
    servers.push(node);
  }
  const names = servers.map((_, i) => `s${i}`);
  const { node: asker } = simulateNode(network, "asker", { connect: names, maxOutbound: 20, ...options });
  await asker.start();
  await network.run(() => asker.peers().filter(({ state }) => state === "ready").length === handlers.length);
  await network.run(network.now() + 100);

  const ask = (text: string, wish: Wish = {}, dispatch: DispatchOptions = {}) => {
    const outcome: Outcome = {};
    asker.request(anyOf(wish), "echo", utf8(text), dispatch).then(
      (bytes) => outcome.text = textOf(bytes),
      (error: unknown) => outcome.error = error,
    );
    return outcome;
  };
  return { network, asker, servers, asked, ask } satisfies World;
}

function isDone({ text, error }: Outcome): boolean {
  return text !== undefined || error !== undefined;
}

async function settle({ network }: World, ...outcomes: Outcome[]): Promise<void> {
  const deadline = network.now() + LONG_MS;
  await network.run(() => outcomes.every(isDone) || network.now() > deadline);
}

function assertFailed(outcome: Outcome, code: LocalErrorCode): LocalError {
  assert(outcome.error instanceof LocalError, `expected a LocalError, got ${JSON.stringify(outcome)}`);
  assertEquals(outcome.error.code, code);
  return outcome.error;
}

test("anyOf: requests survive a slow, a dead and a lying peer among ten, within the budget of retries", {
  timeout: 60_000,
}, async () => {
  const { promise, resolve } = Promise.withResolvers<MemoryNetwork>();
  const slow: RequestHandler = async (payload) => {
    const network = await promise;
    return await new Promise((done) => network.env("s0").after(20_000, () => done(payload)));
  };
  const liar: RequestHandler = () => utf8("garbage");
  const here = await world([slow, never, liar, ...Array.from({ length: 7 }, () => echo)]);
  resolve(here.network);
  const accepts = (answer: Uint8Array) => textOf(answer).startsWith("request");
  const outcomes: Outcome[] = [];
  for (let round = 0; round < 60; round++) {
    const some = Array.from({ length: 5 }, (_, i) => here.ask(`request ${5 * round + i}`, {}, { accepts }));
    outcomes.push(...some);
    await settle(here, ...some);
  }
  assertEquals(outcomes.map(({ text, error }) => text ?? String(error)), outcomes.map((_, i) => `request ${i}`));
  const { requests, workers } = here.asker.balancing();
  assert(requests.retries <= RETRY_RESERVE + RETRY_SHARE * 300, `${requests.retries} retries`);
  assertEquals([requests.answered, requests.failed, requests.waiting, requests.underWay], [300, 0, 0, 0]);
  const bad = workers.filter(({ name, work }) => work === "requests" && /^s[012]:/.test(name));
  for (const { failures, health } of bad) assert(failures > 0 && health < 1);
  const asked = here.asked.map((each) => each.length);
  for (const count of asked.slice(0, 3)) assert(count < 20, `bad peers were asked too often: ${asked}`);
  for (const count of asked.slice(3)) assert(count > 20, `good peers were asked too seldom: ${asked}`);
});

test("anyOf: a peer that dies with requests under way does not take them with it", { timeout: 60_000 }, async () => {
  const here = await world([never, echo, echo]);
  const outcomes = Array.from({ length: 30 }, (_, i) => here.ask(`${i}`, { strategy: "round-robin" }));
  await here.network.run(here.network.now() + 50);
  void here.servers[0]!.stop();
  await settle(here, ...outcomes);
  assertEquals(outcomes.map(({ text }) => text), outcomes.map((_, i) => `${i}`));
  assert(here.asker.balancing().requests.retries >= 10);
});

test("anyOf: where nobody may be asked the caller hears why, at once", { timeout: 60_000 }, async () => {
  const here = await world([never, never]);
  const nobody = await world([]);
  const alone = nobody.ask("x");
  await settle(nobody, alone);
  assertStringIncludes(assertFailed(alone, "unreachable").message, "no peer takes requests");

  const none = here.ask("x", { capability: "storage" });
  await settle(here, none);
  assertStringIncludes(assertFailed(none, "unreachable").message, "none of 2 peers fits");

  const failing = Array.from({ length: 24 }, () => here.ask("x", {}, { timeoutMs: 5000 }));
  await settle(here, ...failing);
  const [askedBefore, before] = [here.asked.flat().length, here.network.now()];
  const broken = here.ask("x");
  await settle(here, broken);
  assertEquals([here.asked.flat().length, here.network.now() - before < 10], [askedBefore, true]);
  const { message } = assertFailed(broken, "unreachable");
  assert(/none of 2 peers may be asked: 2 failed lately and may be tried in \d+ ms/.test(message), message);
});

test("anyOf: a peer whose breaker opened is found well again by a probe", { timeout: 60_000 }, async () => {
  let isBroken = true;
  const here = await world([(payload) => {
    if (isBroken) throw new LocalError("stopped", "out of order");
    return payload;
  }]);
  for (let i = 0; i < 6; i++) await settle(here, here.ask("x"));
  assertEquals(here.asker.balancing().workers.find(({ work }) => work === "requests")!.breaker, "open");
  isBroken = false;
  await here.network.run(here.network.now() + 6_000);
  const probe = here.ask("probe");
  await settle(here, probe);
  assertEquals(probe.text, "probe");
  assertEquals(here.asker.balancing().workers.find(({ work }) => work === "requests")!.breaker, "closed");
});

test("anyOf: peers without the method are asked once a while, and cost no retries", { timeout: 60_000 }, async () => {
  const here = await world([undefined, undefined, undefined, undefined, undefined, echo]);
  const outcomes = Array.from({ length: 50 }, (_, i) => `${i}`);
  for (const text of outcomes) {
    const outcome = here.ask(text);
    await settle(here, outcome);
    assertEquals(outcome, { text });
  }
  const { requests } = here.asker.balancing();
  assertEquals([requests.retries, requests.answered], [0, 50]);
  for (const server of here.servers.slice(0, 5)) {
    assert((server.peers()[0]!.messages.in.request ?? 0) <= 1);
  }
});

test(
  "anyOf: keys stay with their peer, sessions too, and a peer that drains gets nothing new",
  { timeout: 60_000 },
  async () => {
    const rules = [{ class: "sticky", strategy: "round-robin" as const, stickyMs: 60_000 }];
    const here = await world([echo, echo, echo, echo], { balancing: { rules } });
    const busy = () => here.asked.filter((each) => each.length > 0).length;
    for (let i = 0; i < 8; i++) await settle(here, here.ask("k", { key: "a", strategy: "consistent-hash" }));
    assertEquals(busy(), 1);
    for (const each of here.asked) each.length = 0;
    for (let i = 0; i < 8; i++) await settle(here, here.ask("s", { class: "sticky", session: "s" }));
    assertEquals(busy(), 1);
    const holder = here.asked.findIndex((each) => each.length > 0);
    const peer = here.asker.peers().find(({ address }) => address.startsWith(`s${holder}:`))!.id;
    assertEquals([here.asker.drain(peer), here.asker.drain(999)], [true, false]);
    for (const each of here.asked) each.length = 0;
    for (let i = 0; i < 12; i++) await settle(here, here.ask("r", { strategy: "round-robin" }));
    for (let i = 0; i < 4; i++) await settle(here, here.ask("s", { class: "sticky", session: "s" }));
    assertEquals(here.asked[holder], []);
    here.asker.drain(peer, false);
    for (let i = 0; i < 4; i++) await settle(here, here.ask("r", { strategy: "round-robin" }));
    assertEquals(here.asked[holder]!.length, 1);
  },
);

const REDIALLING = [
  ["by their hosts on Bitcoin's wire", (i: number) => `s${i}`, REGTEST],
  ["by their ids on ours, all on one host", () => "s", { ...P2P, defaultPort: PORT }],
] as const;

for (const [how, hostOf, params] of REDIALLING) {
  test(`anyOf: peers that dial us anew keep their keys: ${how}`, { timeout: 60_000 }, async () => {
    const network = createMemoryNetwork({ seed: 22 });
    const { node: asker } = simulateNode(network, "asker", { network: params });
    await asker.start();
    for (let i = 0; i < 5; i++) {
      const { node } = simulateNode(network, hostOf(i), { network: params, connect: ["asker"], listen: [] });
      node.handle("who", () => utf8(String(i)));
      await node.start();
    }
    const ready = () => asker.peers().filter(({ state }) => state === "ready");
    const owners = async () => {
      await network.run(() => ready().length === 5);
      await network.run(network.now() + 5_000);
      const answers = Array.from({ length: 40 }, (_, i) => {
        return asker.request(anyOf({ key: `key-${i}`, strategy: "consistent-hash" }), "who", new Uint8Array());
      });
      const all = Promise.all(answers);
      let isDone = false;
      all.then(() => isDone = true);
      await network.run(() => isDone);
      return (await all).map(textOf);
    };
    const before = await owners();
    const ids = ready().map(({ id, address }) => `${id} ${address}`);
    for (const { id } of ready()) asker.disconnect(id);
    await network.run(() => ready().length === 0);
    const after = await owners();
    assertEquals(ready().filter(({ id, address }) => ids.includes(`${id} ${address}`)), []);
    assertEquals([after, new Set(after).size], [before, 5]);
  });
}

test("anyOf: what makes no sense is refused before anybody is asked", { timeout: 60_000 }, async () => {
  const here = await world([echo]);
  const wishes: readonly [Wish, string][] = [
    [{ key: "x".repeat(257) }, "key has at most 256 characters: received 257 characters"],
    [{ region: "x".repeat(1_000_000) }, "region has at most 256 characters: received 1000000 characters"],
    [{ strategy: "fastest" as "adaptive" }, 'received "fastest"'],
    [{ strategy: "consistent-hash" }, "its strategy needs a key"],
  ];
  for (const [wish, text] of wishes) {
    const outcome = here.ask("x", wish);
    await settle(here, outcome);
    assertStringIncludes(assertFailed(outcome, "bad-argument").message, text);
  }
  assertEquals(here.asked, [[]]);
});

test("anyOf: a caller that gives up, and a node that stops, end requests that wait or are under way", {
  timeout: 60_000,
}, async () => {
  const here = await world([never]);
  const given = new AbortController();
  // More than may be under way at once, so that some wait.
  const outcomes = Array.from({ length: 300 }, () => here.ask("x", {}, { signal: given.signal, timeoutMs: 60_000 }));
  await here.network.run(here.network.now() + 50);
  assert(here.asker.balancing().requests.waiting > 0);
  const late = here.ask("late", {}, { timeoutMs: 500 });
  await settle(here, late);
  assertStringIncludes(assertFailed(late, "timeout").message, "its turn did not come in time");
  given.abort("enough");
  await settle(here, ...outcomes);
  assertEquals(outcomes.filter(({ error }) => error === "enough").length, 300);
  const { requests, workers } = here.asker.balancing();
  assertEquals([requests.waiting, requests.waitingBytes, requests.underWay, workers.at(-1)!.outstanding], [0, 0, 0, 0]);
  assertEquals(workers.at(-1)!.failures, 0, "who was cancelled has not failed");
  const last = here.ask("last");
  void here.asker.stop();
  await settle(here, last);
  assertFailed(last, "stopped");
});

test("anyOf: a full queue refuses at once, and counts", { timeout: 60_000 }, async () => {
  const here = await world([never]);
  const outcomes = Array.from({ length: 5000 }, () => here.ask("x", {}, { timeoutMs: 1000 }));
  await here.network.run(here.network.now() + 1);
  const refused = outcomes.filter(({ error }) => error instanceof LocalError && error.code === "limit");
  assertEquals([refused.length, here.asker.balancing().requests.refused], [5000 - 4096 - 256, 5000 - 4096 - 256]);
  await settle(here, ...outcomes);
});
