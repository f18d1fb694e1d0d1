import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Adjacency } from "../../../src/net/topology/graph.ts";
import { measureGraph } from "../../../src/net/topology/graph_metrics.ts";
import { broadcastTree, shortestPaths } from "../../../src/net/topology/paths.ts";
import { fc } from "../../support/properties.ts";

type Edge = readonly [from: number, to: number, ms: number];

function graphOf(count: number, edges: readonly Edge[]): Adjacency {
  const neighbours = new Map(Array.from({ length: count }, (_, i) => [`${i}`, new Map<string, number>()]));
  for (const [from, to, ms] of edges) {
    if (from === to) continue;
    neighbours.get(`${from}`)!.set(`${to}`, ms);
    neighbours.get(`${to}`)!.set(`${from}`, ms);
  }
  return neighbours;
}

const anyGraph = fc.integer({ min: 1, max: 12 }).chain((count) => {
  const end = fc.nat(count - 1);
  return fc.array(fc.tuple(end, end, fc.integer({ min: 1, max: 100 })), { maxLength: 40 })
    .map((edges) => graphOf(count, edges));
});

test("paths: the quickest way, whatever its hops", () => {
  const graph = graphOf(5, [[0, 1, 100], [0, 2, 10], [2, 3, 10], [3, 1, 10]]);
  const reached = shortestPaths(graph, "0");
  assertEquals([...reached].map(([id, { via, hops, rttMs }]) => [id, via, hops, rttMs]), [
    ["0", undefined, 0, 0],
    ["2", "0", 1, 10],
    ["3", "2", 2, 20],
    ["1", "3", 3, 30],
  ]);
});

test("paths: as short as trying everything again and again finds them (Bellman-Ford)", () => {
  fc.assert(fc.property(anyGraph, (graph) => {
    const reached = shortestPaths(graph, "0");
    const best = new Map([["0", 0]]);
    for (let round = 0; round < graph.size; round++) {
      for (const [from, others] of graph) {
        for (const [to, ms] of others) {
          const through = (best.get(from) ?? Infinity) + ms;
          if (through < (best.get(to) ?? Infinity)) best.set(to, through);
        }
      }
    }
    assertEquals(
      new Map([...reached].map(([id, { rttMs }]) => [id, rttMs])),
      new Map([...best].sort(
        ([one], [other]) => [...reached.keys()].indexOf(one) - [...reached.keys()].indexOf(other),
      )),
    );
  }));
});

test("broadcast tree: a tree of links of the graph, with no more copies a node than allowed", () => {
  fc.assert(fc.property(anyGraph, fc.integer({ min: 1, max: 4 }), (graph, fanout) => {
    const tree = broadcastTree(graph, "0", fanout);
    const copies = new Map<string, number>();
    for (const [id, { via, hops }] of tree) {
      if (via === undefined) {
        assertEquals([id, hops], ["0", 0]);
        continue;
      }
      assert(graph.get(via)!.has(id));
      assertEquals(hops, tree.get(via)!.hops + 1);
      copies.set(via, (copies.get(via) ?? 0) + 1);
    }
    assert([...copies.values()].every((count) => count <= fanout));
    if (fanout >= graph.size) assertEquals(tree.size, shortestPaths(graph, "0").size);
  }));
});

test("broadcast tree: everybody in a full mesh is reached in as few steps as the fan-out allows", () => {
  const edges = Array.from({ length: 21 }, (_, i) => Array.from({ length: i }, (_, j): Edge => [i, j, 10])).flat();
  const tree = broadcastTree(graphOf(21, edges), "0", 4);
  assertEquals([tree.size, Math.max(...[...tree.values()].map(({ hops }) => hops))], [21, 2]);
});

test("graph metrics: parts, links and the longest way", () => {
  const line = graphOf(6, [[0, 1, 1], [1, 2, 1], [2, 3, 1], [4, 5, 1]]);
  assertEquals(measureGraph(line), { nodes: 6, links: 4, components: 2, meanLinks: 8 / 6, diameter: 3 });
  assertEquals(measureGraph(graphOf(1, [])), { nodes: 1, links: 0, components: 1, meanLinks: 0, diameter: 0 });
});

test("graph metrics: as searching from each node finds them", () => {
  fc.assert(fc.property(anyGraph, (graph) => {
    const lone = new Map(
      [...graph].map(([id, others]) => [id, new Map([...others.keys()].map((other) => [other, 1]))]),
    );
    const ways = [...graph.keys()].map((id) => shortestPaths(lone, id));
    const metrics = measureGraph(graph);
    assertEquals(metrics.diameter, Math.max(...ways.flatMap((way) => [...way.values()].map(({ hops }) => hops))));
    assertEquals(metrics.components, new Set(ways.map((way) => [...way.keys()].sort().join())).size);
  }));
});

test("graph metrics: the longest way through a large tree, and through a large ring but for a little", () => {
  const size = 1001;
  const line = Array.from({ length: size - 1 }, (_, i): Edge => [(i * 10) % size, ((i + 1) * 10) % size, 1]);
  assertEquals(measureGraph(graphOf(size, line)).diameter, size - 1);
  const ring = measureGraph(graphOf(size, [...line, [0, ((size - 1) * 10) % size, 1]]));
  assertEquals([ring.components, ring.diameter], [1, (size - 1) / 2]);
});
