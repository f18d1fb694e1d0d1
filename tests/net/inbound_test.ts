import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { LogFields, Logger } from "../../src/util/env.ts";
import { parseSubnet } from "../../src/protocol/subnets.ts";
import { dialRaw, dialScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";

const NODE = "30.0.0.1";

interface Scene {
  readonly network: MemoryNetwork;
  readonly node: P2PNode;
  /** Warnings of the node about its connections. */
  readonly warnings: LogFields[];
}

async function openScene(options: Partial<Omit<NodeOptions, "connect">> = {}): Promise<Scene> {
  const warnings: LogFields[] = [];
  const ignore = () => {};
  const logger: Logger = {
    enabled: () => true,
    debug: ignore,
    info: ignore,
    warn: (_, fields) => void warnings.push(fields ?? {}),
    error: ignore,
  };
  const network = createMemoryNetwork({
    seed: 1,
    logger: (host, category) => host === NODE && category === "net" ? logger : { ...logger, warn: ignore },
  });
  const { node } = simulateNode(network, NODE, options);
  await node.start();
  return { network, node, warnings };
}

/** Shakes hands, and answers pings from then on. */
async function enter({ network }: Scene, host: string): Promise<ScriptedPeer> {
  const peer = await dialScripted(network, host, NODE);
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
  };
  return peer;
}

test("inbound: one address has its share, and so has one group", { timeout: 60_000 }, async () => {
  const scene = await openScene({ maxPerAddress: 2, maxPerGroup: 5 });
  const { network, node, warnings } = scene;
  for (let i = 0; i < 4; i++) await dialRaw(network, "20.1.0.1", NODE);
  for (let i = 0; i < 6; i++) await dialRaw(network, `20.1.1.${i}`, NODE);
  await dialRaw(network, "20.2.0.1", NODE);
  await network.run(network.now() + 100);
  assertEquals(node.peers().length, 6);
  const { refused } = node.connectionCounts();
  assertEquals([refused.address, refused.group], [2, 3]);
  const told = warnings.map(({ reason, limit, option }) => [reason, limit, option]);
  assertEquals(told, [["address", 2, "--max-per-address"], ["group", 5, "--max-per-group"]]);
});

test("inbound: a place is free again when its peer is gone", { timeout: 60_000 }, async () => {
  const scene = await openScene({ maxPerAddress: 1 });
  const first = await enter(scene, "20.1.0.1");
  const second = await dialRaw(scene.network, "20.1.0.1", NODE);
  await scene.network.run(scene.network.now() + 100);
  assertEquals(second.closed, true);
  first.connection.close();
  await scene.network.run(scene.network.now() + 100);
  await enter(scene, "20.1.0.1");
  assertEquals(scene.node.peers().length, 1);
});

test(
  "inbound: this machine, private networks and permitted peers have no share to exceed",
  { timeout: 60_000 },
  async () => {
    const permits = [{ subnet: parseSubnet("20.9.0.0/16"), permissions: new Set(["noban"] as const) }];
    const scene = await openScene({ maxPerAddress: 1, maxPerGroup: 1, permits });
    for (const host of ["10.0.0.1", "192.168.1.1", "20.9.0.1"]) for (let i = 0; i < 3; i++) await enter(scene, host);
    assertEquals(scene.node.peers().length, 9);
    assertEquals(scene.node.peers().map(({ permissions }) => permissions.length), [0, 0, 0, 0, 0, 0, 1, 1, 1]);
  },
);

test("inbound: a full table of ten honest peers and one group's attackers outlives 5,000 newcomers of that group", {
  timeout: 60_000,
}, async () => {
  const scene = await openScene({ maxInbound: 40, maxPerGroup: 1000 });
  const { network, node, warnings } = scene;
  const honest: ScriptedPeer[] = [];
  for (let i = 0; i < 10; i++) honest.push(await enter(scene, `21.${i}.0.1`));
  for (let i = 0; i < 5000; i++) {
    const attacker = await dialRaw(network, `66.6.${i >> 8}.${i & 255}`, NODE);
    if (i % 2 === 0) attacker.connection.close();
    assert(node.peers().length <= 41, `${node.peers().length} peers`);
  }
  await network.run(network.now() + 1000);
  assertEquals(honest.map(({ closed }) => closed), honest.map(() => false));
  const ids = node.peers().filter(({ address }) => address.startsWith("21.")).length;
  assertEquals(ids, 10);
  const { evicted, refused } = node.connectionCounts();
  assert(evicted > 1000, `${evicted} evicted`);
  assert(warnings.length < 20, `${warnings.length} lines for ${refused.full} refusals`);
});

test("inbound: silent attackers who never read are cut when others need their place", { timeout: 60_000 }, async () => {
  const scene = await openScene({ maxInbound: 30, maxPerGroup: 1000 });
  for (let i = 0; i < 60; i++) {
    const attacker = await dialRaw(scene.network, `66.6.0.${i}`, NODE);
    attacker.connection.pause();
  }
  const honest = await enter(scene, "21.0.0.1");
  await scene.network.run(scene.network.now() + 10);
  assertEquals([honest.closed, scene.node.peers().length], [false, 30]);
});

test("inbound: refusals are logged once a minute and all counted", { timeout: 60_000 }, async () => {
  const scene = await openScene({ maxInbound: 0 });
  const { network, node, warnings } = scene;
  for (let i = 0; i < 50; i++) await dialRaw(network, `20.${i}.0.1`, NODE);
  await network.run(network.now() + 60_000);
  for (let i = 0; i < 50; i++) await dialRaw(network, `20.${i}.0.1`, NODE);
  await network.run(network.now() + 100);
  assertEquals(node.connectionCounts().refused.full, 100);
  assertEquals(warnings.map(({ option, refusedInAll }) => [option, refusedInAll]), [["--max-inbound", 1], [
    "--max-inbound",
    51,
  ]]);
});

test(
  "inbound: who misbehaved is refused for a day before any handshake, from any of its ports",
  { timeout: 60_000 },
  async () => {
    const scene = await openScene();
    const { network, node } = scene;
    for (let i = 0; i < 4; i++) {
      const liar = await enter(scene, "20.1.0.1");
      liar.sendRaw(new Uint8Array(64).fill(0xff));
      await network.run(network.now() + 100);
      assertEquals(liar.closed, true);
    }
    const again = await dialRaw(network, "20.1.0.1", NODE);
    const neighbour = await enter(scene, "20.1.0.2");
    await network.run(network.now() + 100);
    assertEquals([again.closed, again.received, neighbour.closed], [true, [], false]);
    assertEquals(node.connectionCounts().refused.discouraged, 1);
    await network.run(network.now() + 24 * 3_600_000);
    const later = await enter(scene, "20.1.0.1");
    assertEquals(later.closed, false);
  },
);

test("inbound: a permitted peer is not held to what it did", { timeout: 60_000 }, async () => {
  const permits = [{ subnet: parseSubnet("20.1.0.0/16"), permissions: new Set(["noban"] as const) }];
  const scene = await openScene({ permits });
  for (let i = 0; i < 10; i++) {
    const peer = await enter(scene, "20.1.0.1");
    peer.sendRaw(new Uint8Array(64).fill(0xff));
    await scene.network.run(scene.network.now() + 100);
    assertEquals(peer.closed, true);
  }
  await enter(scene, "20.1.0.1");
  assertEquals(scene.node.peers().map(({ score }) => score), [0]);
});
