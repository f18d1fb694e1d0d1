import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { readBlockHeader } from "../../src/protocol/block_header.ts";
import { INV_BLOCK } from "../../src/protocol/messages.ts";
import { ByteReader } from "../../src/util/bytes.ts";
import type { Env } from "../../src/util/env.ts";
import { hash256 } from "../../src/util/hash.ts";
import { makeBranch, REGTEST_GENESIS } from "../support/made_chain.ts";
import { dialScripted, listenScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";
import { testHasher } from "../support/test_hasher.ts";

// Situations in which a sync could wait for ever for what nobody will send, or blame those who are not at fault.

/** Virtual milliseconds: far more than any of these takes. */
const LONG_MS = 600_000;

function headersOf(blocks: readonly Uint8Array[]) {
  return blocks.map((block) => readBlockHeader(new ByteReader(block)));
}

function hashOf(block: Uint8Array): string {
  return hash256(testHasher, block.subarray(0, 80));
}

async function startWith(network: MemoryNetwork, host: string, blocks: readonly Uint8Array[], pruneBytes?: number) {
  const { node } = simulateNode(network, host, { pruneBytes });
  feed(node, blocks);
  await node.start();
  return node;
}

async function reach(network: MemoryNetwork, node: P2PNode, height: number, withinMs = LONG_MS): Promise<void> {
  const deadline = network.now() + withinMs;
  await network.run(() => node.chain().height >= height || network.now() > deadline);
  assertEquals(node.chain().height, height);
}

function reasonsOf(node: P2PNode): string[] {
  const reasons: string[] = [];
  node.on("peer:disconnected", ({ reason }) => void reasons.push(reason));
  return reasons;
}

/** Answers pings, and from a list of blocks what is asked of it, in order, but for the block at one height. */
function serveFrom(peer: ScriptedPeer, blocks: readonly Uint8Array[], withheld = 0): void {
  const byHash = new Map(blocks.map((block, height) => [hashOf(block), { block, height }]));
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    if (message.type === "getheaders") {
      const from = message.locator.map((hash) => byHash.get(hash)?.height).find((height) => height !== undefined) ?? 0;
      peer.send({ type: "headers", headers: headersOf(blocks.slice(from + 1, from + 2001)) });
    }
    if (message.type !== "getdata") return;
    for (const { hash } of message.items) {
      const { block, height } = byHash.get(hash)!;
      if (height !== withheld || withheld === 0) peer.send({ type: "block", block });
    }
  };
}

/** Shows a node the headers of blocks that nobody will ever send, and leaves. */
async function showAndVanish(network: MemoryNetwork, to: string, blocks: readonly Uint8Array[]): Promise<void> {
  const peer = await dialScripted(network, "vanishing", to);
  peer.send({ type: "headers", headers: headersOf(blocks) });
  await network.run(network.now() + 100);
  peer.connection.close();
  await network.run(network.now() + 100);
}

test("sync: blocks that nobody has do not keep a node from a chain with less work that others have", {
  timeout: 60_000,
}, async () => {
  const { main, fork, forkHeight } = testChain();
  const network = createMemoryNetwork({ seed: 1 });
  const node = await startWith(network, "node", main.slice(0, forkHeight + 1));
  await showAndVanish(network, "node", fork.slice(forkHeight + 1));
  assertEquals(node.chain().headers, fork.length - 1);
  const source = simulateNode(network, "source", { connect: ["node"] }).node;
  feed(source, main.slice(0, 2000));
  await source.start();
  await reach(network, node, 1999);
  for (const block of main.slice(2000)) source.submitBlock(block);
  await reach(network, node, main.length - 1);
});

test(
  "sync: a node that knows of blocks that nobody has still tells others of its new ones",
  { timeout: 60_000 },
  async () => {
    const { main, fork, forkHeight } = testChain();
    const network = createMemoryNetwork({ seed: 2 });
    const node = await startWith(network, "node", main.slice(0, forkHeight + 1));
    const reader = simulateNode(network, "reader", { connect: ["node"] }).node;
    await reader.start();
    await reach(network, reader, forkHeight);
    await showAndVanish(network, "node", fork.slice(forkHeight + 1));
    node.submitBlock(main[forkHeight + 1]!);
    await reach(network, reader, forkHeight + 1);
  },
);

test("sync: a peer that is behind and says nothing keeps nobody waiting who claims more", {
  timeout: 60_000,
}, async () => {
  const { main } = testChain();
  const network = createMemoryNetwork({ seed: 8 });
  const node = await startWith(network, "node", main.slice(0, 101));
  // As btcd does while it downloads: asked for headers it is silent, and it sends much else.
  const silent = await dialScripted(network, "silent", "node");
  silent.onMessage = (message) => message.type === "ping" && silent.send({ type: "pong", nonce: message.nonce });
  const others = simulateNode(network, "source", { connect: ["node"] }).node;
  feed(others, main);
  await others.start();
  const items = [{ kind: INV_BLOCK, hash: hashOf(main[1]!) }];
  for (let i = 0; i < 50; i++) silent.send({ type: "getdata", items });
  await reach(network, node, main.length - 1, 2_000);
});

test("sync: the newest blocks come from a peer that pruned the old ones", { timeout: 60_000 }, async () => {
  const { main } = testChain();
  const network = createMemoryNetwork({ seed: 3 });
  await startWith(network, "pruned", main, 1);
  const { node } = simulateNode(network, "node", { connect: ["pruned"] });
  feed(node, main.slice(0, 1900));
  await node.start();
  await reach(network, node, main.length - 1);
});

test("sync: a pruned peer is not asked for blocks that it no longer has", { timeout: 60_000 }, async () => {
  const { main } = testChain();
  const network = createMemoryNetwork({ seed: 4 });
  const pruned = await startWith(network, "pruned", main, 1);
  await startWith(network, "whole", main);
  const { node } = simulateNode(network, "node", { connect: ["pruned", "whole"] });
  await node.start();
  await reach(network, node, main.length - 1);
  const [peer] = pruned.peers();
  assertEquals(peer!.messages.out.notfound, undefined);
});

test(
  "sync: a peer that leaves out one block and sends what follows is found out while it sends",
  { timeout: 60_000 },
  async () => {
    const { main } = testChain();
    const network = createMemoryNetwork({ seed: 5, link: { latencyMs: 10, bandwidthBytesPerSecond: 40_000 } });
    for (const [host, withheld] of [["liar", 3], ["honest", 0]] as const) {
      await listenScripted(network, host, { startHeight: 2100 }, (peer) => serveFrom(peer, main, withheld));
    }
    const { node } = simulateNode(network, "node", { connect: ["liar", "honest"] });
    const reasons = reasonsOf(node);
    await node.start();
    await network.run(() => node.chain().height >= 3 || network.now() > 40_000);
    assert(node.chain().height >= 3, `nothing above ${node.chain().height} after ${network.now()} ms`);
    assert(reasons.every((reason) => reason === "stalled"), `${reasons}`);
  },
);

test("sync: an honest peer behind a thin line is not taken for a dead one", { timeout: 60_000 }, async () => {
  const blocks = [REGTEST_GENESIS, ...makeBranch({ count: 40, padding: 900_000 })];
  const network = createMemoryNetwork({ seed: 6 });
  // 16 blocks in flight take 48 s, and pongs come behind them.
  network.setLink("thin", "node", { latencyMs: 20, bandwidthBytesPerSecond: 300_000 });
  const { node } = simulateNode(network, "node");
  const reasons = reasonsOf(node);
  await node.start();
  const peer = await dialScripted(network, "thin", "node");
  serveFrom(peer, blocks.slice(0, 1));
  // The first round trip is short, and the timeouts that follow from it are.
  await network.run(25_000);
  serveFrom(peer, blocks);
  peer.send({ type: "inv", items: [{ kind: INV_BLOCK, hash: hashOf(blocks[40]!) }] });
  await reach(network, node, 40);
  assertEquals(reasons, []);
});

test("sync: a pause of our own is nobody's fault", { timeout: 60_000 }, async () => {
  const { main } = testChain();
  const network = createMemoryNetwork({ seed: 7, link: { latencyMs: 100, bandwidthBytesPerSecond: 500_000 } });
  const source = await startWith(network, "source", main);
  const clock = network.env("node");
  let pauses = false;
  let pausedMs = 0;
  // A process that stood still hears its timers first, and only then the network.
  const after: Env["after"] = (delayMs, task) =>
    clock.after(delayMs, () => {
      if (pauses) pausedMs = 300_000;
      task();
    });
  const env: Env = { ...clock, now: () => clock.now() + pausedMs, after };
  const { node } = simulateNode(network, "node", { connect: ["source"], env });
  const reasons = reasonsOf(node);
  await node.start();
  await network.run(() => node.chain().height > 500);
  pauses = true;
  await reach(network, node, main.length - 1);
  assertEquals([reasons, source.peers().length], [[], 1]);
});

test(
  "sync: an announcement is followed although the question before it was never answered",
  { timeout: 60_000 },
  async () => {
    const { main } = testChain();
    const network = createMemoryNetwork({ seed: 8 });
    const { node } = simulateNode(network, "node");
    await node.start();
    const peer = await dialScripted(network, "busy", "node");
    await network.run(network.now() + 1000);
    assertEquals(peer.of("getheaders").length, 1);
    serveFrom(peer, main.slice(0, 6));
    peer.send({ type: "inv", items: [{ kind: INV_BLOCK, hash: hashOf(main[5]!) }] });
    await reach(network, node, 5, 60_000);
  },
);

test("sync: a peer that hangs up after each handshake is dialled ever less often", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 9 });
  let accepted = 0;
  await listenScripted(network, "moody", {}, (peer) => {
    accepted++;
    peer.onMessage = ({ type }) => {
      if (type === "verack") peer.connection.close();
    };
  });
  const { node } = simulateNode(network, "node", { connect: ["moody"] });
  await node.start();
  await network.run(120_000);
  assert(accepted > 2 && accepted < 12, `${accepted} connections in two minutes`);
});

test(
  "sync: it is done although the last blocks came from elsewhere than those who owe them",
  { timeout: 60_000 },
  async () => {
    const { main } = testChain();
    const network = createMemoryNetwork({ seed: 10 });
    const { node } = simulateNode(network, "node");
    const done: number[] = [];
    node.on("sync:done", ({ height }) => void done.push(height));
    await node.start();
    await showAndVanish(network, "node", main.slice(1, 31));
    for (const block of main.slice(1, 31)) node.submitBlock(block);
    await network.run(network.now() + 5000);
    assertEquals([node.chain().height, done], [30, [30]]);
  },
);
