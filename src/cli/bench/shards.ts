import { createHasher } from "../../platform/hasher.ts";
import { formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { printRows } from "../tables.ts";
import { checkMessageSize } from "./bench_peers.ts";
import { sleep } from "./clock.ts";
import { ROUNDS, type Share, shareOf, type Window, windowOf } from "./contest.ts";
import { type Crew, type Remote, withCrew } from "./crew.ts";
import type { BenchOptions } from "./options.ts";
import { formatCount, number, printJson } from "./report.ts";
import type { Replayer, ShardedNode, ShardedNodeSpec, ShardsSpec } from "./shards_sides.ts";
import { median, type Usage, usageBetween } from "./usage.ts";

const DEFAULT_SIZE_BYTES = 256;
/** The kernel splits fewer too unevenly. */
const DEFAULT_PEERS = 32;
/** A flood is under way for this long before a round is measured, at most: buffers fill. */
const MAX_RAMP_MS = 200;
const MEGA = 1_000_000;
const RATIO_DIGITS = 2;

const WORKERS = [0, 1, 2] as const;

interface Candidate {
  readonly name: string;
  readonly workers: number;
  readonly heard: boolean;
  readonly node: Remote<ShardedNode>;
  readonly replayer: Remote<Replayer>;
  readonly spread: readonly number[];
  /** Of the node before anybody connected. */
  readonly idleBytes: number;
  readonly rounds: Round[];
}

interface Round {
  readonly perSecond: number;
  readonly node: Usage;
  readonly replayer: Usage;
  readonly lost: number;
}

interface Row {
  readonly name: string;
  readonly workers: number;
  readonly heard: boolean;
  readonly perSecond: number;
  readonly rounds: readonly number[];
  readonly bytesPerSecond: number;
  /** To the first row of the same kind, in one thread. */
  readonly ratio: number;
  readonly node: Share;
  readonly replayer: Share;
  readonly spread: readonly number[];
  readonly idleBytes: number;
  readonly lost: number;
}

/** What threads of their own for connections are worth: a node into which many connections pour ready-made frames. */
export function benchShards(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "bitcoin", size: sizeBytes = DEFAULT_SIZE_BYTES, peers: connections = DEFAULT_PEERS } = options;
  checkMessageSize(sizeBytes, wire, createHasher());
  const spec: ShardsSpec = { wire, connections, sizeBytes };
  return withCrew(context, options, async (crew) => {
    const candidates: Candidate[] = [];
    for (const heard of options.compare ? [false, true] : [false]) {
      for (const workers of WORKERS) candidates.push(await enter(crew, { ...spec, workers, heard }));
    }
    const window = windowOf(options);
    const step = crew.plan(candidates.length * (window.rounds + 1));
    for (const candidate of candidates) {
      await measure(candidate, window.warmupMs);
      step();
    }
    for (let round = 0; round < window.rounds; round++) {
      for (const candidate of candidates) {
        candidate.rounds.push(await measure(candidate, window.ms));
        step();
      }
    }
    const rows = candidates.map((candidate) => rowOf(candidate, candidates, sizeBytes));
    report(context, options, spec, rows, window);
    return rows.every(({ lost }) => lost === 0) ? EXIT.done : EXIT.no;
  });
}

async function enter(crew: Crew, spec: ShardedNodeSpec): Promise<Candidate> {
  const { workers, heard, connections } = spec;
  const node = await crew.start("sharded-node", spec);
  const port = await node.ask("listen");
  const { residentBytes: idleBytes } = await node.ask("sample");
  const replayer = await crew.start("replayer", { wire: spec.wire, connections, sizeBytes: spec.sizeBytes });
  await replayer.ask("connect", port);
  const spread = await node.ask("spread");
  const name = `${workers === 0 ? "one thread" : workers === 1 ? "1 worker" : `${workers} workers`}${
    heard ? ", heard" : ""
  }`;
  return { name, workers, heard, node, replayer, spread, idleBytes, rounds: [] };
}

async function measure({ node, replayer }: Candidate, ms: number): Promise<Round> {
  const look = () => Promise.all([replayer.ask("sample"), node.ask("sample")]);
  await replayer.ask("flood");
  await sleep(Math.min(MAX_RAMP_MS, ms));
  const before = await look();
  await sleep(ms);
  const after = await look();
  const lost = await replayer.ask("halt");
  const handled = usageBetween(before[0], after[0]);
  // What the node counted is later than what was handled; the cost of a message is that of those handled.
  const used = { ...usageBetween(before[1], after[1]), done: handled.done };
  return { perSecond: handled.done / handled.ms * MS_PER_SECOND, node: used, replayer: handled, lost };
}

function rowOf(candidate: Candidate, all: readonly Candidate[], sizeBytes: number): Row {
  const { name, workers, heard, rounds, spread, idleBytes } = candidate;
  const perSecond = rateOf(candidate);
  const first = all.find((other) => other.heard === heard && other.workers === 0)!;
  return {
    name,
    workers,
    heard,
    perSecond,
    rounds: rounds.map((round) => round.perSecond),
    bytesPerSecond: perSecond * sizeBytes,
    ratio: perSecond / rateOf(first),
    node: shareOf(rounds.map(({ node }) => node)),
    replayer: shareOf(rounds.map(({ replayer }) => replayer)),
    spread,
    idleBytes,
    lost: rounds.reduce((sum, round) => sum + round.lost, 0),
  };
}

function rateOf({ rounds }: Candidate): number {
  return median(rounds.map(({ perSecond }) => perSecond));
}

function report(
  context: Context,
  options: BenchOptions,
  { wire, sizeBytes, connections }: ShardsSpec,
  rows: readonly Row[],
  { rounds }: Window,
): void {
  const heading = {
    bench: "shards",
    what:
      `Messages of an application, ${sizeBytes} bytes on the wire each with their header, encoded once and sent over ` +
      `and over on ${connections} connections to one node; counted by pongs behind them; checksums are verified where ` +
      `the wire has them; heard: each is an event of the node; median of ${ROUNDS} interleaved rounds`,
    settings: { wire, size: sizeBytes, peers: connections, rounds },
  };
  if (options.json) return printJson(context, heading, rows);
  context.out.line(heading.what);
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("messages/s", ({ perSecond }) => formatCount(perSecond)),
    number("MB/s", ({ bytesPerSecond }) => (bytesPerSecond / MEGA).toFixed(0)),
    number("ratio", ({ ratio }) => ratio.toFixed(RATIO_DIGITS)),
    number("CPU ms/s, node + sender", ({ node, replayer }) => both(node, replayer, (share) => share.cpuMsPerSecond)),
    number("CPU ns/message", ({ node, replayer }) => both(node, replayer, (share) => share.cpuNsPerMessage)),
    number("connections", ({ spread }) => spread.join(" + ") || String(connections)),
    number("RSS idle", ({ idleBytes }) => formatSize(idleBytes)),
    number("RSS", ({ node }) => formatSize(node.residentBytes)),
    number("lost", ({ lost }) => String(lost)),
  ], context.out);
}

function both(node: Share, replayer: Share, read: (share: Share) => number): string {
  return `${read(node).toFixed(0)} + ${read(replayer).toFixed(0)}`;
}
