import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { P2PNode } from "../../src/node/types.ts";
import type { PeerSnapshot } from "../../src/protocol/peer_snapshots.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";

/** Virtual milliseconds: far more than any of these takes. */
const LONG_MS = 600_000;

function newNetwork(seed: number): MemoryNetwork {
  return createMemoryNetwork({ seed, scrambleChunks: true });
}

/** A started node that already has `blocks`. */
async function startWith(network: MemoryNetwork, host: string, blocks: readonly Uint8Array[]): Promise<P2PNode> {
  const { node } = simulateNode(network, host);
  feed(node, blocks);
  await node.start();
  return node;
}

/** In whatever form. */
function blocksSent({ messages }: PeerSnapshot): number {
  return (messages.out.block ?? 0) + (messages.out.cmpctblock ?? 0);
}

async function reach(network: MemoryNetwork, node: P2PNode, tip: string): Promise<void> {
  const deadline = network.now() + LONG_MS;
  await network.run(() => node.chain().bestHash === tip || network.now() > deadline);
  assertEquals(node.chain().bestHash, tip);
}

test("sync: a node fetches the chain of the one it connects to", { timeout: 60_000 }, async () => {
  const { main, mainTip } = testChain();
  const network = newNetwork(1);
  await startWith(network, "a", main);
  const b = simulateNode(network, "b", { connect: ["a"] }).node;
  const heights: number[] = [];
  const done: number[] = [];
  b.on("block:connected", ({ height }) => void heights.push(height));
  b.on("sync:done", ({ height }) => void done.push(height));
  await b.start();
  await reach(network, b, mainTip);
  await network.run(network.now() + 1);
  assertEquals(heights, Array.from({ length: 2100 }, (_, i) => i + 1));
  assertEquals([b.chain().syncing, b.chain().progress, done], [false, 1, [2100]]);
});

test("sync: blocks come from several peers, though the links differ", { timeout: 60_000 }, async () => {
  const { main, mainTip } = testChain();
  const network = newNetwork(2);
  const hosts = ["a", "b", "c"];
  const sources = [];
  for (const host of hosts) sources.push(await startWith(network, host, main));
  network.setLink("a", "d", { latencyMs: 40, jitterMs: 10, lossRate: 0.01 });
  network.setLink("b", "d", { latencyMs: 30, bandwidthBytesPerSecond: 2_000_000, pieceBytes: { least: 1, most: 999 } });
  network.setLink("c", "d", { latencyMs: 50 });
  const d = simulateNode(network, "d", { connect: hosts }).node;
  await d.start();
  await reach(network, d, mainTip);
  for (const source of sources) {
    const [peer] = source.peers();
    assert((peer!.messages.out.block ?? 0) > 100, `${peer!.messages.out.block} blocks from one of three`);
  }
});

test("sync: a branch with more work makes everybody reorganise", { timeout: 60_000 }, async () => {
  const { main, fork, forkTip, forkHeight, mainTip } = testChain();
  const network = newNetwork(3);
  const a = await startWith(network, "a", main);
  const b = simulateNode(network, "b", { connect: ["a"] }).node;
  await b.start();
  await reach(network, b, mainTip);
  const reorganisations: { forkHeight: number; depth: number }[] = [];
  a.on("chain:reorganised", ({ forkHeight, depth }) => void reorganisations.push({ forkHeight, depth }));
  const { node: c } = simulateNode(network, "c", { connect: ["a"] });
  feed(c, fork);
  await c.start();
  await reach(network, a, forkTip);
  await reach(network, b, forkTip);
  await network.run(network.now() + 10);
  assertEquals(reorganisations, [{ forkHeight, depth: main.length - 1 - forkHeight }]);
  assertEquals(a.chain().forks.map(({ hash }) => hash), [mainTip]);
});

test("sync: a node that was killed goes on from what it had committed", { timeout: 60_000 }, async () => {
  const { main, mainTip } = testChain();
  const network = newNetwork(4);
  await startWith(network, "a", main);
  network.setLink("a", "b", { latencyMs: 20 });
  const first = simulateNode(network, "b", { connect: ["a"] });
  await first.node.start();
  await network.run(() => first.node.chain().height > 500);
  const acknowledged: number[] = [];
  first.node.on("block:connected", ({ height }) => void acknowledged.push(height));
  await network.run(() => first.node.chain().height > 1000);
  network.kill("b");
  const second = simulateNode(network, "b", { connect: ["a"], store: first.store.crash() });
  await second.node.start();
  assert(second.node.chain().height >= acknowledged.at(-1)!, "what was acknowledged is there");
  await reach(network, second.node, mainTip);
});

test("sync: a new block reaches every node of a line, and nobody is told twice", { timeout: 60_000 }, async () => {
  const { main } = testChain();
  const network = newNetwork(5);
  const start = main.slice(0, 11);
  const a = await startWith(network, "a", start);
  const { node: b } = simulateNode(network, "b", { connect: ["a"] });
  const { node: c } = simulateNode(network, "c", { connect: ["b"] });
  await Promise.all([b.start(), c.start()]);
  const tenth = a.chain().bestHash;
  await reach(network, c, tenth);
  for (const block of main.slice(11, 14)) {
    a.submitBlock(block);
    await reach(network, c, a.chain().bestHash);
  }
  await network.run(network.now() + 1000);
  for (const node of [a, b, c]) {
    for (const peer of node.peers()) assert(blocksSent(peer) <= 13, "a block is served once a peer");
  }
  assertEquals(blocksSent(a.peers()[0]!), 13);
});

test(
  "sync: peers on both sides of a healed partition agree on the branch with more work",
  { timeout: 60_000 },
  async () => {
    const { main, fork, forkTip, forkHeight } = testChain();
    const network = newNetwork(6);
    const common = main.slice(0, forkHeight + 1);
    const a = await startWith(network, "a", common);
    const { node: b } = simulateNode(network, "b", { connect: ["a"] });
    feed(b, common);
    await b.start();
    await network.run(1000);
    network.partition([["a"], ["b"]]);
    for (const block of main.slice(forkHeight + 1)) a.submitBlock(block);
    for (const block of fork.slice(forkHeight + 1)) b.submitBlock(block);
    await network.run(5000);
    network.heal();
    await reach(network, a, forkTip);
    await reach(network, b, forkTip);
  },
);

test("sync: a pruned node follows the chain and keeps its newest blocks", { timeout: 60_000 }, async () => {
  const { main, mainTip } = testChain();
  const network = newNetwork(7);
  await startWith(network, "a", main);
  const { node: b, store } = simulateNode(network, "b", { connect: ["a"], pruneBytes: 1 });
  await b.start();
  await reach(network, b, mainTip);
  assertEquals(b.block(100)!.raw, undefined);
  assert(b.block(2100)!.raw !== undefined);
  const stopping = b.stop();
  await network.run(network.now() + 1000);
  await stopping;
  const { node: again } = simulateNode(network, "c", { store: store.crash() });
  again.load();
  assertEquals(again.chain().bestHash, mainTip);
});
