import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { INV_COMPACT_BLOCK, INV_WITNESS_BLOCK, type MessageOf } from "../../src/protocol/messages.ts";
import {
  compactOf,
  compactWorld,
  mineWith,
  serveBlock,
  SPEAKS_COMPACT,
  transactionsOf,
  WISHES_COMPACT,
} from "../support/compact_world.ts";
import type { ScriptedPeer } from "../support/scripted_peer.ts";

function wishes(peer: ScriptedPeer): boolean[] {
  return peer.of("sendcmpct").map(({ highBandwidth }) => highBandwidth);
}

test("compact blocks: a node offers version 2 once the handshake is done", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("peer");
  assertEquals(peer.of("sendcmpct"), [SPEAKS_COMPACT]);
});

test(
  "compact blocks: a new tip is pushed to who wishes it, and told in no other way",
  { timeout: 60_000 },
  async () => {
    const world = await compactWorld();
    const [pushed, told] = [await world.peer("pushed"), await world.peer("told")];
    pushed.send(WISHES_COMPACT, { type: "sendheaders" });
    told.send({ type: "sendheaders" });
    await world.settle();
    const block = mineWith(world, 3);
    world.node.submitBlock(block.raw);
    await world.settle();
    const [message] = pushed.of("cmpctblock");
    assertEquals(compactOf(block).shortIds.length, message!.shortIds.length);
    assertEquals([message!.header, message!.prefilled.map(({ index }) => index)], [block.header, [0]]);
    const announcements = (peer: ScriptedPeer) =>
      peer.received.filter(({ type }) => type === "inv" || type === "headers" || type === "cmpctblock").map((
        { type },
      ) => type);
    assertEquals([announcements(pushed), announcements(told)], [["cmpctblock"], ["headers"]]);
  },
);

test("compact blocks: a wish for another version is none", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("old");
  peer.send({ ...WISHES_COMPACT, version: 1n }, { ...WISHES_COMPACT, version: 3n }, { type: "sendheaders" });
  await world.settle();
  world.node.submitBlock(mineWith(world, 3).raw);
  await world.settle();
  assertEquals([peer.of("cmpctblock").length, peer.of("headers").length], [0, 1]);
});

test("compact blocks: who cannot connect a new tip gets headers, and who no longer wishes gets no block", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld();
  const [behind, weary] = [await world.peer("behind"), await world.peer("weary")];
  behind.send(WISHES_COMPACT, { type: "sendheaders" });
  weary.send(WISHES_COMPACT, SPEAKS_COMPACT, { type: "sendheaders" });
  await world.settle();
  const [first, second] = world.miner.mineMany(2, world.chain.at(-1)!.node);
  // The first one arrives last, so that the tip moves by two blocks at once.
  world.node.submitBlock(second!.raw);
  world.node.submitBlock(first!.raw);
  await world.settle();
  for (const peer of [behind, weary]) {
    assertEquals(peer.of("cmpctblock"), []);
    assertEquals(peer.of("headers").map(({ headers }) => headers), [[first!.header, second!.header]]);
  }
});

test("compact blocks: blocks up to 5 below the tip are served so, older ones whole", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("peer");
  const at = (depth: number) => world.chain.at(-1 - depth)!;
  const items = [0, 5, 6].map((depth) => ({ kind: INV_COMPACT_BLOCK, hash: at(depth).hash }));
  peer.send({ type: "getdata", items });
  await world.settle();
  assertEquals(peer.of("cmpctblock").map(({ header }) => header), [at(0).header, at(5).header]);
  assertEquals(peer.of("block").map(({ block }) => block), [at(6).raw]);
});

test(
  "compact blocks: single transactions are served up to 10 below the tip, beyond it the block",
  { timeout: 60_000 },
  async () => {
    const world = await compactWorld();
    const block = mineWith(world, 5);
    world.node.submitBlock(block.raw);
    for (const { raw } of world.miner.mineMany(10, block.node)) world.node.submitBlock(raw);
    const peer = await world.peer("peer");
    const ask: MessageOf<"getblocktxn"> = { type: "getblocktxn", blockHash: block.hash, indexes: [1, 2, 5] };
    peer.send(ask);
    await world.settle();
    const all = transactionsOf(block);
    assertEquals(peer.of("blocktxn").map(({ transactions }) => transactions), [[all[1]!, all[2]!, all[5]!]]);
    world.node.submitBlock(world.miner.mine(world.miner.chain.tip).raw);
    peer.send(ask);
    await world.settle();
    assertEquals([peer.of("blocktxn").length, peer.of("block").map(({ block }) => block)], [1, [block.raw]]);
  },
);

test(
  "compact blocks: one that a peer announces by headers is asked for in its compact form",
  { timeout: 60_000 },
  async () => {
    const world = await compactWorld();
    const peer = await world.peer("peer");
    const block = mineWith(world, 2);
    peer.onMessage = (message) => {
      if (message.type === "getdata") peer.send(compactOf(block, 1, 2));
    };
    peer.send({ type: "headers", headers: [block.header] });
    await world.settle();
    assertEquals(peer.of("getdata").map(({ items }) => items), [[{ kind: INV_COMPACT_BLOCK, hash: block.hash }]]);
    assertEquals(world.node.chain().bestHash, block.hash);
  },
);

test("compact blocks: several at once are asked for whole", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("peer");
  const blocks = world.miner.mineMany(2, world.chain.at(-1)!.node);
  peer.send({ type: "headers", headers: blocks.map(({ header }) => header) });
  await world.settle();
  const items = blocks.map(({ hash }) => ({ kind: INV_WITNESS_BLOCK, hash }));
  assertEquals(peer.of("getdata").map((message) => message.items), [items]);
});

test("compact blocks: a node that takes no transactions asks for whole blocks, and serves compact ones", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld(20, { blockRelayOnly: true });
  const peer = await world.peer("peer");
  const block = mineWith(world, 2);
  serveBlock(peer, block);
  peer.send({ type: "headers", headers: [block.header] });
  await world.settle();
  const items = [{ kind: INV_WITNESS_BLOCK, hash: block.hash }];
  assertEquals([peer.of("getdata").map((message) => message.items), wishes(peer)], [[items], [false]]);
  peer.send({ type: "getdata", items: [{ kind: INV_COMPACT_BLOCK, hash: block.hash }] });
  await world.settle();
  assertEquals(peer.of("cmpctblock").map(({ header }) => header), [block.header]);
});

test("compact blocks: who brings new blocks first is asked to push, and let off when three others did", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld();
  const peers: ScriptedPeer[] = [];
  for (const name of ["a", "b", "c", "d"]) peers.push(await world.peer(name));
  let parent = world.chain.at(-1)!;
  for (const peer of peers) {
    const block = mineWith(world, 2, parent);
    serveBlock(peer, block);
    peer.send(compactOf(block, 1));
    await world.settle();
    assertEquals(world.node.chain().bestHash, block.hash);
    parent = block;
  }
  assertEquals(peers.map(wishes), [[false, true, false], [false, true], [false, true], [false, true]]);
});

test("compact blocks: what we lacked ourselves is passed on in full", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const [source, next] = [await world.peer("source"), await world.peer("next")];
  next.send(WISHES_COMPACT);
  const block = mineWith(world, 6);
  serveBlock(source, block);
  source.send(compactOf(block, 1, 2));
  await world.settle();
  const [message] = next.of("cmpctblock");
  assertEquals(message!.prefilled.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6]);
});

test("compact blocks: one that was asked for is taken though our own chain has grown past it meanwhile", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld();
  const peer = await world.peer("peer");
  const theirs = mineWith(world, 0);
  peer.send({ type: "headers", headers: [theirs.header] });
  await world.settle();
  assertEquals(peer.of("getdata").map(({ items }) => items[0]!.kind), [INV_COMPACT_BLOCK]);
  const ours = mineWith(world, 0);
  const next = mineWith(world, 0, ours);
  for (const { raw } of [ours, next]) world.node.submitBlock(raw);
  peer.send(compactOf(theirs));
  await world.settle();
  assertEquals(world.node.chain().forks.map(({ hash }) => hash), [theirs.hash]);
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
  };
  await world.settle(60_000);
  assertEquals([peer.closed, world.reasons], [false, []]);
});

test("compact blocks: a block beside our tip is asked for whole", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("peer");
  const theirs = mineWith(world, 0);
  const ours = mineWith(world, 0);
  world.node.submitBlock(ours.raw);
  const branch = [theirs, mineWith(world, 0, theirs)];
  peer.send(compactOf(branch[0]!), compactOf(branch[1]!));
  await world.settle();
  const items = [{ kind: INV_WITNESS_BLOCK, hash: theirs.hash }];
  assertEquals(peer.of("getdata").map((message) => message.items), [items]);
  peer.send({ type: "block", block: theirs.raw });
  await world.settle();
  assertEquals(world.node.chain().bestHash, branch[1]!.hash);
});
