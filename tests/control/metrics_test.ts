import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { METRICS } from "../../src/control/metrics/exposition.ts";
import { answer } from "../../src/control/routes.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { createProcessMeter } from "../../src/platform/process_meter.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { controlRequest, controlSubject, plain } from "../support/control.ts";
import { type Family, parseExposition } from "../support/exposition.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";

/** Required by name, whatever else is there. */
const REQUIRED = [
  "p2p_event_channel_lag_total",
  "p2p_event_channel_capacity_usage",
  "p2p_inv_message_rate",
  "p2p_block_message_rate",
  "p2p_peer_message_type_distribution",
  "p2p_block_propagation_seconds",
  "p2p_memory_per_peer_bytes",
  "p2p_cpu_per_peer_ratio",
  "p2p_reorganisations_total",
  "p2p_orphans_total",
  "p2p_request_wait_seconds",
  "p2p_event_loop_delay_seconds",
  "p2p_messages_total",
  "p2p_message_bytes_total",
];

/** A node that has had some company, with the figures of this process. */
async function openScene(): Promise<P2PNode> {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a", { meter: createProcessMeter() });
  await node.start();
  node.diagnose();
  for (const name of ["b", "c"]) {
    const guest = await dialScripted(network, name, "a", { userAgent: '/"\\\n evil{}/' });
    for (let nonce = 0n; nonce < 3n; nonce++) guest.send({ type: "ping", nonce });
  }
  await network.run(network.now() + 10_000);
  return node;
}

async function scrape(node: P2PNode, accept?: string): Promise<{ readonly type: string; readonly text: string }> {
  const { status, headers, body } = plain(
    await answer(controlSubject(node), controlRequest("GET", "/metrics", { accept })),
  );
  assertEquals(status, 200);
  return { type: headers["content-type"]!, text: body };
}

function valueOf(families: ReadonlyMap<string, Family>, name: string, labels: Readonly<Record<string, string>> = {}) {
  return families.get(name)?.samples.find((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  )?.value;
}

test("metrics: the usual format holds to its rules and has what is required", async () => {
  const node = await openScene();
  const { type, text } = await scrape(node);
  assertMatch(type, /^text\/plain; version=0\.0\.4/);
  const families = parseExposition(text, "prometheus");
  assertEquals([...families.keys()], METRICS.map(({ name }) => name));
  for (const name of REQUIRED) assert(families.get(name)!.samples.length > 0, name);
  assertEquals(valueOf(families, "p2p_peers", { direction: "inbound" }), 2);
  assertEquals(valueOf(families, "p2p_messages_total", { type: "ping", direction: "in" }), 6);
  assertEquals(valueOf(families, "p2p_message_bytes_total", { type: "ping", direction: "in" }), 6 * 32);
  assertEquals(valueOf(families, "p2p_event_channel_capacity", { channel: "data" }), 4_096);
});

test("metrics: OpenMetrics for who asks for it", async () => {
  const node = await openScene();
  const { type, text } = await scrape(node, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
  assertMatch(type, /^application\/openmetrics-text; version=1\.0\.0/);
  const families = parseExposition(text, "openmetrics");
  assertEquals(valueOf(families, "p2p_messages", { type: "ping", direction: "in" }), 6);
  assertEquals([...families.keys()].filter((name) => name.endsWith("_total")), []);
});

test("metrics: names follow the rules, and no label is chosen by a peer", async () => {
  for (const { name, type, help } of METRICS) {
    assertMatch(name, /^p2p_[a-z0-9_]+$/);
    assertEquals(name.endsWith("_total"), type === "counter", name);
    assertMatch(help, /\.$/);
    assertEquals(/_(ms|milliseconds|kb|mb|percent)(_|$)/.test(name), false, `${name}: base units`);
  }
  const { text } = await scrape(await openScene());
  assertEquals(/evil|peer="/.test(text), false);
});

test("metrics: the reader of the tests is strict", () => {
  const family = "# HELP a_total A.\n# TYPE a_total counter\n";
  parseExposition(`${family}a_total{x="1"} 1\n`, "prometheus");
  for (
    const bad of [
      `${family}a_total 1`,
      `${family}b_total 1\n`,
      `${family}a_total -1\n`,
      `${family}a_total{x=1} 1\n`,
      `${family}a_total{x="1",x="2"} 1\n`,
      `${family}a_total 1\na_total 2\n`,
      `${family}a_total NaN\n`,
      `${family}${family}a_total 1\n`,
      "# TYPE a gauge\na 1\n",
    ]
  ) assertThrows(() => parseExposition(bad, "prometheus"), Error);
});

test("metrics: the Grafana dashboard asks for what is there", () => {
  const file = fileURLToPath(new URL("../../docs/grafana/p2p.json", import.meta.url));
  const dashboard = readFileSync(file, "utf8");
  JSON.parse(dashboard);
  const known = new Set(
    METRICS.flatMap(({ name, type }) => type === "summary" ? [name, `${name}_sum`, `${name}_count`] : [name]),
  );
  const asked = new Set(dashboard.match(/p2p_[a-z0-9_]+/g));
  assert(asked.size > 20, `${asked.size} metrics`);
  assertEquals([...asked].filter((name) => !known.has(name)), []);
});
