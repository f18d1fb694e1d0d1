import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { INV_TX, INV_WITNESS_TX, INV_WTX } from "../../src/protocol/messages.ts";
import { P2P } from "../../src/protocol/networks.ts";
import {
  MAX_UNBROADCAST,
  MEMPOOL_INTERVAL_MS,
  TOLD_TO_NEWCOMERS,
  TRICKLE_INBOUND_MS,
} from "../../src/protocol/relay_params.ts";
import { transaction } from "../support/blocks.ts";
import { Miner } from "../support/mining.ts";
import { dialRaw, dialScripted, versionOf } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";
import {
  asked,
  countOf,
  dialByWtxid,
  idOf,
  IMMEDIATE,
  numbered,
  runFor,
  told,
  until,
  withoutWitness,
  world,
  type WorldOptions,
  wtx,
} from "../support/transaction_world.ts";

/** Nodes in a ring, each connected to the next. */
async function ring(network: MemoryNetwork, count: number, options: WorldOptions = {}): Promise<P2PNode[]> {
  const nodes: P2PNode[] = [];
  for (let i = 0; i < count; i++) {
    const { node } = simulateNode(network, `n${i}`, { ...options, connect: [`n${(i + 1) % count}`] });
    nodes.push(node);
    await node.start();
  }
  await until(network, () => nodes.every((node) => node.peers().filter(({ state }) => state === "ready").length === 2));
  return nodes;
}

for (const [name, options] of [["usual", {}], ["immediate", IMMEDIATE]] as const) {
  test(
    `transactions: in a ring of ten each node gets each one once, at the ${name} pace`,
    { timeout: 60_000 },
    async () => {
      const network = createMemoryNetwork({ seed: 1, scrambleChunks: true });
      const nodes = await ring(network, 10, options);
      const seen = nodes.map(() => [] as string[]);
      nodes.forEach((node, i) => node.on("transaction:seen", ({ wtxid }) => void seen[i]!.push(wtxid)));
      const raws = Array.from({ length: 20 }, (_, i) => numbered(i));
      raws.forEach((raw, i) => assertEquals(nodes[i % 10]!.submitTransaction(raw).kind, "accepted"));
      await until(network, () => nodes.every((node) => node.pool().count === raws.length));
      await runFor(network, 60_000);
      const expected = raws.map(idOf).sort();
      for (const ids of seen) assertEquals(ids.sort(), expected);
      for (const node of nodes) {
        assertEquals([countOf(node, "in", "tx"), node.pool().requested], [18, 0], "all but its own two, once each");
      }
    },
  );
}

test("transactions: the same on the native wire", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 2, scrambleChunks: true });
  const nodes = await ring(network, 3, { network: P2P });
  nodes[0]!.submitTransaction(numbered(1));
  await until(network, () => nodes.every((node) => node.pool().count === 1));
  assertEquals(nodes.map((node) => countOf(node, "in", "tx")), [0, 1, 1]);
});

test(
  "transactions: at the usual pace it takes seconds, and how many nobody can foresee",
  { timeout: 60_000 },
  async () => {
    const delays: number[] = [];
    const network = createMemoryNetwork({ seed: 3 });
    const { node } = simulateNode(network, "node");
    await node.start();
    const peer = await dialByWtxid(network, "peer");
    peer.onMessage = (message) => {
      if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    };
    for (let i = 0; i < 100; i++) {
      const start = network.now();
      node.submitTransaction(numbered(i));
      await until(network, () => told(peer).length === i + 1);
      delays.push(network.now() - start);
    }
    const mean = delays.reduce((sum, each) => sum + each, 0) / delays.length;
    assert(mean > TRICKLE_INBOUND_MS / 2 && mean < 2 * TRICKLE_INBOUND_MS, `mean ${mean} ms`);
    assert(Math.min(...delays) < 1000 && Math.max(...delays) > 10_000);
  },
);

test(
  "transactions: each peer is told by the id that it knows, and served as it asks",
  { timeout: 60_000 },
  async () => {
    const { network, node } = await world();
    const old = await dialScripted(network, "old", "node");
    const modern = await dialByWtxid(network, "modern");
    node.submitTransaction(numbered(1));
    await until(network, () => told(old).length + told(modern).length === 2);
    const [txid, wtxid] = [idOf(withoutWitness(1)), idOf(numbered(1))];
    assertEquals(old.of("inv").map(({ items }) => items), [[{ kind: INV_TX, hash: txid }]]);
    assertEquals(modern.of("inv").map(({ items }) => items), [[{ kind: INV_WTX, hash: wtxid }]]);
    old.send({ type: "getdata", items: [{ kind: INV_TX, hash: txid }, { kind: INV_WITNESS_TX, hash: txid }] });
    modern.send({ type: "getdata", items: [{ kind: INV_WTX, hash: wtxid }, { kind: INV_WTX, hash: txid }] });
    await until(network, () => modern.of("notfound").length === 1);
    assertEquals(old.of("tx").map((message) => message.transaction), [withoutWitness(1), numbered(1)]);
    assertEquals(modern.of("tx").map((message) => message.transaction), [numbered(1)]);
    assertEquals(modern.of("notfound").map(({ items }) => items), [[{ kind: INV_WTX, hash: txid }]]);
  },
);

test("transactions: a peer that wants none is told of none, but may send and ask", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  const [quiet, usual] = [await dialByWtxid(network, "quiet", { relay: false }), await dialByWtxid(network, "usual")];
  quiet.send({ type: "tx", transaction: numbered(1) });
  await until(network, () => told(usual).length === 1);
  node.submitTransaction(numbered(2));
  await until(network, () => told(usual).length === 2);
  await runFor(network, 60_000);
  assertEquals(told(quiet), []);
  quiet.send({ type: "getdata", items: [wtx(2)] });
  await until(network, () => quiet.of("tx").length === 1);
});

test("transactions: nobody is told of what he told us, and nobody twice", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  const [source, other] = [await dialByWtxid(network, "source"), await dialByWtxid(network, "other")];
  source.send({ type: "inv", items: [wtx(1)] });
  await until(network, () => asked(source).length === 1);
  source.send({ type: "tx", transaction: numbered(1) });
  await until(network, () => told(other).length === 1);
  other.send({ type: "tx", transaction: numbered(1) }, { type: "inv", items: [wtx(1)] });
  node.submitTransaction(numbered(1));
  await runFor(network, 60_000);
  assertEquals([told(source), told(other)], [[], [wtx(1).hash]]);
});

test("transactions: mempool lists the pool, once a minute", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  for (let i = 0; i < 3; i++) node.submitTransaction(numbered(i));
  const peer = await dialByWtxid(network, "peer", { relay: false });
  peer.send({ type: "mempool" }, { type: "mempool" });
  await runFor(network, 1000);
  assertEquals(told(peer), [0, 1, 2].map((i) => wtx(i).hash));
  await runFor(network, MEMPOOL_INTERVAL_MS);
  peer.send({ type: "mempool" });
  await runFor(network, 1000);
  assertEquals(told(peer).length, 6);
});

test("transactions: we want all of them, and spare a peer those of which we know that they pay it too little", {
  timeout: 60_000,
}, async () => {
  const { network, node } = await world();
  const peer = await dialByWtxid(network, "peer");
  assertEquals(peer.of("feefilter").map(({ feeRate }) => feeRate), [0n]);
  peer.send({ type: "feefilter", feeRate: 1000n });
  await runFor(network, 10);
  peer.send({ type: "feefilter", feeRate: -1n }, { type: "feefilter", feeRate: 1n << 62n });
  await runFor(network, 10);
  node.submitTransaction(numbered(1), { feeRate: 999n });
  node.submitTransaction(numbered(2), { feeRate: 1000n });
  node.submitTransaction(numbered(3));
  await runFor(network, 1000);
  assertEquals(told(peer).sort(), [wtx(2).hash, wtx(3).hash].sort());
});

test("transactions: who comes later is told of the newest, and of our own that nobody fetched", {
  timeout: 60_000,
}, async () => {
  const { network, node } = await world();
  for (let i = 0; i <= MAX_UNBROADCAST + TOLD_TO_NEWCOMERS; i++) node.submitTransaction(numbered(i));
  const first = await dialByWtxid(network, "first");
  await runFor(network, 60_000);
  assertEquals(told(first).length, MAX_UNBROADCAST + TOLD_TO_NEWCOMERS);
  assert(!told(first).includes(wtx(MAX_UNBROADCAST).hash), "neither new nor among those kept as our own");
  first.send({ type: "getdata", items: [wtx(0)] });
  await until(network, () => first.of("tx").length === 1);
  const second = await dialByWtxid(network, "second");
  await runFor(network, 60_000);
  assert(!told(second).includes(wtx(0).hash));
  assertEquals(told(second).length, MAX_UNBROADCAST + TOLD_TO_NEWCOMERS - 1);
});

test("transactions: a newcomer that asked for less is told of less", { timeout: 60_000 }, async () => {
  const { network, node } = await world({});
  node.submitTransaction(numbered(1), { feeRate: 999n });
  node.submitTransaction(numbered(2), { feeRate: 1000n });
  const peer = await dialByWtxid(network, "peer");
  peer.send({ type: "feefilter", feeRate: 1000n });
  await runFor(network, 60_000);
  assertEquals(told(peer), [wtx(2).hash]);
});

test("transactions: newcomers are told though many came, were told and left before", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  node.submitTransaction(numbered(1));
  for (let i = 0; i < 100; i++) {
    const peer = await dialByWtxid(network, `peer${i}`);
    await until(network, () => told(peer).length === 1);
    peer.connection.close();
    await until(network, () => node.peers().length === 0);
  }
});

test("transactions: what we are given ourselves is asked of nobody any more", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  const [first, second] = [await dialByWtxid(network, "first"), await dialByWtxid(network, "second")];
  for (const peer of [first, second]) peer.send({ type: "inv", items: [wtx(1)] });
  await until(network, () => asked(first).length === 1);
  node.submitTransaction(numbered(1));
  assertEquals(node.pool().requested, 0);
  await runFor(network, 60_000);
  assertEquals([asked(second), told(first), told(second)], [[], [], []]);
});

test("transactions: what a block confirms leaves the pool and is not asked for; a reorganisation brings it back", {
  timeout: 60_000,
}, async () => {
  const { network, node } = await world();
  const miner = new Miner();
  const peer = await dialByWtxid(network, "peer");
  node.submitTransaction(numbered(1));
  node.submitTransaction(numbered(2));
  const block = miner.mine(undefined, { transactions: [numbered(1), numbered(3)] });
  assertEquals(node.submitBlock(block.raw).kind, "extended");
  await runFor(network, 10);
  assertEquals(node.pool().count, 1);
  peer.send({ type: "inv", items: [wtx(1), wtx(3), wtx(4)] });
  await runFor(network, 10);
  assertEquals(asked(peer).filter((hash) => hash !== block.hash), [wtx(4).hash]);
  const [first] = miner.mineMany(1);
  const second = miner.mine(first!.node);
  for (const { raw } of [first!, second]) node.submitBlock(raw);
  await runFor(network, 10);
  assertEquals([node.chain().bestHash, node.pool().count], [second.hash, 3]);
});

test(
  "transactions: a node that relays blocks only says so, takes none and gives its own",
  { timeout: 60_000 },
  async () => {
    const { network, node } = await world({ ...IMMEDIATE, blockRelayOnly: true });
    const peer = await dialRaw(network, "peer", "node");
    peer.send(versionOf(), { type: "wtxidrelay" }, { type: "verack" });
    await until(network, () => peer.of("sendheaders").length > 0);
    assertEquals([peer.of("version")[0]?.relay, peer.of("feefilter").length], [false, 0]);
    peer.send({ type: "inv", items: [wtx(1)] }, { type: "tx", transaction: numbered(1) });
    node.submitTransaction(numbered(2));
    await until(network, () => told(peer).length === 1);
    assertEquals([asked(peer), node.pool().count, told(peer)], [[], 1, [wtx(2).hash]]);
  },
);

test("transactions: verdicts on our own", { timeout: 60_000 }, async () => {
  const { node } = await world();
  const [txid, wtxid] = [idOf(withoutWitness(1)), idOf(numbered(1))];
  assertEquals(node.submitTransaction(numbered(1)), { kind: "accepted", txid, wtxid });
  assertEquals(node.submitTransaction(numbered(1)), { kind: "known", txid, wtxid });
  assertEquals(node.submitTransaction(transaction({ outputs: [] })), { kind: "refused", reason: "no-outputs" });
  assertThrows(() => node.submitTransaction(Uint8Array.of(1)), LocalError, "Cannot submit a transaction");
});
