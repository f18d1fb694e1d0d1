import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { MemoryStore } from "../../src/platform/memory_store.ts";
import type { NodeOptions } from "../../src/node/types.ts";
import { P2P } from "../../src/protocol/networks.ts";
import { ADDRESS_START, SEED_GUEST_MS, SEED_IDLE_MS } from "../../src/protocol/address_params.ts";
import { parseSubnet } from "../../src/protocol/subnets.ts";
import type { AddressRecord } from "../../src/protocol/messages.ts";
import { recordOf, spread } from "../support/address_books.ts";
import { dialScripted, listenScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { PORT, type SimulatedNode, simulateNode } from "../support/simulated_node.ts";

// Whole nodes on the simulated network. Hosts that are named by their addresses exchange them.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Changes = Omit<Partial<NodeOptions>, "connect"> & { readonly store?: MemoryStore };

function joining(network: MemoryNetwork, host: string, seed: string, changes: Changes = {}): SimulatedNode {
  const join = [{ host: seed, port: changes.network?.defaultPort ?? PORT }];
  return simulateNode(network, host, { join, discover: true, ...changes });
}

async function runFor(network: MemoryNetwork, ms: number): Promise<void> {
  await network.run(network.now() + ms);
}

/** A scripted peer that stays as long as it is wanted. */
async function dialIn(...parameters: Parameters<typeof dialScripted>): Promise<ScriptedPeer> {
  const peer = await dialScripted(...parameters);
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
  };
  return peer;
}

/** Unix seconds of the network's clock. */
function seconds(network: MemoryNetwork): number {
  return Math.floor(network.env("clock").wallClock() / 1000);
}

/** Addresses that a peer was sent, in all its messages. */
function told(peer: ScriptedPeer): string[] {
  return [...peer.of("addr"), ...peer.of("addrv2")].flatMap(({ addresses }) =>
    addresses.map(({ address, port }) => `${address.bytes.join(".")}:${port}`)
  );
}

function fresh(network: MemoryNetwork, count: number, group = 20): AddressRecord[] {
  return Array.from(
    { length: count },
    (_, i) => recordOf(`${group}.${Math.floor(i / 250)}.${i % 250}.1`, { time: seconds(network) }),
  );
}

/** Whether each can be reached from each, over connections that stand. */
function isConnected(nodes: readonly SimulatedNode[], hostOf: (index: number) => string): boolean {
  const indexOf = new Map(nodes.map((_, index) => [hostOf(index), index]));
  const links = nodes.map(() => new Set<number>());
  nodes.forEach(({ node }, index) => {
    for (const { address, direction, state } of node.peers()) {
      const other = indexOf.get(address.slice(0, address.lastIndexOf(":")));
      if (other === undefined || direction !== "outbound" || state !== "ready") continue;
      links[index]!.add(other);
      links[other]!.add(index);
    }
  });
  const reached = new Set([0]);
  for (const index of reached) for (const other of links[index]!) reached.add(other);
  return reached.size === nodes.length;
}

for (const chain of ["regtest", "p2p"] as const) {
  const settings = chain === "p2p" ? { network: P2P } : {};
  const port = chain === "p2p" ? P2P.defaultPort : PORT;
  const hostOf = (index: number) => `10.0.${index}.1`;

  test(
    `addresses on ${chain}: ten nodes that know a seed become a network that outlives it`,
    { timeout: 60_000 },
    async () => {
      const network = createMemoryNetwork({ seed: 3 });
      const listen = (host: string) => ({ listen: [{ host, port }], ...settings });
      const seed = simulateNode(network, "10.99.0.1", {
        discover: true,
        seed: true,
        maxOutbound: 0,
        ...listen("10.99.0.1"),
      });
      await seed.node.start();
      const nodes: SimulatedNode[] = [];
      for (let index = 0; index < 10; index++) {
        const joined = joining(network, hostOf(index), "10.99.0.1", listen(hostOf(index)));
        nodes.push(joined);
        await joined.node.start();
        await runFor(network, 5000);
      }
      await runFor(network, 10 * MINUTE_MS);
      assert(isConnected(nodes, hostOf), "connected with the seed");

      network.kill("10.99.0.1", { silently: true });
      await runFor(network, 10 * MINUTE_MS);
      assert(isConnected(nodes, hostOf), "connected after the death of the seed");

      // Half of them restart, with what they had stored.
      for (let index = 0; index < 5; index++) {
        network.kill(hostOf(index));
        const store = nodes[index]!.store.crash();
        nodes[index] = joining(network, hostOf(index), "10.99.0.1", { ...listen(hostOf(index)), store });
        await nodes[index]!.node.start();
      }
      await runFor(network, 10 * MINUTE_MS);
      assert(isConnected(nodes, hostOf), "connected after half of them restarted");
    },
  );
}

test(
  "addresses: getaddr is answered once a connection, and to those who dialled us only",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 4 });
    const { node } = simulateNode(network, "1.0.0.1");
    await node.start();
    const source = await dialIn(network, "2.0.0.1", "1.0.0.1");
    source.send({ type: "addr", addresses: fresh(network, ADDRESS_START) });
    await runFor(network, 1000);
    assertEquals(node.addresses().total, ADDRESS_START);

    const asker = await dialIn(network, "3.0.0.1", "1.0.0.1");
    asker.send({ type: "getaddr" }, { type: "getaddr" });
    await runFor(network, 1000);
    const answers = asker.of("addr").filter(({ addresses }) => addresses.length > 1);
    assertEquals(answers.map(({ addresses }) => addresses.length), [ADDRESS_START]);

    const dialled: ScriptedPeer[] = [];
    await listenScripted(network, "4.0.0.1", {}, (peer) => void dialled.push(peer));
    const connecting = node.connect({ host: "4.0.0.1", port: PORT });
    await network.run(() => dialled[0]?.of("verack").length === 1);
    await connecting;
    dialled[0]!.send({ type: "getaddr" });
    await runFor(network, 1000);
    assertEquals(told(dialled[0]!), [`1.0.0.1:${PORT}`], "only where we are");
  },
);

test(
  "addresses: all who ask get the same answer for a day, and no more of the book than a share",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 5 });
    const { node } = simulateNode(network, "1.0.0.1", {
      permits: [{ subnet: parseSubnet("20.0.0.0/6"), permissions: new Set(["addr"]) }],
    });
    await node.start();
    for (const host of ["20.0.0.1", "21.0.0.1", "22.0.0.1"]) {
      const source = await dialIn(network, host, "1.0.0.1");
      for (let i = 0; i < 3000; i += 1000) {
        const time = seconds(network);
        const addresses = Array.from({ length: 1000 }, (_, number) => spread(i + number));
        source.send({ type: "addr", addresses: addresses.map((address) => recordOf("1.1.1.1", { address, time })) });
      }
      await runFor(network, 1000);
      source.connection.close();
    }
    const { total } = node.addresses();
    assert(total > 1000, `${total}`);
    const ask = async (host: string) => {
      const asker = await dialIn(network, host, "1.0.0.1");
      asker.send({ type: "getaddr" });
      await runFor(network, 1000);
      asker.connection.close();
      return told(asker).filter((text) => !text.startsWith("1.0.0.1"));
    };
    const first = await ask("50.0.0.1");
    assertEquals(first.length, Math.floor(total * 0.23));
    assertEquals(await ask("51.0.0.1"), first);
    await runFor(network, 28 * HOUR_MS);
    const later = await ask("52.0.0.1");
    assert(JSON.stringify(later) !== JSON.stringify(first), "another day, another answer");
  },
);

test("addresses: of a flood, so much is looked at as one peer may tell", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 6 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const flood = await dialIn(network, "2.0.0.1", "1.0.0.1");
  const other = await dialIn(network, "3.0.0.1", "1.0.0.1");
  for (let i = 0; i < 100; i++) flood.send({ type: "addr", addresses: fresh(network, 1000, 20 + i % 70) });
  await runFor(network, 1000);
  const { gossip, total } = node.addresses();
  assertEquals([gossip.received, gossip.limited], [100_000, 100_000 - ADDRESS_START]);
  assert(total <= ADDRESS_START && gossip.relayed === 0, "nothing of a large message is passed on");
  assertEquals([flood.closed, other.closed], [false, false]);
  // A tenth of an address a second from then on.
  await runFor(network, 100_000);
  flood.send({ type: "addr", addresses: fresh(network, 1000, 99) });
  await runFor(network, 1000);
  const { limited, received } = node.addresses().gossip;
  assertEquals(received - limited, ADDRESS_START + 10);
});

test("addresses: news goes on to two others, in the form that each understands, and back to nobody", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 8 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const source = await dialIn(network, "2.0.0.1", "1.0.0.1");
  const others: ScriptedPeer[] = [];
  for (let i = 3; i < 9; i++) others.push(await dialIn(network, `${i}.0.0.1`, "1.0.0.1"));
  for (const peer of others) peer.send({ type: "getaddr" });
  await runFor(network, 1000);
  const news = recordOf("77.1.2.3", { time: seconds(network) });
  const stale = recordOf("78.1.2.3", { time: seconds(network) - 3600 });
  const future = recordOf("79.1.2.3", { time: seconds(network) + 3600 });
  const local = recordOf("127.0.0.1", { time: seconds(network) });
  source.send({ type: "addr", addresses: [news, stale, future, local] });
  await runFor(network, 5 * MINUTE_MS);
  const takers = others.filter((peer) => told(peer).some((text) => text.startsWith("77.1.2.3")));
  assertEquals(takers.length, 2);
  const all = [source, ...others].flatMap(told).filter((text) => !text.startsWith("1.0.0.1"));
  assertEquals(all, ["77.1.2.3:8333", "77.1.2.3:8333"]);
  // Again, from somebody else: it goes no further.
  others.find((peer) => !takers.includes(peer))!.send({
    type: "addr",
    addresses: [{ ...news, time: seconds(network) }],
  });
  await runFor(network, 5 * MINUTE_MS);
  assertEquals([source, ...others].filter((peer) => told(peer).some((text) => text.startsWith("77.1.2.3"))).length, 2);
  assertEquals(node.addresses().total, 3);
});

test("addresses: networks that cannot be dialled are passed on to one who understands them, and not kept", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 9 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const source = await dialIn(network, "2.0.0.1", "1.0.0.1");
  const old = await dialIn(network, "3.0.0.1", "1.0.0.1");
  const modern: ScriptedPeer[] = [];
  for (const host of ["4.0.0.1", "5.0.0.1"]) {
    const peer = await dialIn(network, host, "1.0.0.1", {}, ["sendaddrv2"]);
    modern.push(peer);
  }
  for (const peer of [old, ...modern]) peer.send({ type: "getaddr" });
  await runFor(network, 1000);
  const onion = { networkId: 4, bytes: new Uint8Array(32).fill(9) };
  const unknown = { networkId: 77, bytes: new Uint8Array(5) };
  const mapped = { networkId: 2, bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4) };
  const wrapped = { networkId: 2, bytes: Uint8Array.of(0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43, ...new Array(10).fill(1)) };
  const addresses = [onion, unknown, mapped, wrapped].map((address) =>
    recordOf("1.1.1.1", { address, time: seconds(network) })
  );
  source.send({ type: "addrv2", addresses });
  await runFor(network, 5 * MINUTE_MS);
  assertEquals([node.addresses().total, source.closed], [0, false]);
  const forms = modern.flatMap((peer) => peer.of("addrv2").flatMap((message) => message.addresses));
  assertEquals(forms.filter(({ address }) => address.networkId === 4).length, 1);
  assertEquals(forms.filter(({ address }) => ![1, 4].includes(address.networkId)), []);
  assertEquals(told(old).filter((text) => !text.startsWith("1.0.0.1")), []);
});

test("addresses: our own address comes back, and is nobody to dial", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 14 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const peer = await dialIn(network, "2.0.0.1", "1.0.0.1");
  peer.send({ type: "addr", addresses: [recordOf("1.0.0.1", { port: PORT, time: seconds(network) })] });
  await runFor(network, 1000);
  assertEquals([node.addresses().gossip.received, node.addresses().total], [1, 0]);
});

test(
  "addresses: a peer that says we are somebody else does not keep us from that one",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 15 });
    const { node } = simulateNode(network, "192.168.0.5", { listen: [{ host: "0.0.0.0", port: PORT }] });
    await node.start();
    const victim = recordOf("77.1.2.3", { port: PORT, time: seconds(network) });
    const receiver = { services: 0n, address: victim.address, port: PORT };
    const liar = await dialIn(network, "8.0.0.1", "192.168.0.5", { receiver });
    liar.send({ type: "getaddr" });
    await runFor(network, 1000);
    assertEquals(told(liar), [`77.1.2.3:${PORT}`], "it is told what it said itself");
    const other = await dialIn(network, "9.0.0.1", "192.168.0.5");
    other.send({ type: "addr", addresses: [victim] });
    await runFor(network, 1000);
    assertEquals(node.addresses().addresses.map(({ address }) => address), [`77.1.2.3:${PORT}`]);
  },
);

test("addresses: we say where we are to those for whom it means something", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 10 });
  const { node } = simulateNode(network, "192.168.0.5");
  await node.start();
  const near = await dialIn(network, "192.168.0.6", "192.168.0.5");
  const far = await dialIn(network, "8.0.0.1", "192.168.0.5");
  for (const peer of [near, far]) peer.send({ type: "getaddr" });
  await runFor(network, 1000);
  assertEquals([told(near), told(far)], [[`192.168.0.5:${PORT}`], []]);
  near.send({ type: "addr", addresses: [recordOf("192.168.0.7", { time: seconds(network) })] });
  far.send({ type: "addr", addresses: [recordOf("192.168.0.8", { time: seconds(network) })] });
  await runFor(network, 5 * MINUTE_MS);
  assertEquals(node.addresses().addresses.map(({ address }) => address), ["192.168.0.7:8333"]);
});

test("addresses: a seed lets go who got an answer or never asks, keeps who is busy or has nowhere to go", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 11 });
  const { node } = simulateNode(network, "1.0.0.1", { seed: true, maxOutbound: 0, discover: true });
  await node.start();
  const first = await dialIn(network, "2.0.0.1", "1.0.0.1");
  first.send({ type: "getaddr" });
  await runFor(network, 2 * SEED_IDLE_MS);
  assertEquals(first.closed, false, "there was nobody to go to");
  first.send({ type: "addr", addresses: fresh(network, 3) });
  const asker = await dialIn(network, "3.0.0.1", "1.0.0.1");
  const idle = await dialIn(network, "4.0.0.1", "1.0.0.1");
  const busy = await dialIn(network, "5.0.0.1", "1.0.0.1");
  busy.send({ type: "getaddr" });
  asker.send({ type: "getaddr" });
  for (let i = 0; i < 2; i++) {
    busy.send({ type: "mempool" });
    await runFor(network, SEED_GUEST_MS - 2000);
  }
  assertEquals([asker.closed, idle.closed, busy.closed], [true, false, false]);
  await runFor(network, SEED_IDLE_MS);
  assertEquals([asker.closed, idle.closed, busy.closed], [true, true, true]);
  assertEquals(told(asker).filter((text) => text.startsWith("20.")).length, 3);
});

test(
  "addresses: a seed probes what it hears of, recommends what answers, and keeps the record",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 12 });
    const { node, store } = simulateNode(network, "1.0.0.1", { seed: true, maxOutbound: 0, discover: true });
    await node.start();
    for (let i = 1; i <= 5; i++) await listenScripted(network, `30.${i}.0.1`);
    await listenScripted(network, "32.0.0.1", { services: 0n });
    const source = await dialIn(network, "2.0.0.1", "1.0.0.1");
    const hosts = [1, 2, 3, 4, 5].flatMap((i) => [`30.${i}.0.1`, `31.${i}.0.1`]).slice(0, -1).concat("32.0.0.1");
    const addresses = hosts.map((host) => recordOf(host, { port: PORT, time: seconds(network) }));
    source.send({ type: "addr", addresses });
    await runFor(network, HOUR_MS);
    const known = node.addresses().addresses;
    const reliable = known.filter((address) => address.reliable).map(({ address }) => address).sort();
    assertEquals(reliable, [1, 2, 3, 4, 5].map((i) => `30.${i}.0.1:${PORT}`));
    const light = known.find(({ address }) => address === `32.0.0.1:${PORT}`);
    assertEquals([light?.reliable, light?.uptime?.["2h"]], [false, 1], "it answers, and serves nothing");
    assert(known.filter(({ tried }) => !tried).every(({ uptime }) => uptime?.["2h"] === 0));

    network.kill("1.0.0.1");
    const again = simulateNode(network, "1.0.0.1", { seed: true, maxOutbound: 0, store: store.crash() }).node;
    again.load();
    assertEquals(again.addresses().addresses.filter((address) => address.reliable).length, 5);
  },
);

test(
  "addresses: the book survives a crash, and rows that were tampered with cost themselves",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 13 });
    const { node, store } = simulateNode(network, "1.0.0.1");
    await node.start();
    const source = await dialIn(network, "2.0.0.1", "1.0.0.1");
    source.send({ type: "addr", addresses: fresh(network, 8) });
    await runFor(network, MINUTE_MS);
    const [poisoned] = node.addresses().addresses;
    const { total } = node.addresses();
    network.kill("1.0.0.1");
    const reopened = store.crash();
    reopened.putAddress({ endpoint: poisoned!.address, record: "{}" });
    reopened.putAddress({ endpoint: "nobody", record: "?" });
    const again = simulateNode(network, "1.0.0.1", { store: reopened }).node;
    await again.start();
    assertEquals(again.addresses().total, total - 1);
    await runFor(network, MINUTE_MS);
    assertEquals(reopened.addresses().length, total - 1);
  },
);
