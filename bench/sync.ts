import { performance } from "node:perf_hooks";
import process from "node:process";
import { compiled, fromSource, type Runtime } from "../tests/support/binary.ts";
import { encodeBlockFile, makeBranch, REGTEST_GENESIS, tipOf } from "../tests/support/made_chain.ts";
import { residentBytes } from "../tests/support/memory.ts";
import type { Command } from "../tests/support/program.ts";
import { Site } from "../tests/support/site.ts";
import { testChain } from "../tests/support/test_chain.ts";
import type { Row, Subject } from "./support.ts";
import { MS_PER_SECOND } from "../src/util/units.ts";

const ROUNDS = 5;
const SMALL_BLOCKS = 20_000;
/** Time for the node to finish what it does after a start, before its memory is looked at. */
const SETTLE_MS = 1000;
/** Longest that one sync may take: a tenth of the speed that we want. */
const SYNC_TIMEOUT_MS = 60_000;
const NS_PER_MS = 1e6;
const MIB = 1024 * 1024;

/**
 * Initial block download over loopback, from one process to another, with the store on disk; and what a start costs.
 * P2P_BENCH_RUNTIMES names what is measured: binary (the default), bun, deno, node, separated by commas.
 */
export const subject: Subject = {
  name: "sync",
  async run() {
    const rows: Row[] = [];
    for (const name of (process.env.P2P_BENCH_RUNTIMES ?? "binary").split(",")) {
      const command = commandOf(name);
      for (const chain of [testedChain(), smallChain()]) rows.push(await measureSync(name, command, chain));
      rows.push(await measureStart(name, command));
    }
    return rows;
  },
};

interface BenchChain {
  readonly what: string;
  readonly file: Uint8Array;
  readonly tip: string;
  /** Blocks to fetch: all but the first. */
  readonly count: number;
}

function commandOf(name: string): Command {
  if (name === "binary") return compiled();
  if (name === "bun" || name === "deno" || name === "node") return fromSource(name satisfies Runtime);
  throw new Error(`Cannot measure ${name}: one of binary, bun, deno, node is wanted`);
}

function testedChain(): BenchChain {
  const { main, mainFile, mainTip } = testChain();
  return { what: `${main.length - 1} blocks of the test chain`, file: mainFile, tip: mainTip, count: main.length - 1 };
}

function smallChain(): BenchChain {
  const blocks = [REGTEST_GENESIS, ...makeBranch({ count: SMALL_BLOCKS })];
  return {
    what: `${SMALL_BLOCKS} blocks of ${blocks.at(-1)!.length} bytes`,
    file: encodeBlockFile(blocks),
    tip: tipOf(blocks),
    count: SMALL_BLOCKS,
  };
}

/** From the moment the fetching node is up until its tip is the source's. */
async function measureSync(name: string, command: Command, chain: BenchChain): Promise<Row> {
  const site = new Site();
  try {
    const source = await site.node(
      { command, args: ["--import", site.file("chain.blk", chain.file)] },
      SYNC_TIMEOUT_MS,
    );
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const node = await site.node({ command, args: ["--connect", source.endpoint] });
      const startedAt = performance.now();
      await node.reaches(chain.tip, SYNC_TIMEOUT_MS);
      times.push(performance.now() - startedAt);
      await node.stop();
    }
    const ms = median(times);
    return {
      name: `${name}: ${chain.what}`,
      unit: "blocks",
      perSecond: chain.count / ms * MS_PER_SECOND,
      meanNs: ms * NS_PER_MS / chain.count,
    };
  } finally {
    await site.close();
  }
}

/** From the start of the process to the line that says where it listens. */
async function measureStart(name: string, command: Command): Promise<Row> {
  const site = new Site();
  try {
    const times: number[] = [];
    const memories: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now();
      const node = await site.node({ command });
      times.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      memories.push(residentBytes(node.pid) ?? 0);
      await node.stop();
    }
    const ms = median(times);
    const idle = `${Math.round(median(memories) / MIB)} MiB idle`;
    return { name: `${name}: start (${idle})`, unit: "starts", perSecond: MS_PER_SECOND / ms, meanNs: ms * NS_PER_MS };
  } finally {
    await site.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
