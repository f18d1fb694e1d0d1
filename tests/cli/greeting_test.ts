import { test } from "node:test";
import { setImmediate } from "node:timers";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CommandError, EXIT } from "../../src/cli/exit.ts";
import { Expectations } from "../../src/cli/expectations.ts";
import { greet, type Greeting } from "../../src/cli/greeting.ts";
import { createEnv } from "../../src/platform/env.ts";
import { createTransport } from "../../src/platform/host.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { MAIN, REGTEST } from "../../src/protocol/networks.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { startResettingListener } from "../support/resetting_listener.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";
import { testHasher } from "../support/test_hasher.ts";

const TIMEOUT_MS = 5_000;
const LATENCY_MS = 10;

/** Host "me" greets host "a" and runs the network until that is settled. */
async function greetOn(network: MemoryNetwork, { magic = REGTEST.magic, seen = [] as Message[], port = PORT } = {}) {
  const greeting = greet({
    env: network.env("me"),
    transport: network.transport("me"),
    codec: bitcoinCodec(magic, testHasher),
    remote: { host: "a", port },
    timeoutMs: TIMEOUT_MS,
    onMessage: (message) => void seen.push(message),
  });
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  greeting.then(settle, settle);
  await network.run(() => isSettled);
  return await greeting;
}

function newNetwork(): MemoryNetwork {
  return createMemoryNetwork({ seed: 1, link: { latencyMs: LATENCY_MS }, scrambleChunks: true });
}

async function withNode(): Promise<MemoryNetwork> {
  const network = newNetwork();
  await simulateNode(network, "a").node.start();
  return network;
}

test("greet: tells who is there and how long each step took", async () => {
  const { agreement, timesMs, timeOffsetSeconds, address }: Greeting = await greetOn(await withNode());
  assertEquals(agreement.version.userAgent, "/a/");
  assertEquals([timesMs.resolve, timesMs.handshake, timesMs.ping], [0, 2 * LATENCY_MS, 2 * LATENCY_MS]);
  assertEquals([timeOffsetSeconds, address], [0, { host: "a", port: PORT }]);
});

test("greet: shows the handshake's messages, and not the answer to its own ping", async () => {
  const seen: Message[] = [];
  await greetOn(await withNode(), { seen });
  const types = seen.map(({ type }) => type);
  assertEquals(types.slice(0, 4), ["version", "wtxidrelay", "sendaddrv2", "verack"]);
  assertEquals(types.includes("pong"), false);
});

test("greet: who accepts and cuts the connection is there, and refuses", async () => {
  await using listener = await startResettingListener();
  for (let i = 0; i < 20; i++) {
    const greeting = greet({
      env: createEnv(),
      transport: createTransport(),
      codec: bitcoinCodec(REGTEST.magic, testHasher),
      remote: { host: "127.0.0.1", port: listener.port },
      timeoutMs: TIMEOUT_MS,
      onMessage() {},
    });
    const error = await assertRejects(() => greeting, CommandError) as CommandError;
    assertEquals(error.exitCode, EXIT.refused);
    assertStringIncludes(error.message, "or have banned this address");
  }
});

test("session: the answer to a ping that the user sent is shown; the peer's pings are answered", async () => {
  const network = await withNode();
  const seen: Message[] = [];
  const { session } = await greetOn(network, { seen });
  session.send({ type: "ping", nonce: 5n });
  await network.run(() => seen.some(({ type }) => type === "pong"));
  assertEquals(seen.at(-1), { type: "pong", nonce: 5n });
  const LONG_ENOUGH_TO_TIME_OUT_MS = 300_000;
  let over = "";
  session.closed.then(({ message }) => over = message);
  await network.run(network.now() + LONG_ENOUGH_TO_TIME_OUT_MS);
  assertEquals(over, "");
});

test("session: tells when the peer ends the conversation", async () => {
  const network = newNetwork();
  const { node } = simulateNode(network, "a");
  await node.start();
  const { session } = await greetOn(network);
  let over = "";
  session.closed.then(({ message }) => over = message);
  let isStopped = false;
  node.stop().then(() => isStopped = true);
  await network.run(() => over !== "" && isStopped);
  assertEquals(over, "the peer closed the connection");
});

test("greet: where nothing answers that is unreachable, not refused", async () => {
  const network = await withNode();
  const error = await assertRejects(() => greetOn(network, { port: PORT + 1 }), LocalError);
  assertEquals(error.code, "unreachable");
});

test("greet: another network, or silence, is a handshake that failed", async () => {
  const other = await assertRejects(async () => await greetOn(await withNode(), { magic: MAIN.magic }), CommandError);
  assertEquals(other.exitCode, EXIT.refused);
  assertStringIncludes(other.message, "--network");
  const network = newNetwork();
  await network.transport("a").listen({ host: "a", port: PORT }, (connection) => {
    connection.start({ data() {}, drained() {}, closed() {} });
  });
  const silent = await assertRejects(() => greetOn(network), CommandError);
  assertEquals([silent.exitCode, network.now()], [EXIT.refused, TIMEOUT_MS + 2 * LATENCY_MS]);
});

async function isDone(expectations: Expectations): Promise<boolean> {
  const aTurnLater = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  return await Promise.race([expectations.done.then(() => true), aTurnLater]);
}

test("expectations: done when every type came, in any order, each as often as asked for", async () => {
  const expectations = new Expectations(["pong", "pong", "headers"], undefined);
  for (const type of ["pong", "inv", "headers"]) expectations.see(type);
  assertEquals([await isDone(expectations), expectations.missing], [false, ["pong"]]);
  expectations.see("pong");
  assertEquals([await isDone(expectations), expectations.missing], [true, []]);
});

test("expectations: a count ends the wait, met or not; without both there is nothing to wait for", async () => {
  const counted = new Expectations(["block"], 2);
  counted.see("inv");
  assertEquals(await isDone(counted), false);
  counted.see("inv");
  assertEquals([await isDone(counted), counted.missing], [true, ["block"]]);
  assertEquals(await isDone(new Expectations([], undefined)), true);
  assertEquals(await isDone(new Expectations([], 1)), false);
});
