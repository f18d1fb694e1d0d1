import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { CONFIRMED_BLOCKS_PER_TURN } from "../../src/protocol/relay_params.ts";
import { transaction } from "../support/blocks.ts";
import { type CompactWorld, compactWorld, unique } from "../support/compact_world.ts";
import type { MinedBlock } from "../support/mining.ts";
import type { ScriptedPeer } from "../support/scripted_peer.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";

/** More than the channel of chain events holds. */
const BLOCKS = 600;

/** Offers headers, and gives the blocks that it is asked for, the first one not before all others. */
async function giveLowestLast(world: CompactWorld, peer: ScriptedPeer, blocks: readonly MinedBlock[]): Promise<void> {
  const byHash = new Map(blocks.map((block) => [block.hash, block]));
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    if (message.type !== "getdata") return;
    for (const { hash } of message.items) {
      if (hash !== blocks[0]!.hash) peer.send({ type: "block", block: byHash.get(hash)!.raw });
    }
  };
  peer.send({ type: "headers", headers: blocks.map(({ header }) => header) });
  await world.settle(2000);
  assertEquals(world.node.chain().height, world.chain.length, "nothing connects yet");
  peer.send({ type: "block", block: blocks[0]!.raw });
  await world.settle(2000);
}

test("pool: of many blocks that connect at once it hears of each", { timeout: 60_000 }, async () => {
  const world = await compactWorld(5);
  const transactions = Array.from({ length: BLOCKS }, () => unique());
  for (const each of transactions) world.node.submitTransaction(each);
  const blocks: MinedBlock[] = [];
  for (const each of transactions) {
    const parent = blocks.at(-1) ?? world.chain.at(-1)!;
    blocks.push(world.miner.mine(parent.node, { transactions: [each] }));
  }
  await giveLowestLast(world, await world.peer("source"), blocks);
  assertEquals([world.node.chain().bestHash, world.node.pool().count], [blocks.at(-1)!.hash, 0]);
});

test("pool: a chain that is replaced before all of it was heard of leaves no trace", { timeout: 60_000 }, async () => {
  const world = await compactWorld(5);
  const { node, miner, chain } = world;
  const [shared, lost] = [unique(), unique()];
  const tip = chain.at(-1)!.node;
  const old = [miner.mine(tip, { transactions: [shared, lost] })];
  const count = CONFIRMED_BLOCKS_PER_TURN + 5;
  while (old.length < count) old.push(miner.mine(old.at(-1)!.node));
  const rival = [miner.mine(tip, { transactions: [shared, transaction({ inputs: [{ index: 900_001 }] })] })];
  while (rival.length <= count) rival.push(miner.mine(rival.at(-1)!.node));
  for (const each of [shared, lost, unique()]) node.submitTransaction(each);
  for (const branch of [old, rival]) {
    for (const block of branch) node.submitBlock(block.raw);
    // Both within one turn: the pool is on its way up the first branch.
    node.commit();
  }
  await world.settle();
  assertEquals([node.chain().bestHash, node.pool().count], [rival.at(-1)!.hash, 2], "the lost one and the unconfirmed");
  assertEquals([node.submitTransaction(shared).kind, node.submitTransaction(lost).kind], ["refused", "known"]);
});

test("a node that nobody listens to has no subscribers of its own", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "node");
  feed(node, testChain().main.slice(0, 3));
  await node.start();
  const ofSync = node.channels().find(({ channel }) => channel === "sync")!;
  assertEquals(ofSync.subscribers, 0);
  const stopped = node.stop();
  await network.run(network.now() + 1000);
  await stopped;
});

test("a node that stops in the middle of what the pool has to hear stops in order", { timeout: 60_000 }, async () => {
  const world = await compactWorld(5);
  const { node, miner, chain, network } = world;
  node.submitTransaction(unique());
  let parent = chain.at(-1)!;
  for (let i = 0; i < 2 * CONFIRMED_BLOCKS_PER_TURN + 1; i++) {
    parent = miner.mine(parent.node);
    node.submitBlock(parent.raw);
  }
  const stopped = node.stop();
  await network.run(network.now() + 1000);
  await stopped;
  assertEquals(node.chain().bestHash, parent.hash);
});
