import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { FeatureListener } from "../../../src/cli/inspect/remote/features.ts";
import { probe } from "../../../src/cli/inspect/remote/probe.ts";
import { createMemoryNetwork } from "../../../src/platform/memory.ts";
import type { NetworkParams } from "../../../src/protocol/network_params.ts";
import { P2P, REGTEST } from "../../../src/protocol/networks.ts";
import { bitcoinCodec } from "../../../src/wire/bitcoin.ts";
import { nativeCodec } from "../../../src/wire/native.ts";
import { PORT, simulateNode } from "../../support/simulated_node.ts";
import { testHasher } from "../../support/test_hasher.ts";

const LATENCY_MS = 10;
const PINGS = 4;

/** Probes a real node over a simulated network. */
async function probeNode(network: NetworkParams) {
  const world = createMemoryNetwork({ seed: 1, link: { latencyMs: LATENCY_MS }, scrambleChunks: true });
  const { node } = simulateNode(world, "a", { network });
  node.topic("chat");
  await node.start();
  const codec = network.wire === "native" ? nativeCodec(network.magic) : bitcoinCodec(network.magic, testHasher);
  const me = { env: world.env("me"), transport: world.transport("me"), codec, timeoutMs: 5_000 };
  const probing = probe({ ...me, remote: { host: "a", port: PORT } }, PINGS);
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  probing.then(settle, settle);
  await world.run(() => isSettled);
  return await probing;
}

for (const network of [REGTEST, P2P]) {
  test(`inspect remote: everything that a node of ours negotiates, ${network.wire} wire`, async () => {
    const { greeting, features, pingsMs } = await probeNode(network);
    assertEquals([greeting.agreement.version.userAgent, greeting.timeOffsetSeconds], ["/a/", 0]);
    assertEquals(pingsMs, new Array(PINGS).fill(2 * LATENCY_MS));
    // The topology is told when its time comes, and that may be later.
    const { sendcmpct, feefilter, topology: _, ...others } = features;
    assertEquals([sendcmpct.map(({ version }) => version), feefilter], [["2"], "0"]);
    assertEquals(others, {
      wtxidrelay: true,
      sendaddrv2: true,
      sendheaders: true,
      relay: true,
      applications: true,
      topics: ["chat"],
      unknown: [],
    });
  });
}

test("inspect remote: a stranger may say more than is kept", () => {
  const listener = new FeatureListener();
  for (let i = 0; i < 1_000; i++) {
    listener.hear({ type: "unknown", command: `new${i}`, payload: new Uint8Array(0) });
    listener.hear({ type: "sendcmpct", version: BigInt(i), highBandwidth: false });
    listener.hear({ type: "subscribe", topics: [`topic ${i}`] });
  }
  const { unknown, sendcmpct, topics } = listener.features;
  assertEquals([unknown.length, sendcmpct.length, topics.length], [100, 100, 100]);
});
