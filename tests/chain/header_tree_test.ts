import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { locatorFrom } from "../../src/chain/active_chain.ts";
import { type HeaderNode, HeaderTree } from "../../src/chain/header_tree.ts";
import type { BlockHeader } from "../../src/protocol/block_header.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import type { Hash } from "../../src/util/hash.ts";
import { fc } from "../support/properties.ts";

/** Any hash will do: the tree checks nothing. Consecutive ones also collide in the index's low bits. */
function numbered(number: number): Hash {
  return (BigInt(number) * 0x9e3779b97f4a7c15n + 1n).toString(16).padStart(64, "0");
}

function headerOn(previous: Hash, number: number): BlockHeader {
  return {
    version: number,
    previous,
    merkleRoot: numbered(~number >>> 0),
    time: 0xffff_ffff - number,
    bits: 0x207fffff,
    nonce: number,
  };
}

function grow(tree: HeaderTree, parent: HeaderNode, count: number): HeaderNode[] {
  const nodes: HeaderNode[] = [];
  for (let i = 0; i < count; i++) {
    const on = nodes.at(-1) ?? parent;
    nodes.push(tree.insert(numbered(tree.size), headerOn(on.hash, tree.size), on, 2n));
  }
  return nodes;
}

function newTree(): HeaderTree {
  return new HeaderTree(REGTEST.genesisHash, REGTEST.genesis, 2n);
}

test("header tree: gives back every field of every header, across chunks", () => {
  const tree = newTree();
  const nodes = grow(tree, tree.genesis, 10_000);
  for (const node of [nodes[0]!, nodes[31]!, nodes[4_094]!, nodes[4_095]!, nodes[4_096]!, nodes[9_999]!]) {
    assertEquals(node.header, headerOn(node.parent!.hash, node.index));
    assertEquals([node.hash, node.time, node.bits], [numbered(node.index), 0xffff_ffff - node.index, 0x207fffff]);
    assertStrictEquals(tree.get(node.hash), node);
  }
  assertEquals(tree.genesis.header, REGTEST.genesis);
  assertEquals(tree.get(numbered(20_000)), undefined);
  assertEquals(nodes.at(-1)!.chainWork, 20_002n);
});

test("header tree: ancestors at any height, on any branch", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 120 }), fc.nat(), (parents, pick) => {
      const tree = newTree();
      const nodes = [tree.genesis];
      for (const parent of parents) nodes.push(grow(tree, nodes[parent % nodes.length]!, 1)[0]!);
      const node = nodes[pick % nodes.length]!;
      for (let height = node.height, slow = node; height >= 0; height--, slow = slow.parent ?? slow) {
        assertStrictEquals(node.ancestor(height), slow);
      }
    }),
    { numRuns: 50 },
  );
});

test("header tree: no ancestor above the node or below the genesis block", () => {
  const tree = newTree();
  const [node] = grow(tree, tree.genesis, 1);
  assertThrows(() => node!.ancestor(2), RangeError);
  assertThrows(() => node!.ancestor(-1), RangeError);
});

test("header tree: the fork of two long branches is found in few steps", () => {
  const tree = newTree();
  const trunk = grow(tree, tree.genesis, 1_000);
  const left = grow(tree, trunk[499]!, 3_000).at(-1)!;
  assertStrictEquals(left.forkWith(trunk.at(-1)!), trunk[499]);
  assertStrictEquals(trunk.at(-1)!.forkWith(left), trunk[499]);
  assertStrictEquals(left.forkWith(left), left);
  assertStrictEquals(left.forkWith(tree.genesis), tree.genesis);
});

test("header tree: leaves are the nodes without children", () => {
  const tree = newTree();
  const [first, second] = grow(tree, tree.genesis, 2);
  const [other] = grow(tree, first!, 1);
  assertEquals([...tree.leaves], [second, other]);
});

test("header tree: the median time is that of eleven blocks, fewer near the genesis block", () => {
  const tree = newTree();
  let node = tree.genesis;
  const times = [50, 10, 30, 20, 40, 15, 35, 25, 45, 5, 55, 100];
  for (const time of times) {
    node = tree.insert(numbered(tree.size), { ...headerOn(node.hash, tree.size), time }, node, 2n);
  }
  assertEquals(tree.genesis.medianTimePast, REGTEST.genesis.time);
  assertEquals(node.ancestor(1).medianTimePast, REGTEST.genesis.time, "the later of two");
  assertEquals(node.ancestor(2).medianTimePast, 50);
  assertEquals(node.ancestor(11).medianTimePast, 30);
  assertEquals(node.medianTimePast, 30, "10 to 55 and 100, without the 50 that is twelve blocks back");
});

test("locator: ten in a row, then doubling steps, the genesis block last and once", () => {
  const tree = newTree();
  const heights = (tip: HeaderNode) => locatorFrom(tip).map((hash) => tree.get(hash)!.height);
  const nodes = grow(tree, tree.genesis, 100);
  assertEquals(heights(tree.genesis), [0]);
  assertEquals(heights(nodes[4]!), [5, 4, 3, 2, 1, 0]);
  assertEquals(heights(nodes[9]!), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  assertEquals(heights(nodes[99]!), [100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 89, 85, 77, 61, 29, 0]);
  assertEquals(heights(nodes[10]!), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 0]);
});
