import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Ledger } from "../../src/ledger/ledger.ts";
import type { MessageOf } from "../../src/protocol/messages.ts";
import { MAX_DEFERRED_ITEMS } from "../../src/protocol/connection_params.ts";
import { MAX_BLOCKTXN_DEPTH } from "../../src/protocol/sync_params.ts";
import { transaction } from "../support/blocks.ts";
import { type CompactWorld, compactWorld, mineWith, transactionsOf } from "../support/compact_world.ts";
import type { MinedBlock } from "../support/mining.ts";

/** Blocks on top of the chain, the lowest first, which the node has. */
function grow(world: CompactWorld, count: number, make: (parent: MinedBlock) => MinedBlock): MinedBlock[] {
  const blocks: MinedBlock[] = [];
  while (blocks.length < count) {
    const block = make(blocks.at(-1) ?? world.chain.at(-1)!);
    world.node.submitBlock(block.raw);
    blocks.push(block);
  }
  return blocks;
}

function ask({ hash }: MinedBlock, ...indexes: number[]): MessageOf<"getblocktxn"> {
  return { type: "getblocktxn", blockHash: hash, indexes };
}

/** How often a block is taken apart from now on. */
function countParses(): { readonly count: number } & Disposable {
  const { parsedBlock } = Ledger.prototype;
  let count = 0;
  Ledger.prototype.parsedBlock = function (hash) {
    count++;
    return parsedBlock.call(this, hash);
  };
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void (Ledger.prototype.parsedBlock = parsedBlock),
  };
}

test("getblocktxn: each block that is served so is taken apart once", { timeout: 60_000 }, async () => {
  const world = await compactWorld();
  const blocks = grow(world, MAX_BLOCKTXN_DEPTH + 1, (parent) => mineWith(world, 3, parent));
  await world.settle();
  const peer = await world.peer("asker");
  using parses = countParses();
  for (let round = 0; round < 3; round++) for (const block of blocks) peer.send(ask(block, round, 3));
  await world.settle();
  const expected = [0, 1, 2].flatMap((round) =>
    blocks.map((block) => {
      const all = transactionsOf(block);
      return { type: "blocktxn", blockHash: block.hash, transactions: [all[round]!, all[3]!] };
    })
  );
  assertEquals(peer.of("blocktxn"), expected as MessageOf<"blocktxn">[]);
  assertEquals(parses.count, blocks.length);
});

test("getblocktxn: who reads slowly gets all answers in time, in order and behind what it asked for before", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld();
  const large = transaction({ inputs: [{ index: 1, script: new Uint8Array(900_000) }] });
  const [block] = grow(world, 1, (parent) => world.miner.mine(parent.node, { transactions: [large] }));
  await world.settle();
  const peer = await world.peer("slow");
  peer.connection.pause();
  const count = 40;
  for (let i = 0; i < count; i++) peer.send(ask(block!, 1));
  peer.send({ type: "getdata", items: [{ kind: 2, hash: block!.hash }] });
  await world.settle();
  const [asker] = world.node.peers();
  assertEquals([peer.closed, asker!.outbox.bytes < 3_000_000], [false, true]);
  peer.connection.resume();
  await world.settle(2000);
  const types = peer.received.map(({ type }) => type).filter((type) => type === "blocktxn" || type === "block");
  assertEquals([types.length, types.indexOf("block"), world.reasons], [count + 1, count, []]);
});

test("getblocktxn: who asks for more than can wait is not read until it takes its answers", {
  timeout: 60_000,
}, async () => {
  const world = await compactWorld();
  const large = transaction({ inputs: [{ index: 1, script: new Uint8Array(200_000) }] });
  const fill = Array.from({ length: 1000 }, (_, i) => transaction({ inputs: [{ index: 10 + i }] }));
  const [block] = grow(world, 1, (parent) => world.miner.mine(parent.node, { transactions: [large, ...fill] }));
  await world.settle();
  const peer = await world.peer("greedy");
  peer.connection.pause();
  const all = Array.from({ length: 1001 }, (_, index) => index + 1);
  const count = 2 * Math.ceil(MAX_DEFERRED_ITEMS / all.length);
  for (let i = 0; i < count; i++) peer.send(ask(block!, ...all));
  await world.settle();
  const { mailbox, heldBytes } = world.node.peers()[0]!;
  assertEquals([mailbox.paused, heldBytes < 30_000_000], [true, true]);
  peer.connection.resume();
  await world.settle(5000);
  assertEquals([peer.of("blocktxn").length, world.reasons], [count, []]);
});
