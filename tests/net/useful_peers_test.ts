import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import {
  SERVICE_NETWORK,
  SERVICE_NETWORK_LIMITED,
  SERVICE_WITNESS,
  SERVICES_OF_FULL_NODES,
} from "../../src/protocol/service_flags.ts";
import { recordOf } from "../support/address_books.ts";
import { ListSource } from "../support/list_source.ts";
import { dialScripted, listenScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

// Places for outbound peers are for those who have what we lack.

const MINUTE_MS = 60_000;

/** Answers on a host with these services. Returns its connections. */
async function listen(network: MemoryNetwork, host: string, services: bigint): Promise<ScriptedPeer[]> {
  const guests: ScriptedPeer[] = [];
  await listenScripted(network, host, { services }, (peer) => void guests.push(answering(peer)));
  return guests;
}

function answering(peer: ScriptedPeer): ScriptedPeer {
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    if (message.type === "getheaders") peer.send({ type: "headers", headers: [] });
  };
  return peer;
}

interface Started {
  readonly node: P2PNode;
  /** How its connections ended. */
  readonly ends: string[];
  readonly source: ListSource;
}

/** A node that knows the hosts. */
async function start(network: MemoryNetwork, hosts: readonly string[]): Promise<Started> {
  const source = new ListSource(hosts.map((host) => ({ host, port: PORT })), network.env("node").random);
  const { node } = simulateNode(network, "node", { addressSource: source });
  const ends: string[] = [];
  node.on("peer:disconnected", ({ reason }) => void ends.push(reason));
  await node.start();
  return { node, ends, source };
}

function outbound(node: P2PNode): string[] {
  return node.peers().map(({ kind, address }) => `${kind} ${address.split(":")[0]}`).sort();
}

for (
  const [name, services, isKept] of [
    ["nothing", 0n, false],
    ["blocks without witnesses", SERVICE_NETWORK, false],
    ["the whole chain", SERVICES_OF_FULL_NODES, true],
    ["the newest blocks, near the tip", SERVICE_NETWORK_LIMITED | SERVICE_WITNESS, true],
  ] as const
) {
  test(`useful peers: who serves ${name} ${isKept ? "keeps its place" : "loses its place, without a penalty"}`, {
    timeout: 60_000,
  }, async () => {
    const network = createMemoryNetwork({ seed: 1 });
    await listen(network, "20.0.0.1", services);
    const { node, ends, source } = await start(network, ["20.0.0.1"]);
    await network.run(10_000);
    assertEquals(outbound(node), isKept ? ["full 20.0.0.1"] : []);
    assertEquals(new Set(ends), new Set(isKept ? [] : ["missing-services"]));
    assertEquals([source.failures.length > 0, source.successes.length > 0], [!isKept, isKept]);
    assertEquals(node.offenders(), []);
  });
}

test("useful peers: whom the owner dials may serve nothing, and who is only tried is kept as no spare", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 2 });
  const useful = Array.from({ length: 10 }, (_, i) => `20.${i}.0.1`);
  for (const host of useful) await listen(network, host, SERVICES_OF_FULL_NODES);
  const light = await listen(network, "30.0.0.1", 0n);
  const { node, ends } = await start(network, [...useful, "30.0.0.1"]);
  await network.run(20 * MINUTE_MS);
  const kinds = node.peers().map(({ kind }) => kind).sort();
  assertEquals(kinds, [...Array(2).fill("block-only"), ...Array(8).fill("full")]);
  assert(ends.includes("closed-by-us"), "it was tried");

  const before = light.length;
  const dialling = node.connect({ host: "30.0.0.1", port: PORT });
  await network.run(network.now() + MINUTE_MS);
  await dialling;
  await network.run(network.now() + 20 * MINUTE_MS);
  assertEquals([light.length - before, light.at(-1)!.closed], [1, false]);
});

test("useful peers: once a node is known to serve nothing, it is no candidate, and no address that proved itself", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 3 });
  const hosts = ["20.0.0.1", "21.0.0.1", "22.0.0.1"];
  const guests: ScriptedPeer[][] = [];
  for (const host of hosts) guests.push(await listen(network, host, host === hosts[2] ? SERVICES_OF_FULL_NODES : 0n));
  const { node } = simulateNode(network, "30.0.0.1", { discover: true });
  await node.start();
  const source = answering(await dialScripted(network, "2.0.0.1", "30.0.0.1"));
  const time = Math.floor(network.env("clock").wallClock() / 1000);
  // Of one it is said that it serves nothing, of the others that they are full nodes.
  const addresses = hosts.map((host, i) => recordOf(host, { port: PORT, time, services: i === 0 ? 0n : 9n }));
  source.send({ type: "addr", addresses });
  await network.run(60 * MINUTE_MS);
  assertEquals(guests.map(({ length }) => length), [0, 1, 1]);
  assertEquals(outbound(node), ["full 22.0.0.1", "inbound 2.0.0.1"]);
  const known = node.addresses().addresses.map(({ address, services, tried }) => [address, services.length, tried]);
  assertEquals(known.sort(), [
    [`20.0.0.1:${PORT}`, 0, false],
    [`21.0.0.1:${PORT}`, 0, false],
    [`22.0.0.1:${PORT}`, 2, true],
  ]);
});

test("useful peers: a way into the network that the owner named may have nothing but addresses", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 4 });
  const guests = await listen(network, "20.0.0.1", 0n);
  const { node } = simulateNode(network, "30.0.0.1", { discover: true, join: [{ host: "20.0.0.1", port: PORT }] });
  await node.start();
  await network.run(10_000);
  assertEquals(outbound(node), ["full 20.0.0.1"]);
  assertEquals(guests.map((guest) => guest.of("getaddr").length), [1]);
});
