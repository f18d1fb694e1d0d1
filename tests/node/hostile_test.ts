import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { type BlockHeader, encodeBlockHeader, readBlockHeader } from "../../src/protocol/block_header.ts";
import { INV_BLOCK, type Message } from "../../src/protocol/messages.ts";
import { MAIN, REGTEST } from "../../src/protocol/networks.ts";
import { LANE_POLICIES } from "../../src/protocol/lanes.ts";
import { HEADERS_TIMEOUT_MS, MAX_UNCONNECTED_HEADERS } from "../../src/protocol/sync_params.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { ByteReader } from "../../src/util/bytes.ts";
import { hash256 } from "../../src/util/hash.ts";
import { dialRaw, dialScripted, listenScripted, type ScriptedPeer, versionOf } from "../support/scripted_peer.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";
import { testHasher } from "../support/test_hasher.ts";

const LONG_MS = 600_000;
const VERACK = { type: "verack" } as const;

interface World {
  readonly network: MemoryNetwork;
  readonly node: P2PNode;
  /** Why connections ended, by the node's counts, whether their handshakes were done or not. */
  readonly reasons: () => string[];
}

/** A node named `node` with the first `height` blocks of the test chain, and whoever it is told to connect to. */
async function world(height = 0, connect: readonly string[] = []): Promise<World> {
  const network = createMemoryNetwork({ seed: 42, scrambleChunks: true });
  const { node } = simulateNode(network, "node", { connect });
  if (height > 0) feed(node, testChain().main.slice(0, height + 1));
  await node.start();
  const ended = () => Object.entries(node.connectionCounts().ended);
  return { network, node, reasons: () => ended().flatMap(([code, count]) => Array<string>(count).fill(code)) };
}

async function runFor(network: MemoryNetwork, ms: number): Promise<void> {
  await network.run(network.now() + ms);
}

function headersOf(blocks: readonly Uint8Array[]) {
  return blocks.map((block) => readBlockHeader(new ByteReader(block)));
}

function hashOf(block: Uint8Array): string {
  return hash256(testHasher, block.subarray(0, 80));
}

/** Answers a node's questions from a list of blocks, as an honest peer does; `change` may spoil each answer. */
function serveFrom(peer: ScriptedPeer, blocks: readonly Uint8Array[], change = (block: Uint8Array) => block): void {
  const byHash = new Map(blocks.map((block) => [hashOf(block), block]));
  peer.onMessage = (message) => {
    if (message.type === "getheaders") peer.send({ type: "headers", headers: headersOf(blocks.slice(1)) });
    if (message.type !== "getdata") return;
    for (const { hash } of message.items) peer.send({ type: "block", block: change(byHash.get(hash)!) });
  };
}

test("hostile: whoever sets a bloom filter is let go, with the reason, and what is unknown otherwise passes", async () => {
  const { network, node, reasons } = await world();
  const peer = await dialScripted(network, "peer", "node");
  peer.send({ type: "unknown", command: "whatever", payload: new Uint8Array(4) });
  await runFor(network, 1_000);
  assertEquals([node.peers().length, reasons()], [1, []]);
  peer.send({ type: "unknown", command: "filterload", payload: new Uint8Array(4) });
  await runFor(network, 1_000);
  assertEquals([node.peers().length, reasons(), node.offenders()], [0, ["closed-by-us"], []]);
});

const BEFORE_HANDSHAKE: readonly [name: string, messages: readonly Message[], reason: string][] = [
  ["a ping before the handshake", [{ type: "ping", nonce: 1n }], "unexpected-message"],
  ["a verack before the version", [VERACK], "unexpected-message"],
  ["a block before the verack", [versionOf(), { type: "block", block: new Uint8Array(81) }], "unexpected-message"],
  ["a second version", [versionOf(), versionOf()], "unexpected-message"],
  ["a second version after the handshake", [versionOf(), VERACK, versionOf()], "unexpected-message"],
  ["an obsolete version", [versionOf({ protocolVersion: 209 })], "obsolete-version"],
];

for (const [name, messages, reason] of BEFORE_HANDSHAKE) {
  test(`hostile: ${name} ends the connection as ${reason}`, { timeout: 60_000 }, async () => {
    const { network, node, reasons } = await world();
    const peer = await dialRaw(network, "bad", "node");
    const good = await dialScripted(network, "good", "node");
    peer.send(...messages);
    await runFor(network, 1000);
    assertEquals([peer.closed, reasons()], [true, [reason]]);
    assertEquals([good.closed, node.peers().length], [false, 1]);
  });
}

const RAW: readonly [name: string, bytes: () => Uint8Array, reason: string][] = [
  ["another network", () => bitcoinCodec(MAIN.magic, testHasher).encode(versionOf()), "wrong-network"],
  ["garbage", () => new Uint8Array(1000).fill(0x41), "wrong-network"],
  ["a 4 GB length", () => spoil("length"), "oversized"],
  ["a bad checksum", () => spoil("checksum"), "bad-checksum"],
];

function spoil(field: "length" | "checksum"): Uint8Array {
  const frame = bitcoinCodec(0xfabfb5da, testHasher).encode(versionOf());
  const [from, to] = field === "length" ? [16, 20] : [20, 24];
  return frame.slice().fill(0xff, from, to);
}

for (const [name, bytes, reason] of RAW) {
  test(`hostile: ${name} ends the connection as ${reason}`, { timeout: 60_000 }, async () => {
    const { network, reasons } = await world();
    const peer = await dialRaw(network, "bad", "node");
    peer.sendRaw(bytes());
    await runFor(network, 1000);
    assertEquals([peer.closed, reasons()], [true, [reason]]);
  });
}

test("hostile: a stranger who says nothing is let go", { timeout: 60_000 }, async () => {
  const { network, node, reasons } = await world();
  await dialRaw(network, "mute", "node");
  await runFor(network, 30_000);
  assertEquals([node.peers(), reasons()], [[], ["handshake-timeout"]]);
});

test("hostile: a node that dials itself notices", { timeout: 60_000 }, async () => {
  const { network, reasons } = await world(0, ["node"]);
  await runFor(network, 500);
  assert(reasons().includes("self-connection"), `${reasons()}`);
});

test("hostile: a peer that answers no ping is let go", { timeout: 60_000 }, async () => {
  const { network, node, reasons } = await world();
  await dialScripted(network, "deaf", "node");
  await runFor(network, LONG_MS);
  assertEquals([node.peers(), reasons()], [[], ["ping-timeout"]]);
});

test("hostile: headers that lead nowhere are asked about, and in the end a fault", { timeout: 60_000 }, async () => {
  const { network, reasons } = await world();
  const peer = await dialScripted(network, "lost", "node");
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
  };
  await runFor(network, HEADERS_TIMEOUT_MS + 2000);
  const unconnected = headersOf(testChain().main.slice(50, 52));
  // Each time it is asked what lies between, and says the same again.
  let times = 0;
  for (; !peer.closed && times < 2 * MAX_UNCONNECTED_HEADERS; times++) {
    for (let copy = 0; copy < 20; copy++) peer.send({ type: "headers", headers: unconnected });
    await runFor(network, HEADERS_TIMEOUT_MS + 2000);
  }
  assertEquals([peer.closed, reasons()], [true, ["unconnected-headers"]]);
  assert(Math.abs(times - MAX_UNCONNECTED_HEADERS) <= 1, `after ${times} times`);
});

test("hostile: all that an honest peer announced during an outage may come at once", { timeout: 60_000 }, async () => {
  const { network, node, reasons } = await world();
  const peer = await dialScripted(network, "late", "node");
  const blocks = testChain().main.slice(0, 41);
  const byHash = new Map(blocks.map((block) => [hashOf(block), block]));
  await runFor(network, HEADERS_TIMEOUT_MS + 2000);
  for (const header of headersOf(blocks.slice(2))) peer.send({ type: "headers", headers: [header] });
  await runFor(network, 1000);
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    if (message.type !== "getdata") return;
    for (const { hash } of message.items) peer.send({ type: "block", block: byHash.get(hash)! });
  };
  assertEquals(peer.of("getheaders").length, 2);
  peer.send({ type: "headers", headers: headersOf(blocks.slice(1)) });
  await network.run(() => node.chain().height === 40 || network.now() > LONG_MS);
  assertEquals([node.chain().height, peer.closed, reasons()], [40, false, []]);
});

test("hostile: headers without work, of the wrong difficulty or out of order are refused and not kept", {
  timeout: 60_000,
}, async () => {
  const [first, second] = headersOf(testChain().main.slice(1, 3)) as [BlockHeader, BlockHeader];
  let nonce = 0;
  const meetsTarget = (candidate: number) =>
    hash256(testHasher, encodeBlockHeader({ ...first, nonce: candidate })) < "80";
  while (meetsTarget(nonce)) nonce++;
  for (
    const headers of [
      [{ ...first, nonce }],
      [{ ...first, bits: 0x1d00ffff }],
      [{ ...first, bits: 0x217fffff }],
      [first, first],
      [first, { ...second, previous: hash256(testHasher, new Uint8Array(1)) }],
    ]
  ) {
    const { network, node, reasons } = await world();
    const peer = await dialScripted(network, "bad", "node");
    peer.send({ type: "headers", headers });
    await runFor(network, 1000);
    assertEquals([peer.closed, reasons()], [true, ["bad-header"]]);
    assert(node.chain().headers <= 1, "what breaks a rule is not kept");
  }
});

const MUTATIONS: readonly [name: string, change: (block: Uint8Array) => Uint8Array][] = [
  ["a flipped bit in a transaction", (block) => block.map((byte, i) => i === block.length - 1 ? byte ^ 1 : byte)],
  ["a cut end", (block) => block.slice(0, -1)],
  ["bytes too many", (block) => new Uint8Array([...block, 0])],
];

for (const [name, change] of MUTATIONS) {
  test(`hostile: a block with ${name} costs its sender the connection, and the honest copy is taken`, {
    timeout: 60_000,
  }, async () => {
    const { main } = testChain();
    const blocks = main.slice(0, 21);
    const network = createMemoryNetwork({ seed: 7 });
    await listenScripted(network, "liar", { startHeight: 20 }, (peer) => serveFrom(peer, blocks, change));
    const { node } = simulateNode(network, "node", { connect: ["liar"] });
    const reasons: string[] = [];
    node.on("peer:disconnected", ({ reason }) => void reasons.push(reason));
    await node.start();
    await network.run(() => reasons.length > 0);
    assertEquals([reasons, node.chain().height, node.chain().headers], [["bad-block"], 0, 20]);
    const honest = await dialScripted(network, "honest", "node", { startHeight: 20 });
    serveFrom(honest, blocks);
    honest.send({ type: "inv", items: [{ kind: INV_BLOCK, hash: hashOf(blocks.at(-1)!) }] });
    await network.run(() => node.chain().height === 20 || network.now() > LONG_MS);
    assertEquals(node.chain().bestHash, hashOf(blocks.at(-1)!));
    assertEquals(honest.closed, false);
  });
}

test("hostile: what a stalling peer owes is asked of another one", { timeout: 60_000 }, async () => {
  const { main } = testChain();
  const blocks = main.slice(0, 201);
  const network = createMemoryNetwork({ seed: 8 });
  await listenScripted(network, "staller", { startHeight: 200 }, (peer) => {
    peer.onMessage = (message) => {
      if (message.type === "getheaders") peer.send({ type: "headers", headers: headersOf(blocks.slice(1)) });
      if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    };
  });
  const { node } = simulateNode(network, "node", { connect: ["staller"] });
  const reasons: string[] = [];
  node.on("peer:disconnected", ({ reason }) => void reasons.push(reason));
  await node.start();
  await runFor(network, 100);
  const honest = await dialScripted(network, "honest", "node", { startHeight: 200 });
  serveFrom(honest, blocks);
  await network.run(() => node.chain().height === 200 || network.now() > LONG_MS);
  assertEquals(node.chain().height, 200);
  assert(reasons.includes("stalled"));
  assert(network.now() < 30_000, `found out after ${network.now()} ms`);
});

test("hostile: a peer that dies in mid-frame leaves nothing behind, and what it owed comes from elsewhere", {
  timeout: 60_000,
}, async () => {
  const { main } = testChain();
  const blocks = main.slice(0, 101);
  const network = createMemoryNetwork({ seed: 9 });
  await listenScripted(network, "dying", { startHeight: 100 }, (peer) => {
    peer.onMessage = (message) => {
      if (message.type === "getheaders") peer.send({ type: "headers", headers: headersOf(blocks.slice(1)) });
      if (message.type !== "getdata") return;
      const frame = bitcoinCodec(0xfabfb5da, testHasher).encode({ type: "block", block: blocks[1]! });
      peer.sendRaw(frame.slice(0, frame.length / 2));
      peer.connection.close();
    };
  });
  const { node } = simulateNode(network, "node", { connect: ["dying"] });
  await node.start();
  await runFor(network, 50);
  assertEquals(node.peers().filter(({ direction }) => direction === "outbound"), []);
  const honest = await dialScripted(network, "honest", "node", { startHeight: 100 });
  serveFrom(honest, blocks);
  await network.run(() => node.chain().height === 100 || network.now() > LONG_MS);
  assertEquals(node.chain().height, 100);
});

test(
  "hostile: a peer that asks for everything and never reads costs bounded memory and is let go",
  { timeout: 60_000 },
  async () => {
    const { network, node } = await world(2000);
    const peer = await dialScripted(network, "greedy", "node");
    peer.connection.pause();
    const items = testChain().main.slice(1, 2001).map((block) => ({ kind: INV_BLOCK, hash: hashOf(block) }));
    for (let i = 0; i < 20; i++) peer.send({ type: "getdata", items });
    await runFor(network, 5000);
    const [snapshot] = node.peers();
    const bound = Object.values(LANE_POLICIES).reduce((sum, { maxBytes }) => sum + maxBytes, 0);
    assert(snapshot!.outbox.bytes <= bound, `${snapshot!.outbox.bytes} bytes wait`);
    const good = await dialScripted(network, "good", "node");
    good.send({ type: "getdata", items: items.slice(0, 3) });
    await network.run(() => good.of("block").length === 3 || network.now() > LONG_MS);
    assertEquals(good.of("block").length, 3);
    await runFor(network, LONG_MS);
    assertEquals(node.peers().filter(({ userAgent }) => userAgent === "/scripted/").length, 0);
  },
);

test("hostile: 500 connections leave places for those who have them, and are refused beyond the limit", {
  timeout: 60_000,
}, async () => {
  const { network, node } = await world();
  const good = await dialScripted(network, "good", "node");
  for (let i = 0; i < 500; i++) await dialRaw(network, `storm${i}`, "node");
  await runFor(network, 100);
  assertEquals(node.peers().length, 117);
  assertEquals(good.closed, false);
  good.send({ type: "ping", nonce: 5n });
  await network.run(() => good.of("pong").length > 0);
  assertEquals(good.of("pong").map(({ nonce }) => nonce), [5n]);
  await runFor(network, 60_000);
  await dialScripted(network, "later", "node");
  assert(node.peers().length <= 2, "the silent ones are gone and a newcomer is let in");
});

test("hostile: a block that nobody asked for and that leads nowhere is ignored", { timeout: 60_000 }, async () => {
  const { network, node } = await world(10);
  const peer = await dialScripted(network, "pusher", "node");
  peer.send({ type: "block", block: testChain().main[500]! }, { type: "ping", nonce: 9n });
  await network.run(() => peer.of("pong").length > 0);
  assertEquals([peer.closed, node.chain().headers], [false, 10]);
});

test("hostile: a new block that is pushed without asking is taken", { timeout: 60_000 }, async () => {
  const { network, node } = await world(10);
  const peer = await dialScripted(network, "pusher", "node");
  peer.send({ type: "block", block: testChain().main[11]! });
  await runFor(network, 100);
  assertEquals([peer.closed, node.chain().height], [false, 11]);
});

test("hostile: on a network of known work a short list of cheap headers is not kept, one without any is a fault", {
  timeout: 60_000,
}, async () => {
  const cheap = { ...REGTEST, minimumChainWork: 1_000_000n };
  for (const [index, reasons] of [[0, []], [1, ["bad-header"]]] as const) {
    const network = createMemoryNetwork({ seed: 10 });
    const { node } = simulateNode(network, "node", { network: cheap });
    const heard: string[] = [];
    node.on("peer:disconnected", ({ reason }) => void heard.push(reason));
    await node.start();
    const peer = await dialScripted(network, "cheap", "node");
    const [first] = headersOf(testChain().main.slice(1, 2)) as [BlockHeader];
    peer.send({ type: "headers", headers: [index === 0 ? first : { ...first, bits: 0x1d00ffff }] });
    await runFor(network, 1000);
    assertEquals([heard, node.chain().headers], [[...reasons], 0]);
  }
});
