import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { RARE_LOG_INTERVAL_MS } from "../../src/protocol/params.ts";
import type { LogFields, Logger } from "../../src/util/env.ts";
import { dialRaw, dialScripted } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

/** A node, what it tells of peers by events, and what its log tells those who do not debug. */
async function scene() {
  const lines: [message: string, fields: LogFields][] = [];
  const write = (message: string, fields: LogFields = {}) => void lines.push([message, fields]);
  const logger: Logger = { enabled: () => true, debug: () => {}, info: write, warn: write, error: write };
  const quiet: Logger = { ...logger, info: () => {}, warn: () => {} };
  const network = createMemoryNetwork({
    seed: 1,
    logger: (host, category) => host === "node" && category === "node" ? logger : quiet,
  });
  const { node } = simulateNode(network, "node");
  const events: string[] = [];
  node.on("peer:connected", () => void events.push("connected"));
  node.on("peer:disconnected", ({ reason }) => void events.push(reason));
  await node.start();
  lines.length = 0;
  return { network, node, events, lines };
}

test("peer life: strangers who never shake hands are counted, publish nothing, and cost a line a minute", async () => {
  const { network, node, events, lines } = await scene();
  const visit = async () => (await dialRaw(network, "stranger", "node")).connection.close();
  for (let i = 0; i < 50; i++) await visit();
  await network.run(network.now() + RARE_LOG_INTERVAL_MS);
  await visit();
  await network.run(network.now() + 1_000);
  assertEquals([events, node.connectionCounts().ended], [[], { "closed-by-remote": 51 }]);
  const message = "a connection ended before its handshake";
  const told = lines.map(([text, { direction, reason, untold }]) => [text, direction, reason, untold]);
  assertEquals(told, [[message, "inbound", "closed-by-remote", undefined], [
    message,
    "inbound",
    "closed-by-remote",
    49,
  ]]);
});

test("peer life: who was connected is told when it goes", async () => {
  const { network, events, lines } = await scene();
  const peer = await dialScripted(network, "peer", "node");
  peer.connection.close();
  await network.run(network.now() + 1_000);
  assertEquals(events, ["connected", "closed-by-remote"]);
  assertEquals(lines.map(([text]) => text), ["peer connected", "peer disconnected"]);
});

test("peer life: why a dial failed in its handshake is told to whoever dialled, and in the log", async () => {
  const { network, node, events, lines } = await scene();
  const listener = await network.transport("deaf").listen({ host: "deaf", port: PORT }, (connection) => {
    connection.start({ data: () => connection.abort(), drained() {}, closed() {} });
  });
  const failure = assertRejects(() => node.connect({ host: "deaf", port: PORT }), Error, `deaf:${PORT} ended the`);
  await network.run(network.now() + 1_000);
  await failure;
  assertEquals(events, []);
  assertEquals(lines.map(([, { direction, address }]) => [direction, address]), [["outbound", `deaf:${PORT}`]]);
  await listener.close();
});
