import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { METRICS_INTERVAL_MS } from "../../src/protocol/vitals_params.ts";
import { INV_BLOCK, INV_TX } from "../../src/protocol/messages.ts";
import { Miner } from "../support/mining.ts";
import { dialScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";

const MINUTE_MS = 60_000;
const PEERS = 200;

/** A peer that answers pings and does nothing else, unless told. */
async function dialGuest(network: MemoryNetwork, from: string, to: string, startHeight = 0): Promise<ScriptedPeer> {
  const guest = await dialScripted(network, from, to, { startHeight });
  guest.onMessage = (message) => {
    if (message.type === "ping") guest.send({ type: "pong", nonce: message.nonce });
    if (message.type === "getheaders") guest.send({ type: "headers", headers: [] });
  };
  return guest;
}

test("doctor: finds the slow, the flooding and the lying one among a node's 200 peers", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "30.0.0.1", { maxInbound: PEERS });
  await node.start();
  network.setLink("20.0.0.4", "30.0.0.1", { latencyMs: 400 });
  for (let i = 0; i < PEERS - 3; i++) await dialGuest(network, `40.${i}.0.1`, "30.0.0.1");
  await dialGuest(network, "20.0.0.4", "30.0.0.1");
  const flooder = await dialGuest(network, "20.0.0.5", "30.0.0.1");
  await dialGuest(network, "20.0.0.6", "30.0.0.1", 5_000);
  node.diagnose();
  for (let second = 0; second < 3 * MINUTE_MS / 1_000; second++) {
    for (let i = 0; i < 100; i++) {
      flooder.send({ type: "inv", items: [{ kind: INV_TX, hash: (second * 100 + i).toString(16).padStart(64, "0") }] });
    }
    await network.run(network.now() + 1_000);
  }
  assertEquals(node.peers().length, PEERS);
  const accused = node.diagnose().findings.filter(({ peer }) => peer !== null);
  const hosts = accused.map(({ id, evidence }) => `${id} ${String(evidence.address).split(":")[0]}`);
  assertEquals(hosts, ["flood 20.0.0.5", "false-claim 20.0.0.6", "slow 20.0.0.4"]);
  assertEquals(accused[0]!.evidence.busiestType, "inv");
});

test("doctor: propagation is the time from the first word of a block to its connection", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  network.setLink("a", "b", { latencyMs: 30 });
  const { node } = simulateNode(network, "a");
  await node.start();
  const guest = await dialScripted(network, "b", "a");
  const miner = new Miner();
  const blocks = miner.mineMany(10);
  guest.onMessage = (message) => {
    if (message.type === "ping") guest.send({ type: "pong", nonce: message.nonce });
    if (message.type === "getheaders") guest.send({ type: "headers", headers: blocks.map(({ header }) => header) });
    if (message.type !== "getdata") return;
    for (const { hash } of message.items) {
      guest.send({
        type: "block",
        block: blocks.find((block) => block.hash === hash)!.raw,
      });
    }
  };
  // Its header is on the way already: one round trip of 60 ms brings the block.
  guest.send({ type: "inv", items: [{ kind: INV_BLOCK, hash: blocks[9]!.hash }] });
  await network.run(network.now() + 5_000);
  assertEquals(node.chain().height, 10);
  const { count, p50Ms } = node.vitals().times.blockPropagation;
  assertEquals(count, 1, "a list of headers is no news, the block that was spoken of is");
  assert(p50Ms! >= 59 && p50Ms! <= 62, `${p50Ms} ms`);
  node.submitBlock(miner.mine(blocks[9]!.node).raw);
  await network.run(network.now() + 10);
  assertEquals(node.vitals().times.blockPropagation.count, 1, "our own blocks are no news");
});

test("doctor: counts go on when peers are gone", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a");
  await node.start();
  const guest = await dialScripted(network, "b", "a");
  for (let nonce = 0n; nonce < 5n; nonce++) guest.send({ type: "ping", nonce });
  await network.run(network.now() + 100);
  const here = node.vitals();
  assertEquals([here.traffic.in.ping, here.traffic.out.pong], [{ messages: 5, bytes: 160 }, {
    messages: 5,
    bytes: 160,
  }]);
  guest.connection.close();
  await network.run(() => node.peers().length === 0);
  const gone = node.vitals();
  assertEquals([gone.traffic.in, gone.traffic.out.pong], [here.traffic.in, here.traffic.out.pong]);
  assertEquals([gone.peers.joined, gone.peers.left, gone.peers.inbound], [1, 1, 0]);
});

test("autotune: a subscriber that misses events gets more room, is told, and so is the owner", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a", { autotune: true });
  await node.start();
  const changes: string[] = [];
  node.on("autotune:applied", ({ change, reason }) => void changes.push(`${reason}: ${change}`));
  let release = () => {};
  node.on("chain:tip", () => new Promise<void>((resolve) => release = resolve));
  const miner = new Miner();
  let tip = miner.chain.genesis;
  for (let look = 0; look < 8; look++) {
    const blocks = miner.mineMany(100, tip);
    tip = blocks.at(-1)!.node;
    for (const { raw } of blocks) {
      node.submitBlock(raw);
      node.commit();
    }
    await network.run(network.now() + METRICS_INTERVAL_MS);
  }
  assertEquals(changes, ["lag: capacity of sync 1024"]);
  assertEquals(node.channels().find(({ channel }) => channel === "sync")!.capacity, 1_024);
  release();
});

test("autotune: one queue for all is separated before a channel is enlarged, and each change takes effect", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a", { autotune: true, channels: "single", connect: ["b"] });
  const { node: sender } = simulateNode(network, "b");
  await Promise.all([node.start(), sender.start()]);
  await network.run(() => sender.peers().some(({ state }) => state === "ready"));
  const changes: string[] = [];
  node.on("autotune:applied", ({ change }) => void changes.push(change));
  let release = () => {};
  node.on("app:message", () => new Promise<void>((resolve) => release = resolve));
  const capacities: number[] = [];
  for (let look = 0; look < 20; look++) {
    for (let i = 0; i < 2_000; i++) sender.send(sender.peers()[0]!.id, new Uint8Array(1));
    await network.run(network.now() + METRICS_INTERVAL_MS);
    capacities.push(node.channels().find(({ channel }) => channel === "data")!.capacity);
  }
  assertEquals(changes, ["channels segmented", "capacity of data 8192"]);
  assertEquals([...new Set(capacities)], [2_048, 4_096, 8_192]);
  release();
});

test("autotune: without it advice is given and no more", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a", { dedupe: "off" });
  await node.start();
  node.diagnose();
  await network.run(network.now() + 10 * METRICS_INTERVAL_MS);
  assertEquals([node.vitals().dedupe, node.channels()[3]!.capacity], ["off", 4_096]);
});
