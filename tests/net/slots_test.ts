import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryStore, type MemoryStore } from "../../src/platform/memory_store.ts";
import { ListSource } from "../support/list_source.ts";
import { listenScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

const MINUTE_MS = 60_000;

interface Scene {
  readonly network: MemoryNetwork;
  readonly node: P2PNode;
  readonly source: ListSource;
  readonly store: MemoryStore;
  /** Connections that the node opened to each host, in order. */
  readonly guests: ReadonlyMap<string, ScriptedPeer[]>;
}

/** Hosts that answer, and a node that knows their addresses. */
async function openScene(
  hosts: readonly string[],
  options: Partial<Omit<NodeOptions, "connect">> & { readonly seed?: number; readonly store?: MemoryStore } = {},
): Promise<Scene> {
  const { seed = 1, store = createMemoryStore(), ...changes } = options;
  const network = createMemoryNetwork({ seed });
  const guests = new Map<string, ScriptedPeer[]>(hosts.map((host) => [host, []]));
  for (const host of hosts) {
    await listenScripted(network, host, {}, (peer) => void guests.get(host)!.push(answering(peer)));
  }
  const source = new ListSource(hosts.map((host) => ({ host, port: PORT })), network.env("node").random);
  const { node } = simulateNode(network, "node", { ...changes, addressSource: source, store });
  await node.start();
  return { network, node, source, store, guests };
}

function answering(peer: ScriptedPeer): ScriptedPeer {
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    if (message.type === "getheaders") peer.send({ type: "headers", headers: [] });
  };
  return peer;
}

function kinds(node: P2PNode): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, state } of node.peers()) if (state === "ready") counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const HOSTS = Array.from({ length: 30 }, (_, i) => `20.${i}.0.1`);

test("slots: eight peers for everything and two for blocks, of as many groups", { timeout: 60_000 }, async () => {
  const { network, node } = await openScene(HOSTS.concat(HOSTS.map((host) => host.replace(/1$/, "2"))));
  await network.run(30_000);
  assertEquals(kinds(node), { "full": 8, "block-only": 2 });
  const groups = new Set(node.peers().map(({ address }) => address.split(".")[1]));
  assertEquals(groups.size, 10);
});

test("slots: a connection for blocks says that it wants no transactions, and neither sends nor asks for addresses", {
  timeout: 60_000,
}, async () => {
  const { network, node, guests } = await openScene(HOSTS);
  await network.run(30_000);
  for (const { kind, address } of node.peers()) {
    const [guest] = guests.get(address.split(":")[0]!)!;
    assertEquals(guest!.of("version")[0]!.relay, kind !== "block-only", `${kind} ${address}`);
    if (kind === "block-only") assertEquals(guest!.of("getaddr").length + guest!.of("addr").length, 0);
  }
});

test("slots: an address that does not answer waits longer each time, and others are tried meanwhile", {
  timeout: 60_000,
}, async () => {
  const { network, node, source } = await openScene(HOSTS.slice(0, 3));
  source.endpoints.push({ host: "21.0.0.1", port: PORT });
  await network.run(10 * MINUTE_MS);
  assertEquals(kinds(node), { full: 3 }, "in a small network everything reaches everybody");
  const tries = source.attempts.filter(([endpoint]) => endpoint.startsWith("21.")).map(([, at]) => at);
  assert(tries.length >= 4 && tries.length < 15, `${tries.length} dials in ten minutes`);
  const pauses = tries.slice(1).map((at, i) => at - tries[i]!);
  assert(pauses.at(-1)! > 2 * pauses[0]!, pauses.join());
  assertEquals(source.failures.length, tries.length);
});

test("slots: who hangs up after each handshake is not dialled in a circle", { timeout: 60_000 }, async () => {
  const { network, guests, source } = await openScene([]);
  let count = 0;
  await listenScripted(network, "22.0.0.1", {}, (peer) => {
    count++;
    peer.onMessage = (message) => message.type === "verack" && peer.connection.close();
  });
  source.endpoints.push({ host: "22.0.0.1", port: PORT });
  await network.run(10 * MINUTE_MS);
  assertEquals(guests.size, 0);
  assert(count >= 3 && count < 20, `${count} connections in ten minutes`);
});

test(
  "slots: a feeler's peer is kept as a spare, which takes the place of a lost one at once",
  { timeout: 60_000 },
  async () => {
    const { network, node, guests } = await openScene(HOSTS);
    await network.run(() => kinds(node)["feeler"] === 1 || network.now() > 60 * MINUTE_MS);
    assertEquals(kinds(node), { "full": 8, "block-only": 2, "feeler": 1 });
    const spare = node.peers().find(({ kind }) => kind === "feeler")!;
    const lost = node.peers().find(({ kind }) => kind === "full")!;
    guests.get(lost.address.split(":")[0]!)!.at(-1)!.connection.abort();
    await network.run(() => !node.peers().some(({ id }) => id === lost.id));
    assertEquals(node.peers().find(({ id }) => id === spare.id)!.kind, "full");
    assertEquals(kinds(node)["full"], 8);
  },
);

test("slots: a network with hardly more nodes than places has a spare too; with no more, a lost place is dialled for", {
  timeout: 60_000,
}, async () => {
  const eleven = await openScene(HOSTS.slice(0, 11));
  await eleven.network.run(20 * MINUTE_MS);
  assertEquals(kinds(eleven.node), { full: 8, "block-only": 2, feeler: 1 });
  const { network, node, guests } = await openScene(HOSTS.slice(0, 10));
  await network.run(20 * MINUTE_MS);
  assertEquals(kinds(node), { full: 8, "block-only": 2 });
  guests.get(node.peers().find(({ kind }) => kind === "full")!.address.split(":")[0]!)!.at(-1)!.connection.abort();
  await network.run(network.now() + MINUTE_MS);
  assertEquals(kinds(node), { full: 8, "block-only": 2 });
});

test("slots: one spare at most, and never an old one", { timeout: 60_000 }, async () => {
  const { network, node } = await openScene(HOSTS);
  let most = 0;
  node.on("peer:connected", () => {
    most = Math.max(most, node.peers().filter(({ kind }) => kind === "feeler").length);
  });
  await network.run(60 * MINUTE_MS);
  assert(most <= 2, `${most} at once`);
  const spare = node.peers().filter(({ kind }) => kind === "feeler");
  assertEquals(spare.length, 1);
  assert(spare[0]!.connectedSeconds < 20 * 60, `${spare[0]!.connectedSeconds} s`);
});

test("slots: peers that the owner dials take places of others", { timeout: 60_000 }, async () => {
  const { network, node } = await openScene(HOSTS, { maxOutbound: 4 });
  await network.run(10_000);
  assertEquals(kinds(node), { "full": 2, "block-only": 2 });
  const chosen = HOSTS.filter((host) => !node.peers().some(({ address }) => address.startsWith(`${host}:`))).slice(
    0,
    3,
  );
  const dials = chosen.map((host) => node.connect({ host, port: PORT }));
  await network.run(20_000);
  await Promise.all(dials);
  assertEquals([kinds(node)["manual"], kinds(node)["full"]! + (kinds(node)["block-only"] ?? 0)], [3, 1]);
});

test("slots: nobody is dialled where the limit is 0", { timeout: 60_000 }, async () => {
  const { network, source } = await openScene(HOSTS, { maxOutbound: 0 });
  await network.run(10 * MINUTE_MS);
  assertEquals(source.attempts, []);
});

test(
  "slots: after a restart the peers for blocks are found again, also after a crash",
  { timeout: 60_000 },
  async () => {
    const { network, node, store } = await openScene(HOSTS);
    await network.run(30_000);
    const anchors = node.peers().filter(({ kind }) => kind === "block-only").map(({ address }) => address).sort();
    network.kill("node");
    const again = simulateNode(network, "node", {
      addressSource: new ListSource([], network.env("node").random),
      store: store.crash(),
    }).node;
    await again.start();
    await network.run(network.now() + 10_000);
    const found = again.peers().map(({ address, kind }) => [address, kind]);
    assertEquals(found.sort(), anchors.map((address) => [address, "block-only"]));
  },
);

test(
  "slots: where only peers for blocks are found, they become peers for everything, by a new connection",
  { timeout: 60_000 },
  async () => {
    const store = createMemoryStore();
    store.putAnchors(HOSTS.slice(0, 2).map((host) => `${host}:${PORT}`));
    const { network, node, source, guests } = await openScene(HOSTS.slice(0, 2), { store });
    source.endpoints.length = 0;
    await network.run(10_000);
    assertEquals(kinds(node), { "block-only": 2 });
    await network.run(2 * MINUTE_MS);
    assertEquals(kinds(node), { full: 2 });
    for (const host of HOSTS.slice(0, 2)) {
      assertEquals(guests.get(host)!.map((guest) => [guest.of("version")[0]!.relay, guest.closed]), [
        [false, true],
        [true, false],
      ]);
    }
  },
);

test(
  "slots: nobody is dialled for blocks only before a few peers for everything stand",
  { timeout: 60_000 },
  async () => {
    const { network, node, source } = await openScene(HOSTS.slice(0, 3));
    const wanted: string[] = [];
    const select = source.select.bind(source);
    source.select = (kind) => {
      wanted.push(kind);
      return select(kind);
    };
    await network.run(MINUTE_MS);
    assertEquals(kinds(node), { full: 3 });
    assert(!wanted.includes("block-only"), wanted.join());
  },
);

test("slots: whom the owner dials is a peer for everything, also where blocks went over a connection before", {
  timeout: 60_000,
}, async () => {
  const { network, node, guests } = await openScene(HOSTS);
  await network.run(30_000);
  const [host] = node.peers().find(({ kind }) => kind === "block-only")!.address.split(":");
  const dial = node.connect({ host: host!, port: PORT });
  await network.run(40_000);
  assertEquals((await dial).kind, "manual");
  assertEquals(guests.get(host!)!.map((guest) => [guest.of("version")[0]!.relay, guest.closed]), [
    [false, true],
    [true, false],
  ]);
  network.kill(host!);
  await network.run(50_000);
  const again = node.connect({ host: host!, port: PORT }).catch((error: Error) => error);
  await network.run(60_000);
  assert(await again instanceof Error, "no stale entry answers for it");
});

test("slots: an address of our own is met once", { timeout: 60_000 }, async () => {
  const { network, source } = await openScene(HOSTS.slice(0, 2));
  source.endpoints.push({ host: "node", port: PORT });
  await network.run(30 * MINUTE_MS);
  assertEquals(source.attempts.filter(([endpoint]) => endpoint.startsWith("node:")).length, 1);
});

test("slots: a discouraged address is not dialled", { timeout: 60_000 }, async () => {
  const { network, node, guests, source } = await openScene(HOSTS.slice(0, 1));
  await network.run(5_000);
  assertEquals(node.peers().length, 1);
  const [guest] = guests.get(HOSTS[0]!)!;
  guest!.send({ type: "block", block: new Uint8Array(81) });
  guest!.sendRaw(new Uint8Array(64));
  for (let i = 0; i < 40; i++) {
    await network.run(network.now() + MINUTE_MS);
    const peer = guests.get(HOSTS[0]!)!.at(-1)!;
    if (!peer.closed) peer.sendRaw(new Uint8Array(64));
  }
  const before = source.attempts.length;
  await network.run(network.now() + 60 * MINUTE_MS);
  assertEquals(source.attempts.length, before);
});

test("slots: stopping begins no dial, ends those under way and closes what stands", { timeout: 60_000 }, async () => {
  const { network, node, source } = await openScene(HOSTS.slice(0, 5));
  source.endpoints.push(...Array.from({ length: 50 }, (_, i) => ({ host: `23.${i}.0.1`, port: PORT })));
  await network.run(2_000);
  const stopping = node.stop();
  let isStopped = false;
  stopping.then(() => isStopped = true);
  const began = network.now();
  const dials = source.attempts.length;
  await network.run(() => isStopped);
  assert(network.now() - began < 1000, `${network.now() - began} ms`);
  await network.run(network.now() + 10 * MINUTE_MS);
  assertEquals([node.peers(), source.attempts.length], [[], dials]);
});
