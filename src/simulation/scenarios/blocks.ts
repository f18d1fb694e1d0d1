import { SeededRandom } from "../../platform/seeded_random.ts";
import { exponential } from "../../util/portable_math.ts";
import { pick } from "../chance.ts";
import { wire } from "../graph.ts";
import { GRAPH_OUTBOUND, HEALING_MS } from "../params.ts";
import type { Findings, Scenario } from "../scenario.ts";
import { World } from "../world.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SETTLING_MS = 10 * SECOND;
const BURST_BLOCKS = 50;
const BLOCKS_A_MINER = 1000;
/** Fast enough that some blocks race, as far apart as ordinary ways are long. */
const MINING_INTERVAL_MS = 1 * SECOND;
/** On the two sides of a network that is split. */
const BRANCHES = [120, 130] as const;
const BRANCH_INTERVAL_MS = 2 * SECOND;

/** A hundred peers of one node, and fifty blocks at once: each peer has all of them to tell. */
export const burst: Scenario = {
  summary: `one node, its peers, and ${BURST_BLOCKS} blocks in a burst`,
  nodes: 101,
  build: ({ seed, nodes, hasher }) => {
    const random = new SeededRandom(seed, "graph");
    // Everybody dials the first one, and one or two others.
    const graph = wire(() => random.number(), nodes, 2).map((others, node) => node === 0 ? [] : [0, ...others]);
    return new World({ seed, nodes, hasher, graph: graph.map((others) => [...new Set(others)]) });
  },
  async play(world): Promise<Findings> {
    await world.startAll();
    await world.run(SETTLING_MS);
    const [, miner] = world.members;
    const since = world.network.now();
    for (let i = 0; i < BURST_BLOCKS; i++) world.mine(miner!);
    const hasAll = () => world.up().every(({ up }) => up.chain().height === BURST_BLOCKS);
    const isDone = await world.runUntil(hasAll, MINUTE);
    if (!isDone) world.watch.report("one-tip", `a burst of ${BURST_BLOCKS} blocks is not everywhere after a minute`);
    const doneMs = world.chainChangedAt - since;
    await world.stop();
    return { doneMs };
  },
};

/** Ten miners who find a block a second between them. */
export const miners = minersOf(BLOCKS_A_MINER);

/** The same until each of them has made so many. */
export function minersOf(blocks: number): Scenario {
  return {
    summary: `miners that make ${blocks} blocks each, one a second between them`,
    nodes: 10,
    build: ({ seed, nodes, hasher }) => {
      const random = new SeededRandom(seed, "graph");
      return new World({ seed, nodes, hasher, graph: wire(() => random.number(), nodes, Math.min(4, nodes - 1)) });
    },
    async play(world): Promise<Findings> {
      await world.startAll();
      await world.run(SETTLING_MS);
      const random = world.random("miners");
      for (let i = 0; i < blocks * world.members.length; i++) {
        world.mine(pick(random, world.members));
        await world.run(exponential(random(), MINING_INTERVAL_MS));
      }
      await endRace(world);
      await world.stop();
      return { orphanShare: 1 - world.maker.tip.height / world.counts.blocks };
    },
  };
}

/** Two halves that do not see each other, each with a chain of its own, which meet again. */
export const branches: Scenario = {
  summary: `a network split in two that makes ${BRANCHES.join(" and ")} blocks, and heals`,
  nodes: 10,
  build: ({ seed, nodes, hasher }) => new World({ seed, nodes, hasher, options: { maxOutbound: GRAPH_OUTBOUND } }),
  async play(world): Promise<Findings> {
    await world.startAll();
    await world.run(SETTLING_MS);
    const half = world.members.length >> 1;
    const sides = [world.members.slice(0, half), world.members.slice(half)];
    world.watch.expectTrouble(Math.max(...BRANCHES) * BRANCH_INTERVAL_MS);
    world.network.partition(sides.map((members) => members.map(({ host }) => host)));
    const random = world.random("miners");
    for (let i = 0; i < Math.max(...BRANCHES); i++) {
      for (const [side, members] of sides.entries()) if (i < BRANCHES[side]!) world.mine(pick(random, members));
      await world.run(BRANCH_INTERVAL_MS);
    }
    const since = world.network.now();
    world.watch.expectTrouble(0);
    world.network.heal();
    await world.agree(HEALING_MS);
    const healedMs = world.chainChangedAt - since;
    await world.stop();
    return { healedMs, tip: world.maker.tip.height };
  },
};

/** A race between two blocks ends with the next one, by somebody who is up. */
export async function endRace(world: World): Promise<void> {
  await world.runUntil(() => world.up().length > 0, HEALING_MS);
  await world.runUntil(() => world.agrees(), SETTLING_MS);
  world.mine(world.up()[0]!);
  await world.agree(HEALING_MS);
}
