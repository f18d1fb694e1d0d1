import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { addressKey, fromEndpoint } from "../../../src/net/peer_address.ts";
import { buildGraph } from "../../../src/net/topology/graph.ts";
import type { NodeRecord } from "../../../src/net/topology/node_record.ts";
import { snapshotTopology } from "../../../src/net/topology/snapshot.ts";
import { Topology } from "../../../src/net/topology/topology.ts";
import {
  CRAWLED_TTL_MS,
  MAX_CRAWLED_NODES,
  MAX_HEARSAY_LINKS,
  MAX_TOPOLOGY_NODES,
  NEWS_AHEAD_MS,
  TOPOLOGY_TTL_MS,
} from "../../../src/protocol/topology_params.ts";
import { MAX_TOPOLOGY_LINKS } from "../../../src/protocol/wire_limits.ts";
import { fc } from "../../support/properties.ts";

const SELF = { region: "here", capabilities: [], load: 0, draining: false };

function recordOf(links: readonly string[] = [], region = ""): NodeRecord {
  return { region, capabilities: [], load: 0, draining: false, links: new Map(links.map((id) => [id, 10])) };
}

/** A node with peers 1, 2, … that said who they are: n1, n2, …, each with links of its own. */
function world(...links: readonly (readonly string[])[]): Topology {
  const topology = new Topology("self", { ...SELF, links: new Map() });
  for (const [i, ids] of links.entries()) {
    topology.peerReady(i + 1, `host${i + 1}:1`);
    topology.hear(i + 1, `n${i + 1}`, [{ id: `n${i + 1}`, ageMs: 0, record: recordOf(["self", ...ids]) }], 0);
  }
  topology.observe(SELF, new Map(links.map((_, i) => [i + 1, 20])));
  return topology;
}

function hearsay(id: string, record: NodeRecord, ageMs = 0) {
  return [{ id, ageMs, record }];
}

function linksOf(topology: Topology): string[] {
  return buildGraph(topology).links.map(({ from, to, known }) => `${from}-${to} ${known}`).sort();
}

test("topology: peers, what they tell of others, and what both ends confirm", () => {
  const topology = world(["far"], ["far"]);
  topology.hear(1, "n1", hearsay("far", recordOf(["n1", "n2", "farther"], "eu")), 0);
  topology.hear(1, "n1", hearsay("farther", recordOf([])), 0);
  assertEquals(
    linksOf(topology),
    [
      "far-farther claimed",
      "far-n1 confirmed",
      "far-n2 confirmed",
      "self-n1 measured",
      "self-n2 measured",
    ].map((link) => link.replace("far-n1", "far-n1")),
  );
  assertEquals([topology.get("far")!.record.region, topology.get("n1")!.address], ["eu", "host1:1"]);
});

test("topology: lies about our peers, our links and ourselves change nothing that we know", () => {
  const topology = world(["n2"], ["n1"], []);
  const before = linksOf(topology);
  const lies = [
    { id: "self", ageMs: 0, record: recordOf(["n9"], "moon") },
    { id: "n1", ageMs: 0, record: recordOf(["n3"], "moon") },
    { id: "n2", ageMs: 0, record: recordOf([], "moon") },
    { id: "ghost", ageMs: 0, record: recordOf(["self", "n1", "n2"]) },
  ];
  topology.hear(3, "n3", lies, 0);
  assertEquals(linksOf(topology), before);
  assertEquals([topology.self.region, topology.get("n1")!.record.region], ["here", ""]);
  assertEquals(topology.get("ghost")!.isFirstHand, false);
});

test("topology: a peer that takes another one's name is heard as a stranger to it", () => {
  const topology = world(["n2"], ["n1"]);
  topology.peerReady(7, "liar:1");
  topology.hear(7, "n1", hearsay("n1", recordOf([], "moon")), 0);
  assertEquals([topology.get("n1")!.record.region, topology.get("n1")!.peer], ["", 1]);
  assertEquals(topology.nodeOf(7)!.id, "liar:1");
});

test("topology: who squats on a name is one voice among others once its owner comes, and heir to nothing", () => {
  const topology = world(["n3"], []);
  topology.peerReady(7, "liar:1");
  topology.hear(7, "victim", hearsay("victim", recordOf([], "moon")), 0);
  assertEquals([topology.get("victim")!.record.region, topology.get("victim")!.isFirstHand], ["moon", true]);
  topology.peerReady(8, "victim:1");
  topology.hear(8, "victim", hearsay("victim", recordOf(["self", "n1"], "eu")), 1000);
  topology.hear(1, "n1", hearsay("victim", recordOf(["self", "n1"], "eu"), 2000), 2000);
  assertEquals([topology.get("victim")!.record.region, topology.get("victim")!.isFirstHand], ["eu", false]);
  for (let now = 3000; now < 60_000; now += 1000) {
    topology.hear(7, "victim", hearsay("victim", recordOf([`${now}`], "moon")), now);
    topology.hear(8, "victim", hearsay("victim", recordOf(["self", "n1"], "eu")), now);
    topology.expire(now);
    if (now > 3000 + NEWS_AHEAD_MS) assertEquals(topology.get("victim")!.record.region, "eu", `${now}`);
  }
  topology.peerClosed(7, 60_000);
  const { peer, address, record, isFirstHand } = topology.get("victim")!;
  assertEquals([peer, address, record.region, isFirstHand], [8, "victim:1", "eu", true]);
  topology.observe(SELF, new Map([[8, 30]]));
  assertEquals([...topology.self.links], [["victim", 30]]);
});

test("topology: a name that two claim is the first one's again when the second one leaves, or takes another", () => {
  const topology = world([]);
  topology.peerReady(2, "host2:1");
  topology.hear(2, "n1", hearsay("n1", recordOf(["x"], "moon")), 0);
  assertEquals(topology.get("n1")!.isFirstHand, false);
  topology.hear(2, "n2", hearsay("n2", recordOf()), 1);
  assertEquals([topology.get("n1")!.isFirstHand, topology.nodeOf(2)!.id], [true, "n2"]);
  topology.peerReady(3, "host3:1");
  topology.hear(3, "n1", [], 2);
  topology.peerClosed(3, 3);
  assertEquals([topology.get("n1")!.isFirstHand, topology.get("n1")!.record.region], [true, ""]);
});

test("topology: one that lies about a node is outvoted by two that do not", () => {
  const topology = world([], [], []);
  const truth = recordOf(["a", "b", "c"], "eu");
  topology.hear(1, "n1", hearsay("far", truth, 9000), 0);
  topology.hear(3, "n3", hearsay("far", recordOf(["x", "y"], "moon")), 0);
  topology.hear(2, "n2", hearsay("far", recordOf(["a", "b"], "eu"), 9000), 0);
  assertEquals(topology.get("far")!.record.region, "eu");
  // It is believed for a moment, since things do change, and then no more, however often it changes its story.
  for (let now = 0; now <= 60_000; now += 1000) {
    topology.hear(3, "n3", hearsay("far", recordOf([`${now}`], "moon")), now);
    topology.expire(now);
    assertEquals(topology.get("far")!.record.region, now < NEWS_AHEAD_MS ? "moon" : "eu", `${now}`);
  }
});

test("topology: whoever invents nodes displaces inventions of its own, and nobody else's", () => {
  const topology = world([], []);
  for (let i = 0; i < 50; i++) topology.hear(1, "n1", hearsay(`honest${i}`, recordOf()), 0);
  for (let i = 0; i < 5000; i++) topology.hear(2, "n2", hearsay(`invented${i}`, recordOf()), 1);
  assert(topology.size <= MAX_TOPOLOGY_NODES - 1, `${topology.size}`);
  for (let i = 0; i < 50; i++) assert(topology.get(`honest${i}`));
  for (let i = 50; i < 150; i++) topology.hear(1, "n1", hearsay(`honest${i}`, recordOf()), 2);
  for (let i = 0; i < 150; i++) assert(topology.get(`honest${i}`), `honest${i}`);
  topology.peerReady(3, "host3:1");
  assert(topology.nodeOf(3), "a peer of ours always finds room");
  assert(topology.size <= MAX_TOPOLOGY_NODES - 1 && topology.refused > 0);
});

test("topology: a node that nobody speaks of is forgotten, a peer that left first becomes hearsay", () => {
  const topology = world(["n2"], []);
  topology.hear(1, "n1", hearsay("far", recordOf(["n1"]), 60_000), 0);
  topology.peerClosed(1, 0);
  assertEquals([topology.get("n1")!.isFirstHand, topology.get("n1")!.peer], [false, undefined]);
  topology.expire(TOPOLOGY_TTL_MS - 60_000 + 1);
  assertEquals(topology.get("far"), undefined);
  assert(topology.get("n1"));
  topology.expire(TOPOLOGY_TTL_MS + 1);
  assertEquals(topology.get("n1"), undefined);
  topology.expire(1e15);
  assertEquals(
    [topology.size, topology.nodeOf(2)!.id],
    [1, "n2"],
    "who is connected is there, whatever the clock says",
  );
});

test("topology: what goes round in circles grows older and dies", () => {
  const [a, b] = [world([], []), world([], [])];
  a.hear(2, "n2", hearsay("dead", recordOf(["x"])), 0);
  let [toA, toB] = [0, 0];
  for (let now = 0; now <= 2 * TOPOLOGY_TTL_MS; now += 2000) {
    for (const topology of [a, b]) topology.expire(now);
    const fromA = a.news(1, toB, 32, now).filter(({ id }) => id === "dead");
    const fromB = b.news(1, toA, 32, now).filter(({ id }) => id === "dead");
    [toB, toA] = [a.revision, b.revision];
    // As the wire has it: whole seconds, at least one too many.
    const told = (all: typeof fromA) =>
      all.map(({ id, record, ageMs }) => ({ id, record, ageMs: 1000 * (Math.floor(ageMs / 1000) + 2) }));
    b.hear(1, "n1", told(fromA), now + 50);
    a.hear(1, "n1", told(fromB), now + 50);
  }
  assertEquals([a.get("dead"), b.get("dead")], [undefined, undefined]);
});

test("topology: news is told once, in portions, and never to whom it came from", () => {
  const topology = world([], []);
  for (let i = 0; i < 40; i++) topology.hear(1, "n1", hearsay(`far${i}`, recordOf()), 0);
  assertEquals(topology.news(1, 0, 100, 0).map(({ id }) => id), ["n2"]);
  const first = topology.news(2, 0, 32, 0);
  const rest = topology.news(2, first.at(-1)!.revision, 32, 0);
  assertEquals([first.length, rest.length, topology.news(2, topology.revision, 32, 0)], [32, 9, []]);
  topology.hear(1, "n1", hearsay("far3", recordOf()), 5000);
  assertEquals(topology.news(2, rest.at(-1)!.revision, 32, 5000), [], "nothing new, and hardly younger");
  topology.hear(1, "n1", hearsay("far3", recordOf([], "eu")), 6000);
  assertEquals(topology.news(2, rest.at(-1)!.revision, 32, 6000).map(({ id }) => id), ["far3"]);
});

test("topology: a second connection to one node, and a peer that has yet to say who it is, are no news", () => {
  const topology = world([]);
  topology.peerReady(2, "host1:2");
  topology.hear(2, "n1", hearsay("n1", recordOf(["self"])), 0);
  topology.peerReady(3, "host3:1");
  for (const now of [2000, 4000]) topology.expire(now);
  topology.peerClosed(3, 6000);
  assertEquals(topology.news(4, 0, 10, 6000).map(({ id }) => id), ["n1"]);
});

test("topology: addresses that are crawled are bounded, forgotten, and not shown twice", () => {
  const topology = world([]);
  for (let port = 1; port <= 5000; port++) topology.hearAddress(keyOf("1.2.3.4", port), port);
  assertEquals(topology.crawledSize, MAX_CRAWLED_NODES);
  topology.peerReady(2, "1.2.3.4:1");
  topology.hearAddress(keyOf("1.2.3.4", 1), 5000);
  const nodes = snapshotTopology(topology, 4, 5000).nodes;
  assertEquals(nodes.filter(({ address }) => address === "1.2.3.4:1").map(({ source }) => source), ["peer"]);
  assertEquals(nodes.filter(({ address }) => address === "1.2.3.4:5000").map(({ source }) => source), ["address"]);
  topology.expire(CRAWLED_TTL_MS + 5001);
  assertEquals(topology.crawledSize, 0);
});

test("topology: of a table full of invented nodes with all the links that fit, few are shown", () => {
  const topology = world([], ["far"]);
  const links = Array.from({ length: MAX_TOPOLOGY_LINKS }, (_, i) => i);
  topology.hear(2, "n2", hearsay("far", recordOf(links.map((i) => `ghost${i}`))), 0);
  topology.hear(1, "n1", hearsay("far", recordOf(links.map((i) => `ghost${i}`))), 0);
  for (let i = 0; i < MAX_TOPOLOGY_NODES; i++) {
    const others = links.map((step) => `ghost${(i * 31 + step * 17) % MAX_TOPOLOGY_NODES}`);
    topology.hear(1, "n1", hearsay(`ghost${i}`, recordOf(others)), 0);
  }
  const { links: shown, metrics } = snapshotTopology(topology, 4, 0);
  assert(topology.size >= MAX_TOPOLOGY_NODES - 2, `${topology.size}`);
  assert(shown.length <= MAX_TOPOLOGY_NODES * MAX_HEARSAY_LINKS, `${shown.length}`);
  assertEquals(metrics.links, shown.length);
  assertEquals(shown.filter(({ from, to }) => from === "far" || to === "far").length, MAX_TOPOLOGY_LINKS + 1);
});

test("topology: whatever is told, it stays within its bounds and its picture makes sense", () => {
  const id = fc.constantFrom("self", "n1", "n2", "a", "b", "c", "__proto__");
  const record = fc.record({ region: fc.constantFrom("", "eu", "__proto__"), links: fc.array(id, { maxLength: 5 }) });
  const step = fc.record({ peer: fc.integer({ min: 1, max: 4 }), sender: id, id, record, ageMs: fc.nat(200_000) });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const topology = world([], []);
    steps.forEach(({ peer, sender, id, record, ageMs }, i) => {
      if (i % 5 === 0) topology.peerReady(peer, `host${peer}:1`);
      if (i % 7 === 6) topology.peerClosed(peer, i * 1000);
      topology.hear(peer, sender, [{ id, ageMs, record: recordOf(record.links, record.region) }], i * 1000);
      topology.expire(i * 1000);
    });
    const { nodes, links, metrics } = snapshotTopology(topology, 2, steps.length * 1000);
    const known = new Set(nodes.map((node) => node.id));
    assertEquals(known.size, nodes.length);
    assertEquals(new Set(links.map(({ from, to }) => [from, to].sort().join())).size, links.length);
    for (const { from, to, known: how } of links) {
      assert(known.has(from) && known.has(to) && from !== to);
      if ([from, to].includes("self")) assertEquals(how, "measured");
    }
    assertEquals(metrics.nodes, nodes.length);
  }));
});

function keyOf(host: string, port: number): string {
  return addressKey(fromEndpoint({ host, port })!);
}
