import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createHasher } from "../../src/platform/hasher.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { plantRogue, type RogueName, ROGUES } from "../../src/simulation/rogues.ts";
import { World } from "../../src/simulation/world.ts";

const HOST = "9.0.0.1";
const TIME_MS = 240_000;

/** What a node has to say about its connections with a rogue. */
const EFFECTS: { readonly [N in RogueName]: (node: P2PNode) => boolean } = {
  silent: (node) => (node.connectionCounts().ended["handshake-timeout"] ?? 0) > 0,
  mute: (node) => (node.connectionCounts().ended["ping-timeout"] ?? 0) > 0,
  slow: (node) => rogueMessages(node, "getdata") > 10,
  liar: (node) => ofRogue(node).some(({ height }) => height === 1_000_000),
  withholder: (node) => (node.connectionCounts().ended.stalled ?? 0) > 0,
  flooder: (node) => rogueMessages(node, "ping") > 1000 && rogueMessages(node, "inv") > 20,
  garbage: (node) =>
    Object.keys(node.connectionCounts().ended).some((reason) => /^bad-|malformed|oversized/.test(reason)),
  eclipse: (node) => node.connectionCounts().refused.address > 0 && ofRogue(node).length > 1,
};

function ofRogue(node: P2PNode) {
  return node.peers().filter(({ userAgent }) => userAgent === "/rogue/");
}

/** Messages of one type that rogues who are still connected sent. */
function rogueMessages(node: P2PNode, type: "getdata" | "ping" | "inv"): number {
  return ofRogue(node).reduce((sum, { messages }) => sum + (messages.in[type] ?? 0), 0);
}

for (const name of Object.keys(ROGUES) as RogueName[]) {
  test(`rogue: ${name} does its worst, and the others go on`, { timeout: 60_000 }, async () => {
    const world = new World({ seed: 3, nodes: 2, hasher: createHasher(), options: { maxOutbound: 4 } });
    await world.startAll();
    const [first, second] = world.members;
    for (let i = 0; i < 30; i++) world.mine(first!);
    // One that nobody has, so that it can be withheld.
    world.maker.make(first!.up.chain().bestHash, world.network.env(HOST).wallClock());
    plantRogue(world, HOST, name);
    await world.runUntil(() => EFFECTS[name](first!.up), TIME_MS);
    assert(EFFECTS[name](first!.up), `${JSON.stringify(first!.up.connectionCounts())}`);
    const { height } = world.mine(second!);
    await world.agree(60_000);
    assertEquals(first!.up.chain().height, height);
    await world.stop();
  });
}
