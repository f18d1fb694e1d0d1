import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../src/platform/seeded_random.ts";
import { wire } from "../../src/simulation/graph.ts";
import { minersOf } from "../../src/simulation/scenarios/blocks.ts";
import { chaos } from "../../src/simulation/scenarios/chaos.ts";
import { churnOf, dayOf } from "../../src/simulation/scenarios/hours.ts";
import { traffic } from "../../src/simulation/scenarios/traffic.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { settingOf } from "../support/simulation.ts";

// Scenarios that take minutes as they are, in sizes that take a moment: all that they do is done.

/** Each runtime plays another story. */
const SEED = "Bun" in globalThis ? 1 : "Deno" in globalThis ? 2 : 3;
const TIMEOUT = { timeout: 60_000 };
const HOUR_MS = 3_600_000;

test("simulation: an hour of blocks and transactions", TIMEOUT, async () => {
  const hour = dayOf(1);
  const { broken, virtualMs, findings } = await simulate(hour, settingOf(hour, SEED, { nodes: 3 }));
  assertEquals(broken, undefined);
  assert(virtualMs > HOUR_MS, `${virtualMs}`);
  assert(findings.chainBytesQuarter4! > findings.chainBytesQuarter1!, JSON.stringify(findings));
});

test("simulation: memory that grows by the hour is noticed", TIMEOUT, async () => {
  const hour = dayOf(1);
  let heapBytes = 1_000_000;
  const memory = () => ({ residentBytes: 0, heapBytes: heapBytes *= 2, peakBytes: 0 });
  const { broken } = await simulate(hour, settingOf(hour, SEED, { nodes: 2, memory }));
  assertEquals(broken?.invariant, "memory-is-flat");
});

test("simulation: a few who come and go", TIMEOUT, async () => {
  const churn = churnOf(1 / 4, 4);
  const { broken, crashes, findings } = await simulate(churn, settingOf(churn, SEED, { nodes: 5 }));
  assertEquals(broken, undefined);
  // Of each kind: some crash, the others leave in order.
  assert(
    crashes > 0 && findings.left! > crashes && findings.fewestPeers! > 0,
    JSON.stringify({ crashes, ...findings }),
  );
});

test("simulation: miners of fifty blocks each", TIMEOUT, async () => {
  const miners = minersOf(50);
  const { broken, blocks, propagation, findings } = await simulate(miners, settingOf(miners, SEED, { nodes: 4 }));
  assertEquals([broken, blocks], [undefined, 4 * 50 + 1]);
  assert(propagation.count > 3 * 150 && findings.orphanShare! < 0.2, JSON.stringify({ ...propagation, ...findings }));
});

test("simulation: a minute of chaos", TIMEOUT, async () => {
  const { broken, blocks, findings } = await simulate(chaos, settingOf(chaos, SEED));
  assertEquals(broken, undefined);
  assert(blocks > 1 && findings.answers! > 0, JSON.stringify({ blocks, ...findings }));
});

test("simulation: what neighbours say to each other arrives", TIMEOUT, async () => {
  const nodes = 10;
  let now = 0;
  // As if it took a second.
  const { broken, findings } = await simulate(
    traffic,
    settingOf(traffic, SEED, { nodes, stopwatch: () => now += 1000 }),
  );
  const random = new SeededRandom(SEED, "graph");
  const ways = 2 * wire(() => random.number(), nodes, 4).flat().length;
  // Eight times 64 messages in two seconds, and a ping or two.
  const [sent, arrived] = [ways * 8 * 64, findings.messagesPerSecond!];
  assert(broken === undefined && arrived >= sent && arrived < sent * 1.01, `${arrived} of ${sent}: ${broken?.message}`);
});
