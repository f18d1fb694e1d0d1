import type { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { encodeBlockFile, makeBranch, parseBlockFile, REGTEST_GENESIS, tipOf } from "./made_chain.ts";

/** Where larger real data lies, if anywhere. */
const DATA_DIR = process.env.P2P_TEST_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** Height after which the second branch begins, and the lengths of both chains. */
const FORK_HEIGHT = 1850;
const MAIN_HEIGHT = 2100;
const FORK_BLOCKS = 261;
/** Bytes in each made block, so that the chain exceeds what kernel buffers swallow. */
const MADE_BLOCK_PADDING = 2000;

/** A regtest chain and a branch of it that has more work. */
export interface TestChain {
  /** From the genesis block on; an index is a height. */
  readonly main: readonly Buffer[];
  /** The whole other chain, from the genesis block on. */
  readonly fork: readonly Buffer[];
  readonly forkHeight: number;
  /** Hashes in display order. */
  readonly mainTip: string;
  readonly forkTip: string;
  /** Both as block files; the second one holds the branch alone. */
  readonly mainFile: Buffer;
  readonly forkFile: Buffer;
}

/** A file of the shared test data, or undefined in a clone without it. */
export function readTestData(name: string): Buffer | undefined {
  const path = `${DATA_DIR}/${name}`;
  return existsSync(path) ? readFileSync(path) : undefined;
}

let loaded: TestChain | undefined;

/** The chain that a real node made and validated where it is at hand, else one of the same shape. */
export function testChain(): TestChain {
  return loaded ??= load();
}

function load(): TestChain {
  const realMain = readTestData("regtest-2100.blk");
  const realFork = readTestData("regtest-fork-1851-2111.blk");
  const main = realMain ? parseBlockFile(realMain) : makeMain();
  const branch = realMain && realFork ? parseBlockFile(realFork) : makeFork(main);
  const fork = [...main.slice(0, FORK_HEIGHT + 1), ...branch];
  return {
    main,
    fork,
    forkHeight: FORK_HEIGHT,
    mainTip: tipOf(main),
    forkTip: tipOf(fork),
    mainFile: realMain ?? encodeBlockFile(main),
    forkFile: encodeBlockFile(branch),
  };
}

function makeMain(): Buffer[] {
  return [REGTEST_GENESIS, ...makeBranch({ count: MAIN_HEIGHT, padding: MADE_BLOCK_PADDING })];
}

function makeFork(main: readonly Buffer[]): Buffer[] {
  const block = main[FORK_HEIGHT];
  if (block === undefined) throw new Error(`no block ${FORK_HEIGHT} to fork off after`);
  return makeBranch({
    parent: { block, height: FORK_HEIGHT },
    count: FORK_BLOCKS,
    salt: 1,
    padding: MADE_BLOCK_PADDING,
  });
}
