import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { TURN_MESSAGES } from "../../src/protocol/connection_params.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { testHasher } from "../support/test_hasher.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";

test("node: one that is stopped while it starts stays stopped", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a", { mineSeconds: 1 });
  const failures: string[] = [];
  node.on("node:failed", ({ error }) => void failures.push(error.message));
  const starting = assertRejects(() => node.start(), LocalError, "the node is stopped");
  let isStopped = false;
  void node.stop().then(() => isStopped = true);
  await network.run(60_000);
  assertEquals((await starting).code, "stopped");
  assertEquals([isStopped, node.chain().height, node.listening.length, failures], [true, 0, 0, []]);
});

test("node: who starts it again, at once or later, waits for the one start", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a");
  const starting = [node.start(), node.start()];
  await network.run(1000);
  await Promise.all([...starting, node.start()]);
  const { listeners, timers } = network.openOn("a");
  const alone = simulateNode(network, "b").node;
  void alone.start();
  await network.run(2000);
  assertEquals([node.listening.length, listeners], [1, 1]);
  assertEquals(timers, network.openOn("b").timers);
});

test("node: one that has stopped does not start again, and says so", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a");
  void node.start();
  await network.run(1000);
  void node.stop();
  const refusal = await assertRejects(() => node.start(), LocalError, "Cannot start: the node is stopped");
  assertEquals(refusal.code, "stopped");
  await network.run(60_000);
  await assertRejects(() => node.start(), LocalError, "Cannot start: the node is stopped");
  assertEquals(network.openOn("a"), { sockets: 0, listeners: 0, timers: 0 });
});

test(
  "node: once it has stopped, nothing of it is left on its host, not even a timer",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 1 });
    const { node } = simulateNode(network, "a");
    const other = simulateNode(network, "b", { connect: ["a"] }).node;
    for (const each of [node, other]) void each.start();
    await network.run(5000);
    assertEquals(node.peers().length, 1);
    let left: unknown;
    void node.stop().then(() => left = network.openOn("a"));
    await network.run(() => left !== undefined);
    assertEquals(left, { sockets: 0, listeners: 0, timers: 0 });
  },
);

test(
  "node: all that a peer said before it left is heard, even more than one turn's worth",
  { timeout: 60_000 },
  async () => {
    const { main } = testChain();
    const network = createMemoryNetwork({ seed: 2 });
    const { node } = simulateNode(network, "a");
    feed(node, main.slice(0, 11));
    const starting = node.start();
    await network.run(10);
    await starting;
    const peer = await dialScripted(network, "b", "a");
    const codec = bitcoinCodec(node.network.magic, testHasher);
    const pings = Array.from({ length: TURN_MESSAGES + 1 }, () => codec.encode({ type: "ping", nonce: 1n }));
    // In one piece, so that the end comes while a part of it still waits for its turn.
    peer.sendRaw(concatBytes([...pings, codec.encode({ type: "block", block: main[11]! })]));
    peer.connection.close();
    await network.run(network.now() + 1000);
    assertEquals([node.peers().length, node.chain().height], [0, 11]);
  },
);
