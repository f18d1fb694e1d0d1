import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { Transport } from "../../src/platform/types.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { textOf, utf8 } from "../support/app_world.ts";
import { ListSource } from "../support/list_source.ts";
import { simulateNode } from "../support/simulated_node.ts";
import { numbered } from "../support/transaction_world.ts";

// Networks so small that every place counts: whoever is connected for blocks only hears of nothing else.

const MINUTE_MS = 60_000;
const PORT = REGTEST.defaultPort;
const WIRES = { bitcoin: REGTEST, native: { ...P2P, defaultPort: PORT } } as const;

interface Small {
  readonly network: MemoryNetwork;
  readonly nodes: readonly P2PNode[];
}

type Options = Partial<Omit<NodeOptions, "connect">>;

async function grow(count: number, options: Options): Promise<Small> {
  const network = createMemoryNetwork({ seed: count });
  const nodes = await joinThrough(network, Array.from({ length: count }, (_, i) => i), options);
  return { network, nodes };
}

/** Node 0 is the one that the others join through. */
async function joinThrough(network: MemoryNetwork, indexes: readonly number[], options: Options): Promise<P2PNode[]> {
  const nodes: P2PNode[] = [];
  for (const i of indexes) {
    const join = i === 0 ? [] : [{ host: hostOf(0), port: PORT }];
    const { node } = simulateNode(network, hostOf(i), { join, discover: true, ...options });
    await node.start();
    nodes.push(node);
    await runFor(network, 3000);
  }
  await runFor(network, 5 * MINUTE_MS);
  return nodes;
}

function hostOf(index: number): string {
  return `10.0.${index}.1`;
}

async function runFor(network: MemoryNetwork, ms: number): Promise<void> {
  await network.run(network.now() + ms);
}

/** Whether what each one publishes, and a transaction of each, arrives at all others. */
async function assertAllReached({ network, nodes }: Small): Promise<void> {
  const heard = nodes.map(() => [] as string[]);
  const topics = nodes.map((node, i) => {
    node.on("topic:news", ({ payload }) => void heard[i]!.push(textOf(payload)));
    return node.topic("news");
  });
  await runFor(network, 1000);
  for (const [i, topic] of topics.entries()) topic.publish(utf8(hostOf(i)));
  for (const [i, node] of nodes.entries()) node.submitTransaction(numbered(i));
  await runFor(network, MINUTE_MS);
  const all = nodes.map((_, i) => hostOf(i));
  assertEquals(heard.map((texts) => texts.sort()), all.map((own) => all.filter((host) => host !== own)));
  assertEquals(nodes.map((node) => node.pool().count), nodes.map(() => nodes.length));
}

for (const [wire, params] of Object.entries(WIRES)) {
  test(`small networks: of 2 to 5 nodes each hears the others (${wire})`, { timeout: 60_000 }, async () => {
    for (const count of [2, 3, 4, 5]) await assertAllReached(await grow(count, { network: params }));
  });
}

test("small networks: three nodes that know a seed find each other, and leave it in peace", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 9 });
  const seed = simulateNode(network, hostOf(0), { seed: true, discover: true, maxOutbound: 0 }).node;
  await seed.start();
  let visits = 0;
  seed.on("peer:connected", () => void visits++);
  const nodes = await joinThrough(network, [1, 2, 3], {});
  await runFor(network, 10 * MINUTE_MS);
  assert(visits <= 24, `${visits} visits of three nodes in 15 minutes`);
  await assertAllReached({ network, nodes });
});

test("small networks: ten nodes know each other, and no pair is connected in both directions", {
  timeout: 60_000,
}, async () => {
  const { network, nodes } = await grow(10, { network: WIRES.native });
  const ids = nodes.map((node) => node.topology().self).sort();
  for (const node of nodes) {
    const known = node.topology().nodes.filter(({ source }) => ["self", "peer", "gossip"].includes(source));
    assertEquals(known.map(({ id }) => id).filter((id) => /^[0-9a-f]{16}$/.test(id)).sort(), ids);
  }
  // Connections for blocks only, two of each node, say nothing of who they belong to.
  const dials = nodes.flatMap((node, i) =>
    node.peers().filter(({ direction, kind }) => direction === "outbound" && kind !== "block-only").map(({ address }) =>
      `${hostOf(i)} ${address.split(":")[0]}`
    )
  );
  const doubled = dials.filter((dial) => dials.includes(dial.split(" ").reverse().join(" ")));
  assertEquals([doubled, new Set(dials).size], [[], dials.length]);
  const before = nodes.map((node) => node.connectionCounts().refused.duplicate);
  await runFor(network, 10 * MINUTE_MS);
  const after = nodes.map((node) => node.connectionCounts().refused.duplicate);
  assert(before.some((count) => count > 0), "some met twice");
  for (const [i, count] of after.entries()) assert(count - before[i]! < 10, `${before} then ${after}`);
});

for (const [wire, params] of Object.entries(WIRES)) {
  test(`small networks, ${wire} wire: who is connected from an address is not dialled there`, async () => {
    const network = createMemoryNetwork({ seed: 51 });
    const [a, b] = ["20.1.0.1", "30.1.0.1"];
    const start = async (host: string, connect: string[], known: string[]) => {
      const endpoints = known.map((host) => ({ host, port: PORT }));
      const addressSource = new ListSource(endpoints, network.env(host).random);
      const { node } = simulateNode(network, host, { network: params, connect, addressSource, discover: true });
      await node.start();
      return { node, addressSource };
    };
    const { node, addressSource } = await start(b, [], []);
    const { node: dialler } = await start(a, [b], [b]);
    await network.run(() => node.peers().length > 0);
    addressSource.endpoints.push({ host: a, port: PORT });
    await runFor(network, 10 * MINUTE_MS);
    assertEquals([dialler.peers().length, node.peers().length, addressSource.attempts], [1, 1, []]);
    dialler.stop();
    await runFor(network, MINUTE_MS);
    assert(addressSource.attempts.length > 0, "once it is gone, it is");
  });
}

test("small networks: of two addresses that lead to one node, one is kept, and the other node loses nobody", async () => {
  const network = createMemoryNetwork({ seed: 52 });
  const [first, second] = ["20.1.0.1", "30.1.0.1"];
  const [one, other] = [network.transport(first), network.transport(second)];
  const transport: Transport = {
    ...one,
    listen: (endpoint, ...rest) =>
      ("host" in endpoint && endpoint.host === second ? other : one).listen(endpoint, ...rest),
  };
  const { node: both } = simulateNode(network, first, {
    network: WIRES.native,
    transport,
    listen: [first, second].map((host) => ({ host, port: PORT })),
  });
  await both.start();
  const endpoints = [first, second].map((host) => ({ host, port: PORT }));
  const addressSource = new ListSource(endpoints, network.env("40.1.0.1").random);
  const { node } = simulateNode(network, "40.1.0.1", { network: WIRES.native, discover: true, addressSource });
  await node.start();
  await runFor(network, MINUTE_MS);
  const telling = node.peers().filter(({ kind }) => kind !== "block-only");
  assertEquals([telling.length, node.connectionCounts().refused.duplicate > 0], [1, true]);
  const stays = telling[0]!.id;
  await runFor(network, 10 * MINUTE_MS);
  const later = node.peers().filter(({ kind }) => kind !== "block-only");
  assertEquals(later.map(({ id }) => id), [stays]);
  assert(node.connectionCounts().refused.duplicate < 10, JSON.stringify(node.connectionCounts()));
});
