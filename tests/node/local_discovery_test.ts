import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeBeacon } from "../../src/net/beacon.ts";
import { createNode } from "../../src/node/node.ts";
import type { NodeOptions } from "../../src/node/types.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { createMemoryStore } from "../../src/platform/memory_store.ts";
import type { Multicast, MulticastSocket } from "../../src/platform/types.ts";
import {
  LOCAL_ANNOUNCE_MS,
  LOCAL_ANSWER_PAUSE_MS,
  LOCAL_BURST,
  LOCAL_GROUP,
  LOCAL_PORT,
  LOCAL_RATE,
} from "../../src/protocol/local_discovery_params.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import type { LocalDiscoverySnapshot } from "../../src/protocol/network_snapshots.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { type Env, type Logger, silentLogger } from "../../src/util/env.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { PORT, type SimulatedNode, simulateNode } from "../support/simulated_node.ts";

// Whole nodes on one simulated local network, which know nobody.

const GROUP = { host: LOCAL_GROUP, port: LOCAL_PORT };
const SECOND_MS = 1000;
const DEADLINE_MS = 4 * SECOND_MS;

type Changes = Omit<Partial<NodeOptions>, "connect"> & { readonly multicast?: Multicast; readonly env?: Env };

async function started(network: MemoryNetwork, host: string, changes: Changes = {}): Promise<SimulatedNode> {
  const simulated = simulateNode(network, host, { discover: true, discoverLocal: true, ...changes });
  const starting = simulated.node.start();
  await network.run(network.now());
  await starting;
  return simulated;
}

async function runFor(network: MemoryNetwork, ms: number): Promise<void> {
  await network.run(network.now() + ms);
}

/** Addresses of peers whose handshake is done, without ports. */
function peersOf({ node }: SimulatedNode): string[] {
  const ready = node.peers().filter(({ state }) => state === "ready");
  return ready.map(({ address }) => address.slice(0, address.lastIndexOf(":"))).sort();
}

function localOf({ node }: SimulatedNode): LocalDiscoverySnapshot {
  const { local } = node.addresses();
  assert(local);
  return local;
}

/** Somebody who says what he likes. */
function speaker(network: MemoryNetwork, host: string): MulticastSocket {
  return network.multicast(host).join(GROUP, host, { joined() {}, received() {}, failed() {} });
}

test("local discovery: nodes that know nobody find each other, and who comes later is answered at once", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const first = await started(network, "10.0.0.1");
  const second = await started(network, "10.0.0.2");
  await runFor(network, DEADLINE_MS);
  assertEquals([peersOf(first).includes("10.0.0.2"), peersOf(second).includes("10.0.0.1")], [true, true]);
  await runFor(network, LOCAL_ANNOUNCE_MS / 3);
  const third = await started(network, "10.0.0.3");
  await runFor(network, DEADLINE_MS);
  assertEquals([localOf(first).found, localOf(second).found, localOf(third).found], [2, 2, 2]);
  assert(peersOf(third).includes("10.0.0.1") && peersOf(third).includes("10.0.0.2"));
});

test("local discovery: who was not asked to neither hears nor says anything", async () => {
  const network = createMemoryNetwork({ seed: 2 });
  const quiet = await started(network, "10.0.0.1", { discoverLocal: false });
  const other = await started(network, "10.0.0.2");
  await runFor(network, 3 * LOCAL_ANNOUNCE_MS);
  assertEquals([quiet.node.addresses().local, localOf(other).found], [null, 0]);
  assertEquals([peersOf(quiet), peersOf(other)], [[], []]);
});

test("local discovery: three networks on one local network do not mix", async () => {
  const network = createMemoryNetwork({ seed: 3 });
  const nodes: SimulatedNode[] = [];
  for (let i = 0; i < 6; i++) {
    const params = { ...REGTEST, magic: 0x0102_0300 + i % 3 };
    nodes.push(await started(network, `10.0.0.${i}`, { network: params }));
  }
  await runFor(network, 2 * LOCAL_ANNOUNCE_MS);
  for (const [i, node] of nodes.entries()) {
    const { found, foreign, malformed } = localOf(node);
    assertEquals([found, malformed], [1, 0]);
    assert(foreign >= 4, `${foreign} of others`);
    assertEquals(new Set(peersOf(node)), new Set([`10.0.0.${(i + 3) % 6}`]));
  }
});

test("local discovery: a node that is alone hears itself, dials nobody, and speaks once a minute", async () => {
  const network = createMemoryNetwork({ seed: 4 });
  const alone = await started(network, "10.0.0.1");
  await runFor(network, 20 * LOCAL_ANNOUNCE_MS);
  const { sent, own, found } = localOf(alone);
  assertEquals([own, found, alone.node.addresses().total], [sent, 0, 0]);
  assert(sent >= 17 && sent <= 26, `${sent} announcements in 20 minutes`);
});

test("local discovery: who starts anew is news, and is answered at once", async () => {
  const network = createMemoryNetwork({ seed: 5 });
  const stays = await started(network, "10.0.0.1");
  await started(network, "10.0.0.2");
  await runFor(network, 2 * DEADLINE_MS);
  network.kill("10.0.0.2");
  await runFor(network, DEADLINE_MS);
  assertEquals(peersOf(stays), []);
  // A host of this network draws the same numbers in each life; a real one does not.
  const env = { ...network.env("10.0.0.2"), randomBytes: (sizeBytes: number) => new Uint8Array(sizeBytes).fill(7) };
  const again = await started(network, "10.0.0.2", { env });
  await runFor(network, DEADLINE_MS);
  assertEquals([localOf(stays).found, localOf(again).found], [2, 1]);
  assert(peersOf(again).includes("10.0.0.1"));
});

test("local discovery: a flood is bounded in what is read, kept and answered, and passes", async () => {
  const network = createMemoryNetwork({ seed: 6 });
  const node = await started(network, "10.0.0.1");
  const before = localOf(node).sent;
  const flood = speaker(network, "10.0.0.66");
  const seconds = 20;
  for (let i = 0; i < seconds * 100; i++) {
    for (let k = 1; k <= 10; k++) {
      flood.send(encodeBeacon(REGTEST.magic, { port: 10 * i + k, nonce: BigInt(10 * i + k) }));
    }
    flood.send(new Uint8Array(1400));
    await runFor(network, 10);
  }
  const { found, malformed, limited, sent } = localOf(node);
  assert(found + malformed <= LOCAL_BURST + LOCAL_RATE * seconds + 1, `${found} and ${malformed} were read`);
  assert(limited > 20_000, `${limited} were not`);
  assert(sent - before <= 1 + seconds * SECOND_MS / LOCAL_ANSWER_PAUSE_MS, `${sent - before} answers`);
  const { total } = node.node.addresses();
  assert(total > 0 && total <= found, `${total} addresses kept`);
  flood.close();
  await runFor(network, LOCAL_BURST / LOCAL_RATE * SECOND_MS);
  const honest = await started(network, "10.0.0.2");
  await runFor(network, 2 * DEADLINE_MS);
  assert(peersOf(honest).includes("10.0.0.1"));
  assertEquals(localOf(node).found, found + 1);
});

test("local discovery: without a listener it hears and dials, and says nothing", async () => {
  const network = createMemoryNetwork({ seed: 7 });
  const silent = await started(network, "10.0.0.1", { listen: [] });
  const other = await started(network, "10.0.0.2");
  await runFor(network, DEADLINE_MS);
  assertEquals([peersOf(silent), localOf(silent).sent, localOf(other).found], [["10.0.0.2"], 0, 0]);
});

test("local discovery: who listens on loopback only is heard on loopback only", async () => {
  const network = createMemoryNetwork({ seed: 8 });
  const inner = await started(network, "10.0.0.1", { listen: [{ host: "127.0.0.1", port: PORT }] });
  const other = await started(network, "10.0.0.2");
  await runFor(network, 2 * LOCAL_ANNOUNCE_MS);
  assertEquals(localOf(inner).interfaces, ["127.0.0.1"]);
  assertEquals([localOf(inner).found, localOf(other).found], [0, 0]);
});

test("local discovery: what was heard is dialled where a network has seeds too, and no stranger is told", async () => {
  const network = createMemoryNetwork({ seed: 9 });
  const params = { ...REGTEST, dnsSeeds: ["seed.example"] };
  const node = await started(network, "10.0.0.1", { network: params });
  await started(network, "10.0.0.2", { network: params });
  await runFor(network, DEADLINE_MS);
  assert(peersOf(node).includes("10.0.0.2"));
  const told = async (from: string) => {
    const peer = await dialScripted(network, from, "10.0.0.1");
    peer.send({ type: "getaddr" });
    await runFor(network, SECOND_MS);
    return [...peer.of("addr"), ...peer.of("addrv2")].flatMap(({ addresses }) =>
      addresses.map(({ address }) => address.bytes.join("."))
    );
  };
  assertEquals((await told("20.0.0.1")).filter((text) => text.startsWith("10.")), []);
  assert((await told("10.0.0.9")).includes("10.0.0.2"));
});

test("local discovery: what is banned is not kept", async () => {
  const network = createMemoryNetwork({ seed: 10 });
  const node = await started(network, "10.0.0.1");
  node.node.ban("10.0.0.2");
  speaker(network, "10.0.0.2").send(encodeBeacon(REGTEST.magic, { port: 1, nonce: 1n }));
  await runFor(network, DEADLINE_MS);
  assertEquals([localOf(node).found, node.node.addresses().total], [0, 0]);
});

test("local discovery: a node that has told what it serves is not taken for more when it speaks again", async () => {
  const network = createMemoryNetwork({ seed: 15 });
  const node = await started(network, "10.0.0.1");
  await started(network, "10.0.0.2", { pruneBytes: 600_000_000 });
  await runFor(network, 10 * LOCAL_ANNOUNCE_MS);
  const [known] = node.node.addresses().addresses;
  assertEquals([known?.address, known?.services.includes("NETWORK")], [`10.0.0.2:${PORT}`, false]);
});

test("local discovery: without multicast the node says so once, goes on, and tries again", async () => {
  const warnings: unknown[][] = [];
  const logger: Logger = { ...silentLogger, warn: (message, fields) => void warnings.push([message, fields]) };
  const network = createMemoryNetwork({
    seed: 11,
    logger: (host, category) => host === "10.0.0.1" && category === "discovery" ? logger : silentLogger,
  });
  const working = network.multicast("10.0.0.1");
  const env = network.env("10.0.0.1");
  let failures = 3;
  const multicast: Multicast = {
    ...working,
    join(group, address, sink) {
      if (failures-- <= 0) return working.join(group, address, sink);
      env.soon(() => sink.failed(new Error("no such device")));
      return { send() {}, close() {} };
    },
  };
  const node = await started(network, "10.0.0.1", { multicast });
  const other = await started(network, "10.0.0.2");
  await runFor(network, LOCAL_ANNOUNCE_MS);
  const message = "nodes on the local network are not heard: no multicast on an interface";
  assertEquals(warnings, [[message, { interface: "10.0.0.1", error: "no such device" }]]);
  assertEquals(localOf(node).interfaces, []);
  await runFor(network, 4 * LOCAL_ANNOUNCE_MS);
  assertEquals([warnings.length, localOf(node).found, localOf(other).found], [1, 1, 1]);
});

test("local discovery: interfaces that come and go are followed", async () => {
  const network = createMemoryNetwork({ seed: 12 });
  let present: readonly string[] = [];
  const multicast: Multicast = { ...network.multicast("10.0.0.1"), interfacesOf: () => present };
  const node = await started(network, "10.0.0.1", { multicast });
  assertEquals(localOf(node).interfaces, []);
  present = ["10.0.0.1"];
  await runFor(network, 2 * LOCAL_ANNOUNCE_MS);
  assertEquals([localOf(node).interfaces, network.openOn("10.0.0.1").listeners], [["10.0.0.1"], 2]);
  present = [];
  await runFor(network, 2 * LOCAL_ANNOUNCE_MS);
  assertEquals([localOf(node).interfaces, network.openOn("10.0.0.1").listeners], [[], 1]);
});

test("local discovery: nothing is left of a node that stopped, with an answer under way", async () => {
  const network = createMemoryNetwork({ seed: 13 });
  const { node } = await started(network, "10.0.0.1");
  speaker(network, "10.0.0.2").send(encodeBeacon(REGTEST.magic, { port: 1, nonce: 1n }));
  await runFor(network, 2);
  let isOver = false;
  node.stop().then(() => isOver = true);
  await network.run(() => isOver);
  assertEquals(network.openOn("10.0.0.1"), { sockets: 0, listeners: 0, timers: 0 });
});

test("local discovery: a node whose parts have no multicast is not made", () => {
  const network = createMemoryNetwork({ seed: 14 });
  const [env, transport] = [network.env("a"), network.transport("a")];
  const parts = { env, transport, hasher: createHasher(), store: createMemoryStore() };
  const options: NodeOptions = {
    network: REGTEST,
    listen: [],
    join: [],
    connect: [],
    maxInbound: 1,
    maxOutbound: 1,
    userAgent: "/a/",
    pruneBytes: undefined,
    mineSeconds: undefined,
    discover: true,
    discoverLocal: true,
  };
  assertThrows(() => createNode(parts, options), LocalError, "the node has no multicast among its parts");
});
