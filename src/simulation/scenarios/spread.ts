import { SeededRandom } from "../../platform/seeded_random.ts";
import { pick } from "../chance.ts";
import { soonest, wire } from "../graph.ts";
import { hostName } from "../member.ts";
import { GRAPH_OUTBOUND } from "../params.ts";
import { spreadOf } from "../propagation.ts";
import type { Findings, Scenario, Setting } from "../scenario.ts";
import { World } from "../world.ts";

const SECOND = 1000;
/** Everybody has shaken hands by then, over the slowest ways too. */
const SETTLING_MS = 10 * SECOND;
/** Blocks after which nodes know whom to let push blocks to them, and blocks that are measured then. */
const WARM_UP_BLOCKS = 5;
const MEASURED_BLOCKS = 10;
const INTERVAL_MS = 5 * SECOND;
/** Where garbage is collected after each block: left to itself, a runtime lets as much of it pile up as there is in use. */
const LARGE_NODES = 2000;
/** A header, a nonce, and a transaction in full: no form of a block that is passed on is smaller. */
const LEAST_BLOCK_BYTES = 190;

/** Blocks of random miners in a graph of nodes all over the world, and how soon they are everywhere. */
export const spread: Scenario = {
  summary: "how soon blocks are at all nodes of a random graph with realistic latencies",
  nodes: 500,

  build({ seed, nodes, hasher }: Setting): World {
    return new World({ seed, nodes, hasher, graph: graphOf(seed, nodes) });
  },

  async play(world: World, { seed, nodes, memory }: Setting): Promise<Findings> {
    await world.startAll();
    for (let at = 0; at < SETTLING_MS; at += INTERVAL_MS) {
      await world.run(INTERVAL_MS);
      if (nodes >= LARGE_NODES) memory();
    }
    const settledBytes = memory().heapBytes;
    const random = world.random("miners");
    for (let i = 0; i < WARM_UP_BLOCKS + MEASURED_BLOCKS; i++) {
      if (i === WARM_UP_BLOCKS) world.propagation.clear();
      world.mine(pick(random, world.members));
      await world.run(INTERVAL_MS);
      if (nodes >= LARGE_NODES) memory();
    }
    await world.agree(INTERVAL_MS);
    const finalBytes = memory().heapBytes;
    const bound = spreadOf(bestDelays(world, graphOf(seed, nodes)));
    const { p50Ms, p99Ms } = world.propagation.spread();
    return {
      bestP50Ms: bound.p50Ms,
      bestP99Ms: bound.p99Ms,
      p50Ratio: p50Ms / bound.p50Ms,
      p99Ratio: p99Ms / bound.p99Ms,
      settledBytesPerNode: settledBytes / nodes,
      finalBytesPerNode: finalBytes / nodes,
    };
  },
};

function graphOf(seed: number, nodes: number): readonly (readonly number[])[] {
  const random = new SeededRandom(seed, "graph");
  return wire(() => random.number(), nodes, GRAPH_OUTBOUND);
}

/** Of the same blocks to the same nodes, if each took the quickest way and nobody lost any time. */
function bestDelays(world: World, graph: readonly (readonly number[])[]): number[] {
  const linkOf = (from: number, to: number) => world.geography.linkOf(hostName(from), hostName(to));
  const delays: number[] = [];
  for (const { maker } of world.propagation.blocks()) {
    for (const [node, delay] of soonest(graph, maker, LEAST_BLOCK_BYTES, linkOf).entries()) {
      if (node !== maker) delays.push(delay);
    }
  }
  return delays;
}
