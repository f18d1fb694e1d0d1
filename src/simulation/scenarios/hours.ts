import { SeededRandom } from "../../platform/seeded_random.ts";
import { exponential } from "../../util/portable_math.ts";
import { pick } from "../chance.ts";
import { wire } from "../graph.ts";
import type { Member } from "../member.ts";
import { GRAPH_OUTBOUND } from "../params.ts";
import type { Findings, Scenario, Setting } from "../scenario.ts";
import { World } from "../world.ts";
import { endRace } from "./blocks.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY_HOURS = 24;
const BLOCK_INTERVAL_MS = 10 * MINUTE;
const TRANSACTION_INTERVAL_MS = 20 * SECOND;
/** The first is for growing up, the others are compared. */
const QUARTERS = 4;
/** What the last quarter may take more than the second, as a share, without what the chain takes. */
const GROWTH_SHARE = 0.1;
/** What a node keeps of a block besides its bytes: the header twice, its place in the tree, its hash in four lists. */
const BYTES_PER_BLOCK = 512;
/** And of a transaction: that it was there, for its id not to be fetched again. At least 50,000 of those are kept. */
const BYTES_PER_ID = 32;
const SAMPLE_INTERVAL_MS = 30 * MINUTE;
const CHURN_HOURS = 4;
/** Of all nodes, each hour. */
const CHURN_SHARE = 0.05;
const PER_CENT = 100;
const ABSENCE_MS = 5 * MINUTE;

/** A day of steady traffic. */
export const day = dayOf(DAY_HOURS);

/** The same, of so many hours. */
export function dayOf(hours: number): Scenario {
  return {
    summary: `${hours} hours of blocks and transactions, in which nothing may grow but the chain`,
    nodes: 20,
    build: graphWorld,
    async play(world, setting): Promise<Findings> {
      await world.startAll();
      trade(world);
      const least: Sample[] = [];
      for (let quarter = 0; quarter < QUARTERS; quarter++) {
        least.push(await leastOf(world, setting, hours * HOUR / QUARTERS));
      }
      const [, second, , last] = least as [Sample, Sample, Sample, Sample];
      if (last.otherBytes > second.otherBytes * (1 + GROWTH_SHARE)) {
        world.watch.report("memory-is-flat", `${second.otherBytes} bytes, ${last.otherBytes} half a day later`);
      }
      await endRace(world);
      await world.stop();
      const told = least.flatMap(({ chainBytes, otherBytes }, i) => [
        [`chainBytesQuarter${i + 1}`, chainBytes],
        [`otherBytesQuarter${i + 1}`, otherBytes],
      ]);
      return Object.fromEntries(told);
    },
  };
}

/** Of what the process holds within so much time, the least without the chain. */
async function leastOf(world: World, { memory }: Setting, forMs: number): Promise<Sample> {
  const stepMs = Math.min(SAMPLE_INTERVAL_MS, forMs);
  let least: Sample | undefined;
  for (let at = 0; at < forMs; at += stepMs) {
    await world.run(stepMs);
    const chainBytes = chainBytesOf(world);
    const otherBytes = memory().heapBytes - chainBytes;
    if (!least || otherBytes < least.otherBytes) least = { chainBytes, otherBytes };
  }
  return least!;
}

/** What the process holds. */
interface Sample {
  /** Of the chain, which grows. */
  readonly chainBytes: number;
  readonly otherBytes: number;
}

/** What the chains of all members take, and that of the maker of blocks, who has one of his own. */
function chainBytesOf({ maker, members }: World): number {
  const bytes = maker.blockBytes + maker.blocks * BYTES_PER_BLOCK + maker.transactions * BYTES_PER_ID;
  return (members.length + 1) * bytes;
}

/** Nodes come and go. */
export const churn = churnOf(CHURN_HOURS, CHURN_SHARE);

/** The same for so many hours, of so large a share of all nodes an hour. */
export function churnOf(hours: number, share: number): Scenario {
  return {
    summary: `${hours} hours in which ${
      share * PER_CENT
    } % of the nodes an hour leave, by crash or in order, and return`,
    nodes: 100,
    build: ({ seed, nodes, hasher }) => new World({ seed, nodes, hasher, options: { maxOutbound: GRAPH_OUTBOUND } }),
    async play(world): Promise<Findings> {
      await world.startAll();
      trade(world);
      const departures = evict(world, HOUR / (share * world.members.length));
      const stepMs = Math.min(SAMPLE_INTERVAL_MS, hours * HOUR);
      let fewest = Number.POSITIVE_INFINITY;
      for (let at = 0; at < hours * HOUR; at += stepMs) {
        await world.run(stepMs);
        const settled = world.up().filter(({ startedAt }) => world.network.now() - startedAt > ABSENCE_MS);
        fewest = Math.min(fewest, ...settled.map(({ up }) => up.peers().length));
      }
      await endRace(world);
      await world.stop();
      return { left: departures.count, fewestPeers: fewest };
    },
  };
}

/** Has members leave from now on, so far apart on average, and come back; counts them. */
function evict(world: World, meanMs: number): { readonly count: number } {
  const random = world.random("churn");
  const { after } = world.network.env("departures");
  const departures = { count: 0 };
  const leave = (member: Member): void => {
    departures.count++;
    if (random() < 1 / 2) world.crash(member, random() < 1 / 2);
    else world.leave(member);
    after(ABSENCE_MS, () => world.isStopping || world.start(member));
  };
  const next = (): void => {
    if (world.isStopping) return;
    const up = world.up();
    if (up.length > 0) leave(pick(random, up));
    after(exponential(random(), meanMs), next);
  };
  after(exponential(random(), meanMs), next);
  return departures;
}

function graphWorld({ seed, nodes, hasher }: Setting): World {
  const random = new SeededRandom(seed, "graph");
  return new World({ seed, nodes, hasher, graph: wire(() => random.number(), nodes, Math.min(4, nodes - 1)) });
}

/** Blocks and transactions of random members from now on. A block takes what waits in its maker's neighbourhood. */
function trade(world: World): void {
  const random = world.random("trade");
  const { after } = world.network.env("traders");
  let waiting: Uint8Array[] = [];
  const pay = (): void => {
    if (world.isStopping) return;
    const up = world.up();
    const transaction = world.maker.makeTransaction();
    if (up.length > 0) pick(random, up).up.submitTransaction(transaction);
    waiting.push(transaction);
    after(exponential(random(), TRANSACTION_INTERVAL_MS), pay);
  };
  const mine = (): void => {
    if (world.isStopping) return;
    const up = world.up();
    if (up.length > 0) world.mine(pick(random, up), waiting);
    waiting = [];
    after(exponential(random(), BLOCK_INTERVAL_MS), mine);
  };
  after(exponential(random(), TRANSACTION_INTERVAL_MS), pay);
  after(exponential(random(), BLOCK_INTERVAL_MS), mine);
}
