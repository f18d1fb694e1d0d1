import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError, RemoteFault } from "../../src/protocol/errors.ts";
import { dialScripted, listenScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

/** What a promise came to, while virtual time runs. */
async function settle<T>(network: ReturnType<typeof createMemoryNetwork>, promise: Promise<T>): Promise<T | Error> {
  let outcome: T | Error | undefined;
  promise.then((value) => outcome = value, (error: Error) => outcome = error);
  await network.run(() => outcome !== undefined);
  return outcome!;
}

test("peers: a second dial of the same endpoint rides the first connection", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node: a } = simulateNode(network, "a");
  const { node: b } = simulateNode(network, "b");
  await Promise.all([a.start(), b.start()]);
  const dials = [b.connect({ host: "a", port: PORT }), b.connect({ host: "a", port: PORT })];
  const [first, second] = await settle(network, Promise.all(dials)) as Awaited<typeof dials[0]>[];
  assertEquals(first!.id, second!.id);
  assertEquals([a.peers().length, b.peers().length], [1, 1]);
});

test("peers: beyond the outbound limit a dial says which option changes it", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 2 });
  for (const host of ["a", "b"]) await simulateNode(network, host).node.start();
  const { node } = simulateNode(network, "c", { maxOutbound: 1 });
  await node.start();
  await settle(network, node.connect({ host: "a", port: PORT }));
  const error = await settle(network, node.connect({ host: "b", port: PORT }));
  assertInstanceOf(error, LocalError);
  assertStringIncludes(error.message, "--max-outbound");
});

test(
  "peers: a dial that nobody answers rejects with the reason, and the place is free again",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 3 });
    const { node } = simulateNode(network, "a", { maxOutbound: 1 });
    await node.start();
    const refused = await settle(network, node.connect({ host: "nowhere", port: 1 }));
    assertInstanceOf(refused, LocalError);
    await simulateNode(network, "b").node.start();
    const peer = await settle(network, node.connect({ host: "b", port: PORT }));
    assert(!(peer instanceof Error));
  },
);

test("peers: a handshake that the remote ends rejects the dial as refused", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 4 });
  await network.transport("closing").listen({ host: "closing", port: PORT }, (connection) => connection.close());
  const { node } = simulateNode(network, "a");
  await node.start();
  const error = await settle(network, node.connect({ host: "closing", port: PORT }));
  assertInstanceOf(error, RemoteFault);
  assertEquals(error.code, "handshake-refused");
});

test(
  "peers: a lost connection is dialled again, later each time while nobody answers",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 5 });
    const accepted: ScriptedPeer[] = [];
    const { node } = simulateNode(network, "a", { connect: ["b"] });
    await node.start();
    await network.run(20_000);
    assertEquals(node.peers().length, 0);
    await listenScripted(network, "b", {}, (peer) => void accepted.push(peer));
    await network.run(() => accepted.length === 1 || network.now() > 200_000);
    await network.run(network.now() + 100);
    accepted[0]!.connection.close();
    await network.run(() => accepted.length === 2 || network.now() > 400_000);
    await network.run(network.now() + 100);
    assertEquals(node.peers().map(({ state }) => state), ["ready"]);
  },
);

test("peers: whom the owner dials is dialled again when it is lost, until the owner ends it", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 15 });
  const accepted: ScriptedPeer[] = [];
  await listenScripted(network, "20.1.0.1", {}, (peer) => void accepted.push(peer));
  network.setName("seed.example", ["20.1.0.1"]);
  const { node } = simulateNode(network, "a");
  await node.start();
  const failed = await settle(network, node.connect({ host: "nowhere", port: 1 }));
  assertInstanceOf(failed, LocalError);
  await settle(network, node.connect({ host: "seed.example", port: PORT }));
  await settle(network, node.connect({ host: "20.1.0.1", port: PORT }));
  accepted[0]!.connection.abort();
  await network.run(() => accepted.length === 2 || network.now() > 60_000);
  await network.run(network.now() + 100);
  const [peer] = node.peers();
  assertEquals([peer!.kind, peer!.state], ["manual", "ready"]);
  node.disconnect(peer!.id);
  await network.run(network.now() + 600_000);
  assertEquals([accepted.length, node.peers()], [2, []]);
});

test(
  "peers: stopping closes every peer and leaves nothing, even where one never reads",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 6 });
    const { node } = simulateNode(network, "a");
    await node.start();
    const peers: ScriptedPeer[] = [];
    for (let i = 0; i < 100; i++) peers.push(await dialScripted(network, `peer${i}`, "a"));
    peers[0]!.connection.pause();
    const began = network.now();
    const stopped = await settle(network, node.stop());
    assertEquals(stopped instanceof Error, false);
    assert(network.now() - began < 1000, `${network.now() - began} ms`);
    await network.run(network.now() + 1000);
    assertEquals(node.peers(), []);
    assertEquals(peers.slice(1).every(({ closed }) => closed), true);
  },
);

test("peers: another name of a connected node leads to the connection that stands", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 7 });
  const { node: a } = simulateNode(network, "20.1.0.1");
  const { node: b } = simulateNode(network, "20.2.0.1");
  await Promise.all([a.start(), b.start()]);
  network.setName("seed.example", ["20.1.0.1"]);
  const first = await settle(network, b.connect({ host: "20.1.0.1", port: PORT }));
  const again = await settle(network, b.connect({ host: "seed.example", port: PORT }));
  assert(!(first instanceof Error) && !(again instanceof Error));
  assertEquals(first.id, again.id);
  await network.run(network.now() + 100);
  assertEquals([a.peers().length, b.peers().length, b.connectionCounts().refused.duplicate], [1, 1, 1]);
  b.disconnect(first.id);
  await network.run(network.now() + 100);
  const anew = await settle(network, b.connect({ host: "seed.example", port: PORT }));
  assert(!(anew instanceof Error) && anew.id !== first.id);
  const alias = await settle(network, b.connect({ host: "20.1.0.1", port: PORT }));
  assert(!(alias instanceof Error));
  assertEquals([alias.id, b.peers().length], [anew.id, 1]);
});

test("peers: a connection to ourselves is seen at both ends, under its own name", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 8 });
  const { node } = simulateNode(network, "20.1.0.1");
  await node.start();
  const error = await settle(network, node.connect({ host: "20.1.0.1", port: PORT }));
  assertInstanceOf(error, RemoteFault);
  assertEquals(error.code, "self-connection");
  await network.run(network.now() + 100);
  assertEquals([node.peers(), node.connectionCounts().ended], [[], { "self-connection": 2 }]);
});
