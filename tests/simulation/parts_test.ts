import { test } from "node:test";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { SeededRandom } from "../../src/platform/seeded_random.ts";
import { lognormal, normal } from "../../src/simulation/chance.ts";
import { planFaults } from "../../src/simulation/faults.ts";
import { Geography } from "../../src/simulation/geography.ts";
import { soonest, wire } from "../../src/simulation/graph.ts";
import { spreadOf } from "../../src/simulation/propagation.ts";
import { Trace } from "../../src/simulation/trace.ts";

function chance(seed: number): () => number {
  const random = new SeededRandom(seed);
  return () => random.number();
}

test("chance: normal and lognormal numbers have the middle and the width that they should", () => {
  const random = chance(1);
  const normals = Array.from({ length: 20_000 }, () => normal(random)).sort((left, right) => left - right);
  assert(Math.abs(normals[10_000]!) < 0.03, `median ${normals[10_000]}`);
  assert(Math.abs(normals[16_827]! - 1) < 0.05, `one deviation above ${normals[16_827]}`);
  const latencies = Array.from({ length: 20_000 }, () => lognormal(random, 80, 0.3)).sort((left, right) =>
    left - right
  );
  assert(Math.abs(latencies[10_000]! - 80) < 2, `median ${latencies[10_000]}`);
});

test("geography: a way is the same whenever it is asked for, and nearer within a region", () => {
  const geography = new Geography(5);
  const [a, b] = ["20.1.0.1", "20.2.0.1"] as const;
  const first = geography.linkOf(a, b);
  geography.linkOf(b, a);
  assertEquals(new Geography(5).linkOf(a, b), first);
  assertNotEquals(geography.linkOf(b, a).latencyMs, first.latencyMs);
  const hosts = Array.from({ length: 200 }, (_, i) => `20.${i}.0.1`);
  const median = (isNear: boolean) =>
    spreadOf(
      hosts.filter((host) => (geography.regionOf(host) === geography.regionOf(a)) === isNear)
        .map((host) => geography.linkOf(a, host).latencyMs),
    ).p50Ms;
  assert(median(true) < median(false));
});

test("graph: everybody dials as many others as wanted, and nobody himself", () => {
  const graph = wire(chance(2), 50, 8);
  assert(graph.every((others, node) => others.length > 0 && others.length <= 8 && !others.includes(node)));
  assertEquals(wire(chance(2), 50, 8), graph);
  assertEquals(wire(chance(2), 2, 8).flat().length, 1);
});

test("graph: the soonest way counts each way's latency and time to send, whoever dialled", () => {
  const latencies: Readonly<Record<string, number>> = {
    "0 1": 10,
    "1 0": 90,
    "1 2": 10,
    "2 1": 10,
    "0 2": 50,
    "2 0": 5,
  };
  const linkOf = (from: number, to: number) => ({
    latencyMs: latencies[`${from} ${to}`]!,
    bandwidthBytesPerSecond: 100_000,
  });
  const graph = [[1], [2], [0]];
  assertEquals([...soonest(graph, 0, 200, linkOf)], [0, 12, 24]);
  assertEquals([...soonest(graph, 1, 200, linkOf)], [19, 0, 12]);
  assertEquals([...soonest([[], [0], []], 0, 0, linkOf)], [0, 10, Number.POSITIVE_INFINITY]);
});

test("propagation: the middle and the tail are those of the sorted delays", () => {
  assertEquals(spreadOf(Array.from({ length: 100 }, (_, i) => 100 - i)), { p50Ms: 50, p99Ms: 99, count: 100 });
  assertEquals(spreadOf([]), { p50Ms: 0, p99Ms: 0, count: 0 });
});

test("faults: a plan is the seed's, within its time", () => {
  const plan = { count: 100, withinMs: 10_000, longestMs: 5000 };
  const faults = planFaults(chance(3), 4, plan);
  assertEquals(planFaults(chance(3), 4, plan), faults);
  assert(faults.every(({ atMs, forMs }) => atMs < 10_000 && forMs <= 5000));
  assertEquals(new Set(faults.map(({ kind }) => kind)).size, 7);
});

test("trace: time, place, kind, size and content all count, and so does their order", () => {
  const base = ["1", "a", "b", "data", Uint8Array.of(1, 2, 3)] as const;
  const hashOf = (...notes: readonly (readonly [string, string, string, string, Uint8Array | undefined])[]) => {
    const trace = new Trace();
    for (const [at, from, to, kind, bytes] of notes) trace.note(Number(at), from, to, kind, bytes);
    return trace.hash;
  };
  const others = [
    ["2", "a", "b", "data", Uint8Array.of(1, 2, 3)],
    ["1", "a", "a", "data", Uint8Array.of(1, 2, 3)],
    ["1", "a", "b", "end", Uint8Array.of(1, 2, 3)],
    ["1", "a", "b", "data", Uint8Array.of(1, 2, 4)],
    ["1", "a", "b", "data", Uint8Array.of(1, 2, 3, 0)],
  ] as const;
  assertEquals(new Set([hashOf(base), hashOf(), ...others.map((other) => hashOf(other))]).size, 7);
  assertNotEquals(hashOf(base, others[0]), hashOf(others[0], base));
  assertEquals(hashOf(base), "527c2fa5cc4141c2");
});
