import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { createMemoryStore, type MemoryStore } from "../../src/platform/memory_store.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { INV_WITNESS_BLOCK } from "../../src/protocol/messages.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { feed, PORT, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";

function full(): never {
  throw new LocalError("store-full", "Cannot write the store: no space left");
}

/** A store on a disk that is full once so many blocks are there. */
function smallStore(blocks: number): MemoryStore {
  const store = createMemoryStore();
  let left = blocks;
  return {
    ...store,
    putBlock(hash, raw) {
      if (left-- <= 0) full();
      store.putBlock(hash, raw);
    },
  };
}

test("store failure: a block that could not be written is not reported as taken", { timeout: 60_000 }, () => {
  const { main } = testChain();
  const { node } = simulateNode(createMemoryNetwork({ seed: 1 }), "a", { store: smallStore(2) });
  feed(node, main.slice(0, 3));
  assertThrows(() => node.submitBlock(main[3]!), LocalError, "no space left");
  assertThrows(() => node.commit(), LocalError, "no space left");
  assertThrows(() => node.submitBlock(main[4]!), LocalError, "no space left");
});

test(
  "store failure: a node that cannot write says so and stops, and what it had written is there",
  { timeout: 60_000 },
  async () => {
    const { main } = testChain();
    const network = createMemoryNetwork({ seed: 2 });
    const source = simulateNode(network, "source").node;
    feed(source, main);
    await source.start();
    const store = smallStore(500);
    const { node } = simulateNode(network, "node", { connect: ["source"], store });
    const failures: string[] = [];
    node.on("node:failed", ({ error }) => void failures.push(error.message));
    await node.start();
    await network.run(60_000);
    assertEquals(failures, ["Cannot write the store: no space left"]);
    assertEquals([node.peers(), source.peers()], [[], []]);
    const again = simulateNode(network, "again", { store: store.crash() }).node;
    again.load();
    const { height } = again.chain();
    assert(height > 0 && height <= 500, `height ${height}`);
  },
);

test(
  "store failure: a ban that could not be written is not reported as made, and the node stops",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 3 });
    const store = createMemoryStore();
    const { node } = simulateNode(network, "a", { store: { ...store, putBan: full } });
    const failures: string[] = [];
    node.on("node:failed", ({ error }) => void failures.push(error.message));
    const starting = node.start();
    await network.run(1000);
    await starting;
    assertThrows(() => node.ban("10.0.0.0/8"), LocalError, "no space left");
    await network.run(2000);
    assertEquals(failures.length, 1);
    await assertRejects(() => node.connect({ host: "b", port: PORT }), LocalError, "stopped");
  },
);

test(
  "store failure: pruning at the start that cannot be written keeps the node from starting",
  { timeout: 60_000 },
  () => {
    const { main } = testChain();
    const network = createMemoryNetwork({ seed: 4 });
    const first = simulateNode(network, "a");
    feed(first.node, main);
    const store = { ...first.store.crash(), removeBlock: full };
    assertThrows(() => simulateNode(network, "b", { store, pruneBytes: 1 }).node.load(), LocalError, "no space left");
  },
);

test("store failure: nothing is told of blocks whose commit failed", { timeout: 60_000 }, async () => {
  const { main } = testChain();
  const network = createMemoryNetwork({ seed: 5 });
  const { node } = simulateNode(network, "a", { store: { ...createMemoryStore(), commit: full } });
  const heights: number[] = [];
  node.on("block:connected", ({ height }) => void heights.push(height));
  node.load();
  node.submitBlock(main[1]!);
  await network.run(1000);
  assertEquals(heights, []);
});

test(
  "store failure: a damaged block that a peer asks for is not sent, and the node says so and stops",
  { timeout: 60_000 },
  async () => {
    const { main } = testChain();
    const network = createMemoryNetwork({ seed: 6 });
    const first = simulateNode(network, "a");
    feed(first.node, main.slice(0, 3));
    const block = () => {
      throw new LocalError("store-corrupt", "Cannot read the store: the file is damaged");
    };
    const { node } = simulateNode(network, "b", { store: { ...first.store.crash(), block } });
    const failures: string[] = [];
    node.on("node:failed", ({ error }) => void failures.push(error.message));
    const bugs: string[] = [];
    node.on("peer:disconnected", ({ reason }) => void bugs.push(reason));
    await node.start();
    const peer = await dialScripted(network, "peer", "b");
    peer.send({ type: "getdata", items: [{ kind: INV_WITNESS_BLOCK, hash: node.chain().bestHash }] });
    await network.run(network.now() + 3_000);
    assertEquals(failures, ["Cannot read the store: the file is damaged"]);
    assertEquals([peer.of("block").length, bugs.filter((reason) => reason.startsWith("internal"))], [0, []]);
  },
);

test("store failure: a block that the chain has and the store has not any more is damage", { timeout: 60_000 }, () => {
  const { main } = testChain();
  const network = createMemoryNetwork({ seed: 7 });
  const first = simulateNode(network, "a");
  feed(first.node, main.slice(0, 3));
  const { node } = simulateNode(network, "b", { store: { ...first.store.crash(), block: () => undefined } });
  node.load();
  assertThrows(() => node.block(2), LocalError, "the store is damaged");
});
