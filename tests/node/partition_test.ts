import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { NodeEvents } from "../../src/protocol/node_events.ts";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { ListSource } from "../support/list_source.ts";
import { Miner } from "../support/mining.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

const MINUTE_MS = 60_000;
const SPLIT_MS = 10 * MINUTE_MS;

interface Member {
  readonly host: string;
  readonly node: P2PNode;
  readonly source: ListSource;
  /** Events about partitions, in order. */
  readonly events: string[];
}

type Options = Partial<Omit<NodeOptions, "connect">>;

/** Started nodes that know each other's addresses and nothing else. */
async function startNodes(network: MemoryNetwork, count: number, options: Options = {}): Promise<Member[]> {
  const hosts = Array.from({ length: count }, (_, i) => `20.${i}.0.1`);
  const members = hosts.map((host): Member => {
    const source = new ListSource(hosts.map((each) => ({ host: each, port: PORT })), network.env(host).random);
    const { node } = simulateNode(network, host, { addressSource: source, maxOutbound: 4, ...options });
    const events: string[] = [];
    node.on("partition:suspected", ({ reason }) => void events.push(`suspected ${reason}`));
    node.on("partition:step", ({ step }) => void events.push(step));
    node.on("partition:healed", ({ reason }: NodeEvents["partition:healed"]) => void events.push(`healed ${reason}`));
    return { host, node, source, events };
  });
  await Promise.all(members.map(({ node }) => node.start()));
  return members;
}

function tips(members: readonly Member[]): Set<string> {
  return new Set(members.map(({ node }) => node.chain().bestHash));
}

async function reachOneTip(network: MemoryNetwork, members: readonly Member[], tip: string, withinMs: number) {
  const deadline = network.now() + withinMs;
  const isThere = () => members.every(({ node }) => node.chain().bestHash === tip);
  await network.run(() => isThere() || network.now() > deadline);
  assertEquals([...tips(members)], [tip]);
}

for (const seed of [1, 2, 3]) {
  test(`partition: 20 nodes split for ten minutes with competing blocks heal to one tip (seed ${seed})`, {
    timeout: 60_000,
  }, async () => {
    const network = createMemoryNetwork({ seed, link: { latencyMs: 30, jitterMs: 20 } });
    const members = await startNodes(network, 20);
    await network.run(MINUTE_MS);
    const miner = new Miner();
    const shared = miner.mineMany(5);
    for (const { raw } of shared) members[0]!.node.submitBlock(raw);
    await reachOneTip(network, members, shared.at(-1)!.hash, MINUTE_MS);

    const sides = [members.slice(0, 10), members.slice(10)];
    network.partition(sides.map((side) => side.map(({ host }) => host)));
    const branches = [12, 15].map((count) => miner.mineMany(count, shared.at(-1)!.node));
    for (let minute = 0; minute < 15; minute++) {
      for (const [i, branch] of branches.entries()) {
        const block = branch[minute];
        if (block) sides[i]![minute % 10]!.node.submitBlock(block.raw);
      }
      await network.run(network.now() + SPLIT_MS / 15);
    }
    assertEquals(sides.map((side) => [...tips(side)]), branches.map((branch) => [branch.at(-1)!.hash]));

    network.heal();
    await reachOneTip(network, members, branches[1]!.at(-1)!.hash, 15 * MINUTE_MS);
  });
}

test(
  "partition: a node that lost everybody says so, asks for addresses, and finds back by itself",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 4 });
    const members = await startNodes(network, 6);
    await network.run(MINUTE_MS);
    const [lonely, ...others] = members;
    network.partition([[lonely!.host], others.map(({ host }) => host)]);
    await network.run(network.now() + SPLIT_MS);
    assertEquals(lonely!.node.peers(), []);
    assertEquals(lonely!.events.slice(0, 2), ["suspected no-peers", "reseed"]);
    assert(lonely!.source.reseeds >= 3, `${lonely!.source.reseeds} times`);
    network.heal();
    await network.run(() => lonely!.events.at(-1) === "healed no-peers" || network.now() > 60 * MINUTE_MS);
    assert(lonely!.node.peers().length > 0);
    assertEquals(others.flatMap(({ events }) => events), []);
  },
);

test("partition: a node asks itself as often as its settings say", { timeout: 60_000 }, async () => {
  const suspectedAt: number[] = [];
  for (const cadences of [{}, { partitionMs: 10 * MINUTE_MS }]) {
    const network = createMemoryNetwork({ seed: 1 });
    const began = network.now();
    const [lonely] = await startNodes(network, 1, { cadences });
    await network.run(() => lonely!.events.length > 0 || network.now() > began + 60 * MINUTE_MS);
    suspectedAt.push(network.now() - began);
  }
  const [usual, seldom] = suspectedAt;
  assert(usual! < MINUTE_MS && seldom! >= 10 * MINUTE_MS && seldom! < 11 * MINUTE_MS, suspectedAt.join());
});

test("partition: a node that wants nobody suspects nothing", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 5 });
  const [alone] = await startNodes(network, 1, { maxOutbound: 0 });
  await network.run(60 * MINUTE_MS);
  assertEquals(alone!.events, []);
});

test("partition: a tip that is older than the network's pace explains brings one peer more, then other peers", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 6 });
  const params: NetworkParams = { ...REGTEST, difficulty: "main", spacingSeconds: 60 };
  const members = await startNodes(network, 12, { network: params });
  await network.run(5 * MINUTE_MS);
  const [first] = members;
  assertEquals(first!.events, []);
  const outbound = () => first!.node.peers().filter(({ kind }) => kind === "full" || kind === "block-only").length;
  assertEquals(outbound(), 4);
  await network.run(6 * MINUTE_MS + 30_000);
  assertEquals(first!.events, ["suspected stale-tip", "extra-peer"]);
  assertEquals(outbound(), 5);
  await network.run(12 * MINUTE_MS);
  assertEquals(first!.events.slice(2, 4), ["reseed", "rotate"]);
  const [block] = new Miner().mineMany(1);
  members[5]!.node.submitBlock(block!.raw);
  await network.run(13 * MINUTE_MS);
  assertEquals(first!.events.at(-1), "healed stale-tip");
  assertEquals(outbound(), 4);
});

test("partition: where no pace is prescribed, the pace that was seen is the measure", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 7 });
  const members = await startNodes(network, 4);
  await network.run(60 * MINUTE_MS);
  assertEquals(members[0]!.events, []);
  for (const { raw } of new Miner().mineMany(12)) {
    members[1]!.node.submitBlock(raw);
    await network.run(network.now() + 10_000);
  }
  await network.run(network.now() + 40_000);
  assertEquals(members[0]!.events, []);
  await network.run(network.now() + 20_000);
  assertEquals(members[0]!.events.slice(0, 2), ["suspected stale-tip", "extra-peer"]);
});

test("partition: where no pace is prescribed a chain may rest: other peers are tried once, not for ever", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 7 });
  const members = await startNodes(network, 4);
  await network.run(MINUTE_MS);
  const [{ events }] = members as [Member];
  const blocks = new Miner().mineMany(13);
  for (const { raw } of blocks.slice(0, -1)) {
    members[1]!.node.submitBlock(raw);
    await network.run(network.now() + 10_000);
  }
  await network.run(network.now() + 30 * MINUTE_MS);
  const round = ["suspected stale-tip", "extra-peer", "reseed", "rotate", "healed stale-tip"];
  assertEquals(events, round);
  members[1]!.node.submitBlock(blocks.at(-1)!.raw);
  await network.run(network.now() + 40 * MINUTE_MS);
  assertEquals(events, [...round, ...round], "each new tip is waited for anew");
});

test("partition: nodes that tell of each other notice that half of them is gone, and that it is back", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 8 });
  const members = await startNodes(network, 10, { network: { ...P2P, defaultPort: PORT } });
  await network.run(3 * MINUTE_MS);
  const sides = [members.slice(0, 5), members.slice(5)];
  assertEquals(members.flatMap(({ events }) => events), []);
  network.partition(sides.map((side) => side.map(({ host }) => host)));
  await network.run(network.now() + 3 * MINUTE_MS);
  for (const { host, events } of members) assertEquals(events.slice(0, 2), ["suspected split-view", "reseed"], host);
  network.heal();
  await network.run(network.now() + 5 * MINUTE_MS);
  for (const { host, events } of members) assertEquals(events.at(-1), "healed split-view", host);

  // One that stops is no split.
  const before = members.map(({ events }) => events.length);
  network.kill(members[0]!.host, { silently: true });
  await network.run(network.now() + 3 * MINUTE_MS);
  assertEquals(members.slice(1).map(({ events }) => events.length), before.slice(1));
});

test("partition: a peer that shows more work, whose blocks do not come, is a reason to look for others", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 8 });
  const [member] = await startNodes(network, 1);
  const blocks = new Miner().mineMany(5);
  member!.node.submitBlock(blocks[0]!.raw);
  const headers = blocks.map(({ header }) => header);
  // It has no blocks to give: who had and gave none would be replaced long before.
  const peer = await dialScripted(network, "20.100.0.1", member!.host, { services: 0n, startHeight: 5 });
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    if (message.type === "getheaders") peer.send({ type: "headers", headers });
  };
  await network.run(4 * MINUTE_MS);
  assertEquals(member!.events, []);
  await network.run(12 * MINUTE_MS);
  assertEquals(member!.events, ["suspected disagreement", "reseed", "extra-peer", "rotate"]);
  for (const { raw } of blocks.slice(1)) member!.node.submitBlock(raw);
  await network.run(13 * MINUTE_MS);
  assertEquals(member!.events.at(-1), "healed disagreement");
});
