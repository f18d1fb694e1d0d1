import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { BlockLinks } from "../../src/chain/block_links.ts";
import { LINKED } from "../../src/chain/header_tree.ts";
import { Chain } from "../../src/chain/chain.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { Miner, NOW } from "../support/mining.ts";
import { testHasher } from "../support/test_hasher.ts";

/** Nodes of which nothing but the headers is known. */
function headerNodes(count: number) {
  const chain = new Chain({ params: REGTEST, hasher: testHasher });
  const headers = new Miner().mineMany(count).map((block) => block.header);
  return [...chain.acceptHeaders(headers, NOW).change.headers];
}

test("block links: a filled gap links all that waited, lowest first, and nothing waits any more", () => {
  const links = new BlockLinks();
  const nodes = headerNodes(5);
  for (const i of [4, 2, 1, 3]) assertEquals(links.hold(nodes[i]!), []);
  assertEquals(links.awaited, 4);
  assertEquals(links.hold(nodes[0]!), nodes);
  assertEquals([links.awaited, nodes.every((node) => node.linked && node.hasBlock)], [0, true]);
});

test("block links: what is held again, dropped or invalid leaves nothing behind", () => {
  const links = new BlockLinks();
  const nodes = headerNodes(3);
  links.hold(nodes[1]!);
  links.hold(nodes[2]!);
  links.drop(nodes[2]!);
  links.forget(nodes[1]!);
  assertEquals([links.awaited, nodes[2]!.hasBlock], [0, false]);
  assertEquals(links.hold(nodes[0]!), [nodes[0]!]);
  nodes[1]!.mark(LINKED, true);
  assertEquals(links.hold(nodes[1]!), [], "linked before, and pruned meanwhile");
});
