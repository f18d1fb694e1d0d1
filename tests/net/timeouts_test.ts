import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { dialRaw, listenScripted } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";

const NODE = "30.0.0.1";
const FRIEND = "20.1.0.1";

/** A node whose one peer answers pings after so many milliseconds, long enough for the round trip to be known well. */
async function nodeWithPing(roundTripMs: number): Promise<{ network: MemoryNetwork; node: P2PNode }> {
  const network = createMemoryNetwork({ seed: 1 });
  network.setLink(NODE, FRIEND, { latencyMs: roundTripMs / 2 });
  await listenScripted(network, FRIEND, {}, (peer) => {
    peer.onMessage = (message) => {
      if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
      if (message.type === "getheaders") peer.send({ type: "headers", headers: [] });
    };
  });
  const { node } = simulateNode(network, NODE, { connect: [FRIEND] });
  await node.start();
  await network.run(20 * 60_000);
  return { network, node };
}

/** How long a dial to a host that never answers takes. */
async function dialTime({ network, node }: { network: MemoryNetwork; node: P2PNode }): Promise<number> {
  const began = network.now();
  let tookMs: number | undefined;
  node.connect({ host: "20.2.0.1", port: 1 }).catch(() => tookMs = network.now() - began);
  await network.run(() => tookMs !== undefined);
  return tookMs!;
}

/** How long a stranger who says nothing is kept. */
async function handshakeTime({ network }: { network: MemoryNetwork }): Promise<number> {
  const began = network.now();
  const stranger = await dialRaw(network, "20.3.0.1", NODE);
  await network.run(() => stranger.closed);
  return network.now() - began;
}

test(
  "timeouts: a dial and a handshake take as long as the network needs, within their bounds",
  { timeout: 60_000 },
  async () => {
    const times: number[][] = [];
    for (const roundTripMs of [2, 800, 4_000]) {
      const scene = await nodeWithPing(roundTripMs);
      times.push([await dialTime(scene), await handshakeTime(scene)]);
    }
    const [near, far, moon] = times;
    assertEquals([near![0], moon![0]], [3_500, 20_000]);
    assert(far![0]! > 6_000 && far![0]! < 9_000, `${far![0]} ms for a dial at 800 ms`);
    assert(near![1]! >= 5_000 && near![1]! < 7_000, `${near![1]} ms for a handshake at 2 ms`);
    assert(moon![1]! >= 20_000 && moon![1]! < 22_000, `${moon![1]} ms for a handshake at 4 s`);
    assert(near![1]! < far![1]! && far![1]! < moon![1]!, times.join());
  },
);

test("timeouts: before anything was measured a dial takes five seconds", { timeout: 60_000 }, async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, NODE);
  await node.start();
  assertEquals(await dialTime({ network, node }), 5_000);
});

test("timeouts: a peer that stops answering pings is gone sooner on a fast network than on a slow one", {
  timeout: 60_000,
}, async () => {
  const lasted: number[] = [];
  for (const roundTripMs of [2, 4_900]) {
    const { network, node } = await nodeWithPing(roundTripMs);
    network.kill(FRIEND, { silently: true });
    const began = network.now();
    await network.run(() => node.peers().length === 0);
    lasted.push(network.now() - began);
  }
  assert(lasted[0]! >= 30_000 && lasted[0]! < 62_000, `${lasted[0]} ms`);
  assert(lasted[1]! > 39_000, `${lasted[1]} ms`);
});
