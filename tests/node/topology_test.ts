import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { anyOf } from "../../src/net/any_of.ts";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import type { Message, TopologyRecord } from "../../src/protocol/messages.ts";
import { P2P } from "../../src/protocol/networks.ts";
import { SERVICE_P2P_APPS } from "../../src/protocol/service_flags.ts";
import { MAX_TOPOLOGY_NODES, TOPOLOGY_TTL_MS } from "../../src/protocol/topology_params.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { utf8 } from "../support/app_world.ts";
import { versionOf } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

const NATIVE = { ...P2P, defaultPort: PORT };

async function runFor(network: MemoryNetwork, ms: number): Promise<void> {
  await network.run(network.now() + ms);
}

/** Started nodes h0, h1, …; each dials those that `links` names by their number. */
async function start(
  network: MemoryNetwork,
  links: readonly (readonly number[])[],
  optionsOf: (i: number) => Pick<NodeOptions, "region" | "capabilities"> = () => ({}),
): Promise<P2PNode[]> {
  const nodes: P2PNode[] = [];
  for (const [i, others] of links.entries()) {
    const connect = others.map((other) => `h${other}`);
    const { node } = simulateNode(network, `h${i}`, { network: NATIVE, connect, ...optionsOf(i) });
    await node.start();
    nodes.push(node);
  }
  return nodes;
}

/** Nodes that are known from themselves or from gossip. */
function known(node: P2PNode): string[] {
  return node.topology().nodes.filter(({ source }) => source !== "address").map(({ id }) => id).sort();
}

function edges(node: P2PNode): string[] {
  return node.topology().links.map(({ from, to }) => [from, to].sort().join("-")).sort();
}

test("topology: each of twenty nodes gets to know all others and their links, and forgets one that dies", async () => {
  const network = createMemoryNetwork({ seed: 31 });
  // A ring with some links across.
  const links = Array.from(
    { length: 20 },
    (_, i) => [...(i > 0 ? [i - 1] : []), ...(i === 19 || i % 7 === 6 ? [0] : [])],
  );
  const nodes = await start(network, links, (i) => ({ region: i < 10 ? "eu" : "us", capabilities: [`n${i}`] }));
  await runFor(network, 60_000);
  const ids = nodes.map((node) => node.topology().self).sort();
  for (const node of nodes) {
    assertEquals(known(node), ids);
    assertEquals(edges(node), edges(nodes[0]!));
    const { metrics, broadcast } = node.topology(3);
    assertEquals([metrics.links, metrics.components, metrics.regions], [22, 1, { eu: 10, us: 10 }]);
    assertEquals([broadcast.fanout, broadcast.reached], [3, 19]);
  }
  const far = nodes[0]!.topology().nodes.find(({ capabilities }) => capabilities.includes("n10"))!;
  assertEquals([far.source, far.region, far.path!.hops > 1], ["gossip", "us", true]);

  await runFor(network, 60_000);
  const dead = nodes[10]!.topology().self;
  void nodes[10]!.stop();
  const others = nodes.filter((_, i) => i !== 10);
  await runFor(network, 20_000);
  for (const node of others) {
    assert(
      !edges(node).some((edge) => edge.includes(dead)),
      "its links are gone as soon as word can spread, a hop a tick",
    );
  }
  await runFor(network, TOPOLOGY_TTL_MS + 20_000);
  for (const node of others) assertEquals(known(node), ids.filter((id) => id !== dead));
  for (const node of nodes) void node.stop();
});

test("topology: round-trip times are those of the links, and the quick way round is found", async () => {
  const network = createMemoryNetwork({ seed: 32 });
  network.setLink("h0", "h1", { latencyMs: 200 });
  network.setLink("h0", "h2", { latencyMs: 10 });
  network.setLink("h1", "h2", { latencyMs: 10 });
  const [first, , third] = await start(network, [[], [0], [0, 1]]);
  await runFor(network, 65_000);
  const slow = first!.topology().nodes.find(({ address }) => address?.startsWith("h1:"))!;
  assertEquals([slow.path!.via, slow.path!.hops], [third!.topology().self, 2]);
  assert(slow.path!.rttMs >= 40 && slow.path!.rttMs < 60, `${slow.path!.rttMs}`);
});

test("topology: requests find peers by the capability and the region that they tell", async () => {
  const network = createMemoryNetwork({ seed: 33 });
  const options = [{}, { region: "eu" }, { region: "us", capabilities: ["archive"] }, { region: "us" }];
  const nodes = await start(network, [[], [0], [0], [0]], (i) => options[i]!);
  nodes.forEach((node, i) => node.handle("who", () => utf8(`${i}`)));
  await runFor(network, 5_000);
  const ask = async (wish: Parameters<typeof anyOf>[0]) => {
    const asking = nodes[0]!.request(anyOf(wish), "who", new Uint8Array(0));
    let answer = "";
    void asking.then((bytes) => answer = new TextDecoder().decode(bytes));
    await runFor(network, 1_000);
    return answer;
  };
  for (let i = 0; i < 5; i++) assertEquals(await ask({ capability: "archive" }), "2");
  for (let i = 0; i < 5; i++) assertEquals(await ask({ strategy: "region-aware", region: "eu" }), "1");
  void nodes[2]!.stop();
  await runFor(network, 1_000);
  for (let i = 0; i < 5; i++) assertEquals(await ask({ strategy: "region-aware", region: "us" }), "3");
});

test("topology: a peer that dials us again, from another port, is the one that failed before", async () => {
  const network = createMemoryNetwork({ seed: 37 });
  const [asker, server] = await start(network, [[], [0]]);
  server!.handle("who", () => {
    throw new Error("out of order");
  });
  await runFor(network, 5_000);
  const workers = () => asker!.balancing().workers.filter(({ work }) => work === "requests");
  for (let i = 0; i < 20 && workers()[0]!.breaker !== "open"; i++) {
    asker!.request(anyOf(), "who", new Uint8Array(0)).catch(() => {});
    await runFor(network, 100);
  }
  const [before] = workers();
  assertEquals([before!.breaker, asker!.peers()[0]!.direction], ["open", "inbound"]);
  asker!.disconnect(before!.peer);
  await network.run(() => workers().some(({ peer }) => peer !== before!.peer));
  await runFor(network, 100);
  const [after] = workers();
  assert(after!.name !== before!.name, after!.name);
  assertEquals([after!.breaker, after!.health], ["open", before!.health]);
});

/** A peer on the native wire that says what the test wants. */
async function dialNative(network: MemoryNetwork, from: string, to: string) {
  const codec = nativeCodec(NATIVE.magic);
  const dialling = network.transport(from).dial({ host: to, port: PORT }, { timeoutMs: 10_000 });
  let isDone = false;
  void dialling.then(() => isDone = true);
  await network.run(() => isDone);
  const connection = await dialling;
  const decoder = codec.createDecoder();
  const received: Message[] = [];
  const send = (...messages: Message[]) => messages.forEach((each) => connection.write(codec.encode(each)));
  connection.start({
    data(chunk) {
      decoder.feed(chunk);
      for (let message = decoder.next(); message; message = decoder.next()) {
        received.push(message);
        if (message.type === "ping") send({ type: "pong", nonce: message.nonce });
      }
    },
    drained() {},
    closed() {},
  });
  send(versionOf({ services: SERVICE_P2P_APPS }), { type: "verack" });
  await runFor(network, 100);
  return { send, received };
}

function lie(id: bigint, changes: Partial<TopologyRecord> = {}): TopologyRecord {
  return { id, ageSeconds: 0, region: "moon", capabilities: [], load: 0, draining: true, links: [], ...changes };
}

test("topology: a proxy of lies fills no memory and changes nothing that others measured", async () => {
  const network = createMemoryNetwork({ seed: 34 });
  const nodes = await start(network, [[], [0], [0, 1], [1, 2]]);
  await runFor(network, 10_000);
  const ids = nodes.map((node) => node.topology().self);
  const before = edges(nodes[0]!);
  const liar = await dialNative(network, "liar", "h0");
  const about = ids.map((id) => BigInt(`0x${id}`));
  for (let round = 0; round < 200; round++) {
    liar.send({ type: "topology", sender: 666n, records: about.map((id) => lie(id)) });
    const invented = Array.from({ length: 28 }, (_, i) => BigInt(1_000_000 + 28 * round + i));
    const links = about.map((id) => ({ id, rttMs: 1 }));
    liar.send({ type: "topology", sender: 666n, records: invented.map((id) => lie(id, { links })) });
    await runFor(network, 100);
  }
  const { nodes: pictured, links } = nodes[0]!.topology();
  assert(pictured.length <= MAX_TOPOLOGY_NODES && pictured.length > 100, `${pictured.length} nodes`);
  const honest = links.filter(({ from, to }) => ids.includes(from) && ids.includes(to));
  assertEquals(honest.map(({ from, to }) => [from, to].sort().join("-")).sort(), before);
  for (const id of ids.slice(0, 3)) assertEquals(pictured.find((node) => node.id === id)!.region, "");
  assertEquals(nodes[0]!.peers().length, 3, "it is not at fault, only not believed");
  assertEquals(links.filter(({ from, to, known: how }) => [from, to].includes(ids[0]!) && how !== "measured"), []);
});

test("topology: who takes a node's name first keeps it neither from being asked nor from staying", async () => {
  const network = createMemoryNetwork({ seed: 36 });
  const { node: asker } = simulateNode(network, "h0", { network: NATIVE });
  const { node: victim } = simulateNode(network, "h1", {
    network: NATIVE,
    connect: ["h0"],
    region: "eu",
    capabilities: ["archive"],
  });
  victim.handle("who", () => utf8("victim"));
  await asker.start();
  const id = BigInt(`0x${victim.topology().self}`);
  const squatter = await dialNative(network, "squatter", "h0");
  squatter.send({ type: "topology", sender: id, records: [lie(id)] });
  await victim.start();
  await runFor(network, 10_000);
  squatter.send({ type: "topology", sender: id, records: [lie(id)] });
  await runFor(network, 10_000);
  const asking = asker.request(anyOf({ capability: "archive" }), "who", new Uint8Array(0));
  await runFor(network, 1_000);
  assertEquals(new TextDecoder().decode(await asking), "victim");
  assertEquals([asker.peers().length, victim.peers().length], [2, 1]);
  assertEquals(asker.connectionCounts().refused.duplicate, 0);
});

test("topology: peers on the Bitcoin wire are known by their addresses, and are told nothing", async () => {
  const network = createMemoryNetwork({ seed: 35 });
  const { node: a } = simulateNode(network, "a");
  const { node: b } = simulateNode(network, "b", { connect: ["a"], region: "eu" });
  await a.start();
  await b.start();
  await runFor(network, 10_000);
  const [self, peer] = a.topology().nodes;
  assertEquals([self!.source, peer!.source, peer!.region], ["self", "peer", ""]);
  assert(peer!.address!.startsWith("b:"));
  assertEquals(a.peers()[0]!.messages.in.topology, undefined);
  assertEquals(a.topology().links.map(({ known: how }) => how), ["measured"]);
});

test("topology: names that nobody would take are refused when the node is made", () => {
  const network = createMemoryNetwork({ seed: 36 });
  for (const options of [{ region: "x".repeat(33) }, { capabilities: Array.from({ length: 17 }, (_, i) => `${i}`) }]) {
    const error = assertThrows(() => simulateNode(network, "a", options), LocalError);
    assertEquals(error.code, "bad-argument");
  }
});
