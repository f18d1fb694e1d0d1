import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { StrategyName } from "../../src/net/balancing/strategies.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { readBlockHeader } from "../../src/protocol/block_header.ts";
import { ByteReader } from "../../src/util/bytes.ts";
import { hash256 } from "../../src/util/hash.ts";
import { listenScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";
import { testHasher } from "../support/test_hasher.ts";

const LONG_MS = 600_000;
const HEIGHT = 300;

/** Has the first blocks of the test chain, and answers getdata only while it is in the mood. */
interface Moody {
  isWilling: boolean;
  delivered: number;
  /** When it lost its mood. */
  stalledAt: number;
  /** Blocks asked for in each getdata since then, but for those that were asked before the silence could be noticed. */
  readonly askedLater: number[];
}

/** A stall is noticed after four seconds at the earliest. */
const UNNOTICED_MS = 4_000;

async function listenMoody(network: MemoryNetwork, host: string, patience: number): Promise<Moody> {
  const blocks = testChain().main.slice(0, HEIGHT + 1);
  const byHash = new Map(blocks.map((block) => [hash256(testHasher, block.subarray(0, 80)), block]));
  const moody: Moody = { isWilling: true, delivered: 0, stalledAt: Number.POSITIVE_INFINITY, askedLater: [] };
  await listenScripted(network, host, { startHeight: HEIGHT }, (peer: ScriptedPeer) => {
    peer.onMessage = (message) => {
      if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
      if (message.type === "getheaders") {
        const headers = blocks.slice(1).map((block) => readBlockHeader(new ByteReader(block)));
        peer.send({ type: "headers", headers });
      }
      if (message.type !== "getdata") return;
      if (network.now() > moody.stalledAt + UNNOTICED_MS) moody.askedLater.push(message.items.length);
      for (const { hash } of message.items) {
        if (!moody.isWilling) return;
        moody.delivered++;
        peer.send({ type: "block", block: byHash.get(hash)! });
        if (moody.delivered !== patience) continue;
        moody.isWilling = false;
        moody.stalledAt = network.now();
      }
    };
  });
  return moody;
}

function watch(node: P2PNode): string[] {
  const reasons: string[] = [];
  node.on("peer:disconnected", ({ reason }) => void reasons.push(reason));
  return reasons;
}

test("block download: a peer that stalls is left alone, and one that fails its probe too is disconnected", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 11 });
  const moody = await listenMoody(network, "moody", 100);
  const { node } = simulateNode(network, "node", { connect: ["moody"] });
  const reasons = watch(node);
  await node.start();
  await network.run(() => moody.askedLater.length > 0 || network.now() > LONG_MS);
  const pauseMs = network.now() - moody.stalledAt;
  assertEquals([moody.askedLater, reasons], [[1], []]);
  assert(pauseMs > 8_000 && pauseMs < 12_000, `asked again after ${pauseMs} ms`);
  await network.run(() => reasons.length > 0 || network.now() > LONG_MS);
  assertEquals(reasons, ["stalled"]);
});

test("block download: a probe that is answered makes a stalled peer a full one without a reconnect", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 12 });
  const moody = await listenMoody(network, "moody", 100);
  const { node } = simulateNode(network, "node", { connect: ["moody"] });
  const reasons = watch(node);
  await node.start();
  await network.run(() => network.now() > moody.stalledAt + UNNOTICED_MS || network.now() > LONG_MS);
  moody.isWilling = true;
  await network.run(() => node.chain().height === HEIGHT || network.now() > LONG_MS);
  assertEquals([node.chain().height, moody.askedLater[0], reasons], [HEIGHT, 1, []]);
});

test("block download: what a stalled peer owes comes from another one", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 13 });
  const moody = await listenMoody(network, "moody", 20);
  const { node } = simulateNode(network, "node", { connect: ["moody"] });
  const reasons = watch(node);
  await node.start();
  await network.run(() => !moody.isWilling || network.now() > LONG_MS);
  const { node: honest } = simulateNode(network, "honest", { connect: ["node"] });
  feed(honest, testChain().main.slice(0, HEIGHT + 1));
  await honest.start();
  const startedAt = network.now();
  await network.run(() => node.chain().height === HEIGHT || network.now() > LONG_MS);
  assertEquals([node.chain().height, reasons], [HEIGHT, []]);
  assert(network.now() - startedAt < 15_000, `${network.now() - startedAt} ms`);
});

async function shareOfFast(strategy: StrategyName): Promise<number> {
  const { main } = testChain();
  const network = createMemoryNetwork({ seed: 14 });
  const hosts = ["fast", "slow"];
  for (const host of hosts) {
    const { node } = simulateNode(network, host);
    feed(node, main);
    await node.start();
  }
  network.setLink("fast", "node", { latencyMs: 5 });
  network.setLink("slow", "node", { latencyMs: 5, bandwidthBytesPerSecond: 100_000 });
  const balancing = { rules: [{ class: "block-download", strategy }] };
  const { node } = simulateNode(network, "node", { connect: hosts, balancing });
  await node.start();
  await network.run(() => node.chain().height === 2100 || network.now() > LONG_MS);
  assertEquals(node.chain().height, 2100);
  const blocks = new Map(node.peers().map(({ address, messages }) => [address.split(":")[0], messages.in.block ?? 0]));
  return blocks.get("fast")! / (blocks.get("fast")! + blocks.get("slow")!);
}

test(
  "block download: the faster peer delivers most, by default and by least latency",
  { timeout: 60_000 },
  async () => {
    for (const strategy of ["adaptive", "least-latency"] as const) {
      const share = await shareOfFast(strategy);
      assert(share > 0.7, `${strategy}: ${share}`);
    }
  },
);
