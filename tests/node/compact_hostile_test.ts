import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { readShortId, shortId, shortIdKey } from "../../src/chain/short_ids.ts";
import { SHORT_ID_BYTES } from "../../src/protocol/wire_limits.ts";
import { INV_COMPACT_BLOCK, INV_WITNESS_BLOCK, type MessageOf } from "../../src/protocol/messages.ts";
import { TransactionPool } from "../../src/ledger/transaction_pool.ts";
import {
  HEADERS_TIMEOUT_MS,
  MAX_COMPACT_TRIES_PER_BLOCK,
  MAX_COMPACT_TRIES_PER_PEER,
  MAX_PARTIAL_BLOCKS_PER_PEER,
  MAX_UNCONNECTED_HEADERS,
} from "../../src/protocol/sync_params.ts";
import {
  compactOf,
  type CompactWorld,
  compactWorld,
  mineWith,
  serveBlock,
  transactionsOf,
  unique,
} from "../support/compact_world.ts";
import type { MinedBlock } from "../support/mining.ts";
import type { ScriptedPeer } from "../support/scripted_peer.ts";
import { packShortIds } from "../support/short_ids.ts";
import { testHasher } from "../support/test_hasher.ts";

type Compact = MessageOf<"cmpctblock">;

/** That another peer, who announces the block in the old way, can still bring it. */
async function assertHonestCopyIsTaken(world: CompactWorld, block: MinedBlock, withinMs = 1000): Promise<void> {
  const honest = await world.peer("honest");
  serveBlock(honest, block);
  honest.send({ type: "headers", headers: [block.header] });
  await world.settle(withinMs);
  assertEquals([world.node.chain().bestHash, honest.closed], [block.hash, false]);
}

function wholeAsked(peer: ScriptedPeer, block: MinedBlock): number {
  const items = peer.of("getdata").flatMap((message) => message.items);
  return items.filter(({ kind, hash }) => kind === INV_WITNESS_BLOCK && hash === block.hash).length;
}

const MALFORMED: readonly [name: string, change: (compact: Compact) => Compact][] = [
  ["a prefilled index past the end", (compact) => prefillAt(compact, 9)],
  ["no transactions", (compact) => ({ ...compact, shortIds: new Uint8Array(0), prefilled: [] })],
  ["a transaction without inputs", (compact) => ({
    ...compact,
    prefilled: [{ index: 0, transaction: new Uint8Array(10) }],
  })],
];

function prefillAt(compact: Compact, index: number): Compact {
  return { ...compact, prefilled: [...compact.prefilled, { index, transaction: unique() }] };
}

for (const [name, change] of MALFORMED) {
  test(
    `compact block with ${name}: its sender is let go, and the honest copy is taken`,
    { timeout: 60_000 },
    async () => {
      const world = await compactWorld();
      const liar = await world.peer("liar");
      const block = mineWith(world, 4);
      liar.send(change(compactOf(block)));
      await world.settle();
      assertEquals([liar.closed, world.reasons], [true, ["malformed"]]);
      await assertHonestCopyIsTaken(world, block);
    },
  );
}

test(
  "compact block with wrong short ids: the right transactions give the sender away",
  { timeout: 60_000 },
  async () => {
    const world = await compactWorld();
    const liar = await world.peer("liar");
    const block = mineWith(world, 4);
    serveBlock(liar, block);
    liar.send({ ...compactOf(block, 1, 2), shortIds: packShortIds([0x0605_0403_0201, 0xa6a5_a4a3_a2a1]) });
    await world.settle();
    assertEquals(liar.of("getblocktxn").map(({ indexes }) => indexes), [[3, 4]]);
    assertEquals([liar.closed, world.reasons, world.node.chain().height], [true, ["malformed"], 20]);
    await assertHonestCopyIsTaken(world, block);
  },
);

test(
  "compact block with two equal short ids: the block is asked for whole, and nobody is blamed",
  { timeout: 60_000 },
  async () => {
    const world = await compactWorld();
    const peer = await world.peer("unlucky");
    const block = mineWith(world, 4);
    serveBlock(peer, block);
    const compact = compactOf(block);
    peer.send({ ...compact, shortIds: compact.shortIds.map((_, i) => compact.shortIds[i % SHORT_ID_BYTES]!) });
    await world.settle();
    assertEquals([wholeAsked(peer, block), peer.of("getblocktxn").length], [1, 0]);
    assertEquals([world.node.chain().bestHash, peer.closed], [block.hash, false]);
  },
);

test("compact block with the short id of another pooled transaction: it is asked for whole, without blame", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld();
  const peer = await world.peer("unlucky");
  const block = mineWith(world, 2);
  serveBlock(peer, block);
  const other = unique();
  for (const transaction of [...transactionsOf(block).slice(1), other]) world.node.submitTransaction(transaction);
  const { header, nonce, shortIds, prefilled } = compactOf(block);
  const collision = shortId(shortIdKey(testHasher, header, nonce), testHasher.sha256d(other));
  peer.send({
    type: "cmpctblock",
    header,
    nonce,
    shortIds: packShortIds([readShortId(shortIds, 0), collision]),
    prefilled,
  });
  await world.settle();
  assertEquals([wholeAsked(peer, block), peer.of("getblocktxn").length], [1, 0]);
  assertEquals([world.node.chain().bestHash, peer.closed], [block.hash, false]);
});

const WRONG_ANSWERS: readonly [name: string, change: (right: Uint8Array[]) => Uint8Array[]][] = [
  ["other transactions", (right) => right.map(() => unique())],
  ["the transactions in another order", (right) => right.toReversed()],
  ["too few transactions", (right) => right.slice(1)],
  ["too many transactions", (right) => [...right, unique()]],
];

for (const [name, change] of WRONG_ANSWERS) {
  test(`blocktxn with ${name}: its sender is let go, and the honest copy is taken`, { timeout: 60_000 }, async () => {
    const world = await compactWorld();
    const liar = await world.peer("liar");
    const block = mineWith(world, 4);
    liar.send(compactOf(block, 1, 2));
    await world.settle();
    assertEquals(liar.of("getblocktxn").map(({ indexes }) => indexes), [[3, 4]]);
    const transactions = change(transactionsOf(block).slice(3));
    liar.send({ type: "blocktxn", blockHash: block.hash, transactions });
    await world.settle();
    assertEquals([liar.closed, world.reasons, world.node.chain().height], [true, ["malformed"], 20]);
    await assertHonestCopyIsTaken(world, block);
  });
}

/** How often the pool is gone through from now on. */
function countScans(): { readonly count: number } & Disposable {
  const { forEach } = TransactionPool.prototype;
  let count = 0;
  TransactionPool.prototype.forEach = function (visit) {
    count++;
    forEach.call(this, visit);
  };
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void (TransactionPool.prototype.forEach = forEach),
  };
}

for (const prefilled of [[], [1, 2]]) {
  const name = prefilled.length > 0 ? "half of which is there" : "of which nothing is there";
  test(`compact block sent a hundred times, ${name}: the pool is gone through once`, { timeout: 60_000 }, async () => {
    using scans = countScans();
    const world = await compactWorld();
    const liar = await world.peer("liar");
    const block = mineWith(world, 4);
    const compact = compactOf(block, ...prefilled);
    for (let nonce = 0n; nonce < 100n; nonce++) liar.send({ ...compact, nonce });
    await world.settle();
    assertEquals([scans.count, liar.of("getdata").length + liar.of("getblocktxn").length], [1, 1]);
    await assertHonestCopyIsTaken(world, block, 10_000);
  });
}

test("compact blocks that come to nothing: a peer has few tries, and the last block is had all the same", {
  timeout: 60_000,
}, async () => {
  using scans = countScans();
  const world = await compactWorld();
  const liar = await world.peer("liar");
  for (let i = 0; i < 2 * MAX_COMPACT_TRIES_PER_PEER; i++) liar.send(compactOf(mineWith(world, 4)));
  await world.settle();
  assertEquals([scans.count, liar.closed], [MAX_COMPACT_TRIES_PER_PEER, false]);
  const block = mineWith(world, 4);
  serveBlock(liar, block);
  liar.send(compactOf(block));
  await world.settle();
  assertEquals(world.node.chain().bestHash, block.hash);
});

test("compact block of many senders: few copies are compared with the pool", { timeout: 60_000 }, async () => {
  using scans = countScans();
  const world = await compactWorld(20, { maxInbound: 100, maxPerAddress: 100, maxPerGroup: 100 });
  const block = mineWith(world, 4);
  for (let i = 0; i < MAX_COMPACT_TRIES_PER_BLOCK + 4; i++) (await world.peer(`liar${i}`)).send(compactOf(block));
  await world.settle();
  assertEquals(scans.count, MAX_COMPACT_TRIES_PER_BLOCK);
});

test("blocktxn that nobody asked for is ignored", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("eager");
  const block = mineWith(world, 4);
  for (const { hash } of [block, world.chain.at(-1)!]) {
    peer.send({ type: "blocktxn", blockHash: hash, transactions: transactionsOf(block) });
  }
  await world.settle();
  assertEquals([peer.closed, world.node.chain().height], [false, 20]);
  peer.send(compactOf(block, 1, 2, 3, 4));
  await world.settle();
  assertEquals(world.node.chain().bestHash, block.hash);
});

test("getblocktxn past the end is a fault of the one who asks", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const [curious, other] = [await world.peer("curious"), await world.peer("other")];
  curious.send({ type: "getblocktxn", blockHash: world.chain.at(-1)!.hash, indexes: [0, 1] });
  await world.settle();
  assertEquals([curious.closed, world.reasons, other.closed], [true, ["malformed"], false]);
});

test("getblocktxn of a block that nobody has is answered with notfound", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("curious");
  const blockHash = "ab".repeat(32);
  peer.send({ type: "getblocktxn", blockHash, indexes: [0] });
  await world.settle();
  assertEquals(peer.of("notfound").map(({ items }) => items), [[{ kind: INV_WITNESS_BLOCK, hash: blockHash }]]);
});

test("compact block of an unknown parent: what lies between is asked for, and in the end it is a fault", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld();
  const peer = await world.peer("ahead");
  const [, second] = world.miner.mineMany(2, world.chain.at(-1)!.node);
  const asked = peer.of("getheaders").length;
  peer.send(compactOf(second!));
  await world.settle();
  assertEquals([peer.of("getheaders").length, peer.closed, world.node.chain().headers], [asked + 1, false, 20]);
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
  };
  for (let i = 0; !peer.closed && i <= MAX_UNCONNECTED_HEADERS; i++) {
    peer.send(compactOf(second!), compactOf(second!));
    await world.settle(HEADERS_TIMEOUT_MS + 2000);
  }
  assertEquals([peer.closed, world.reasons], [true, ["unconnected-headers"]]);
});

test("compact block without enough work behind it is not looked at", { timeout: 60_000 }, async () => {
  const world = await compactWorld(200);
  const peer = await world.peer("poor");
  const sibling = world.miner.mine(world.miner.chain.genesis, { transactions: [unique()] });
  peer.send(compactOf(sibling));
  await world.settle();
  assertEquals([peer.closed, world.node.block(sibling.hash), peer.of("getblocktxn").length], [false, undefined, 0]);
  assertEquals(wholeAsked(peer, sibling), 0);
});

test("compact block whose header breaks a rule is a fault", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("bad");
  const block = mineWith(world, 1);
  peer.send({ ...compactOf(block), header: { ...block.header, time: 0 } });
  peer.send({ ...compactOf(block), header: { ...block.header, bits: 0x1d00ffff } });
  await world.settle();
  assertEquals([peer.closed, world.reasons], [true, ["bad-header"]]);
});

test("compact block that breaks a rule: nobody is blamed, nor who brings it again", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const [first, second] = [await world.peer("first"), await world.peer("second")];
  const block = mineWith(world, 1);
  const coinbase = transactionsOf(block)[0]!;
  const invalid = world.miner.mine(world.chain.at(-1)!.node, { transactions: [coinbase] });
  for (const peer of [first, second, first]) {
    peer.send(compactOf(invalid, 1));
    await world.settle();
  }
  assertEquals([first.closed, second.closed, world.node.chain().height], [false, false, 20]);
  await assertHonestCopyIsTaken(world, block);
});

test("compact block whose sender then stalls: the block is had from another one", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const staller = await world.peer("staller");
  const block = mineWith(world, 4);
  staller.onMessage = (message) => {
    if (message.type === "ping") staller.send({ type: "pong", nonce: message.nonce });
  };
  staller.send(compactOf(block, 1, 2));
  await world.settle();
  assertEquals([staller.of("getblocktxn").length, staller.of("getdata").length], [1, 0]);
  const honest = await world.peer("honest");
  serveBlock(honest, block);
  honest.send({ type: "headers", headers: [block.header] });
  await world.settle();
  const asked = [...staller.of("getdata"), ...honest.of("getdata")];
  assertEquals([world.node.chain().height, asked], [20, []], "it is not asked twice at once");
  await world.settle(10_000);
  assertEquals([world.node.chain().bestHash, world.reasons], [block.hash, ["stalled"]]);
});

test("compact block from another sender while one stalls: it is completed at once", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const [staller, honest] = [await world.peer("staller"), await world.peer("honest")];
  const block = mineWith(world, 4);
  serveBlock(honest, block);
  staller.send(compactOf(block, 1, 2));
  await world.settle();
  honest.send(compactOf(block, 1, 2));
  await world.settle();
  assertEquals([honest.of("getblocktxn").length, wholeAsked(honest, block)], [1, 0]);
  assertEquals([world.node.chain().bestHash, staller.closed, honest.closed], [block.hash, false, false]);
});

test("compact block from two who stall: they are found out one after the other", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const stallers = [await world.peer("first"), await world.peer("second")];
  const block = mineWith(world, 4);
  for (const staller of stallers) {
    staller.send(compactOf(block, 1, 2));
    await world.settle();
  }
  await world.settle(7000);
  assertEquals([stallers.map(({ closed }) => closed), world.reasons], [[true, false], ["stalled"]]);
  assertEquals(stallers[1]!.of("getdata").length, 1, "what the first one owed is asked of the second");
});

test("compact block far ahead of what we have is not looked at", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const [source, pusher] = [await world.peer("source"), await world.peer("pusher")];
  const between = world.miner.mineMany(3, world.chain.at(-1)!.node);
  const block = mineWith(world, 4, between.at(-1)!);
  source.send({ type: "headers", headers: [...between, block].map(({ header }) => header) });
  await world.settle();
  pusher.send(compactOf(block, 1, 2));
  await world.settle();
  assertEquals([pusher.of("getblocktxn").length, pusher.closed, source.of("getdata").length], [0, false, 1]);
});

test("compact block with no more work than our tip is let be", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("rival");
  peer.send(compactOf(mineWith(world, 4, world.chain.at(-2)!), 1, 2));
  await world.settle();
  assertEquals([peer.of("getblocktxn").length, peer.of("getdata").length, peer.closed], [0, 0, false]);
});

test("compact blocks that were completed make room for others", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const peer = await world.peer("busy");
  let parent = world.chain.at(-1)!;
  for (let i = 1; i <= MAX_PARTIAL_BLOCKS_PER_PEER + 1; i++) {
    const block = mineWith(world, 4, parent);
    serveBlock(peer, block);
    peer.send(compactOf(block, 1, 2));
    // All within one tick: nothing is swept up meanwhile.
    await world.settle(20);
    assertEquals([peer.of("getblocktxn").length, world.node.chain().bestHash], [i, block.hash]);
    parent = block;
  }
});

test("compact blocks that a peer never completes are few", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const greedy = await world.peer("greedy");
  for (let i = 0; i < 10; i++) greedy.send(compactOf(mineWith(world, 4), 1, 2));
  await world.settle();
  assertEquals(greedy.of("getblocktxn").length, MAX_PARTIAL_BLOCKS_PER_PEER);
  assert(!greedy.closed);
});

test(
  "compact blocks are asked for again where a peer says that it lacks what it announced",
  { timeout: 60_000 },
  async () => {
    const world = await compactWorld();
    const [forgetful, honest] = [await world.peer("forgetful"), await world.peer("honest")];
    const block = mineWith(world, 4);
    serveBlock(honest, block);
    forgetful.onMessage = (message) => {
      if (message.type === "getdata") forgetful.send({ type: "notfound", items: message.items });
    };
    forgetful.send({ type: "headers", headers: [block.header] });
    await world.settle();
    assertEquals(forgetful.of("getdata").map(({ items }) => items), [[{ kind: INV_COMPACT_BLOCK, hash: block.hash }]]);
    honest.send({ type: "headers", headers: [block.header] });
    await world.settle();
    assertEquals([world.node.chain().bestHash, forgetful.closed], [block.hash, false]);
  },
);
