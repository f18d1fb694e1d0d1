import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { BlockHeader } from "../../src/protocol/block_header.ts";
import { LAG_ANSWER_MS, LAG_TIMEOUT_MS, MAX_SPARED_LAGGARDS } from "../../src/protocol/sync_params.ts";
import { ListSource } from "../support/list_source.ts";
import { Miner } from "../support/mining.ts";
import { listenScripted } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

const MINUTE_MS = 60_000;

interface World {
  readonly network: MemoryNetwork;
  readonly node: P2PNode;
  /** Gives the node so many blocks more. */
  readonly mine: (count: number) => void;
  /** Its peers say nothing but what they are asked: which of our headers they know. */
  readonly peers: { know: (headers: readonly BlockHeader[]) => readonly BlockHeader[] };
}

async function open(hosts: readonly string[], maxOutbound: number): Promise<World> {
  const network = createMemoryNetwork({ seed: 4 });
  const headers: BlockHeader[] = [];
  const peers: World["peers"] = { know: () => [] };
  for (const host of hosts) {
    await listenScripted(network, host, {}, (peer) => {
      peer.onMessage = (message) => {
        if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
        if (message.type === "getheaders") peer.send({ type: "headers", headers: peers.know(headers) });
      };
    });
  }
  const source = new ListSource(hosts.map((host) => ({ host, port: PORT })), network.env("node").random);
  const { node } = simulateNode(network, "node", { addressSource: source, maxOutbound });
  await node.start();
  await network.run(10_000);
  const miner = new Miner();
  const mine = (count: number) => {
    for (const { raw, header } of miner.mineMany(count, miner.chain.tip)) {
      headers.push(header);
      assertEquals(node.submitBlock(raw).kind, "extended");
    }
  };
  return { network, node, mine, peers };
}

/** Peers by id, without those that are tried only. */
function ids(node: P2PNode): number[] {
  return node.peers().filter(({ kind }) => kind !== "feeler").map(({ id }) => id);
}

const HOSTS = Array.from({ length: 4 }, (_, i) => `20.${i}.0.1`);

test("laggards: outbound peers that never show a chain as good as ours end, but for one that the owner dialled", {
  timeout: 60_000,
}, async () => {
  const { network, node, mine } = await open(HOSTS, 3);
  const dialling = node.connect({ host: "20.0.0.1", port: PORT });
  await network.run(network.now() + 10_000);
  await dialling;
  const before = ids(node);
  // At the first block of all nobody is behind.
  await network.run(network.now() + 2 * LAG_TIMEOUT_MS);
  assertEquals(ids(node), before);
  mine(10);
  await network.run(network.now() + LAG_TIMEOUT_MS + LAG_ANSWER_MS - MINUTE_MS);
  assertEquals(ids(node), before);
  await network.run(network.now() + 2 * MINUTE_MS);
  const left = node.peers().filter(({ id }) => before.includes(id));
  assertEquals(left.map(({ kind }) => kind), ["manual"]);
});

test(
  "laggards: who announces nothing, and has our chain when asked, keeps its place",
  { timeout: 60_000 },
  async () => {
    const { network, node, mine, peers } = await open(HOSTS, 3);
    peers.know = (headers) => headers.slice(-2);
    const before = ids(node);
    for (let i = 0; i < 6; i++) {
      mine(1 + i % 2);
      await network.run(network.now() + LAG_TIMEOUT_MS);
    }
    assertEquals(ids(node), before);
  },
);

test("laggards: who is always a block behind, and follows, keeps its place", { timeout: 60_000 }, async () => {
  const { network, node, mine, peers } = await open(HOSTS, 3);
  peers.know = (headers) => headers.slice(-4, -1);
  const before = ids(node);
  for (let i = 0; i < 12; i++) {
    mine(1);
    await network.run(network.now() + LAG_TIMEOUT_MS / 2);
  }
  assertEquals(ids(node), before);
});

test("laggards: some who were level once stay, should our chain be the one that nobody follows", {
  timeout: 60_000,
}, async () => {
  const hosts = Array.from({ length: 8 }, (_, i) => `20.${i}.0.1`);
  const { network, node, mine, peers } = await open(hosts, 8);
  peers.know = (headers) => headers.slice(-2);
  const before = new Set(ids(node));
  mine(2);
  await network.run(network.now() + LAG_TIMEOUT_MS + MINUTE_MS);
  peers.know = () => [];
  mine(2);
  await network.run(network.now() + LAG_TIMEOUT_MS + LAG_ANSWER_MS + MINUTE_MS);
  const left = node.peers().filter(({ id }) => before.has(id)).map(({ kind }) => kind);
  assertEquals(left, Array(MAX_SPARED_LAGGARDS).fill("full"));
});
