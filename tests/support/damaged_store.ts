import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import type { MemoryStore } from "../../src/platform/memory_store.ts";
import { openSqliteStore } from "../../src/platform/sqlite_store.ts";
import type { Store } from "../../src/platform/types.ts";
import { encodeBlockHeader } from "../../src/protocol/block_header.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { equalBytes } from "../../src/util/bytes.ts";
import { type MinedBlock, Miner } from "./mining.ts";
import { simulateNode } from "./simulated_node.ts";

const BLOCKS = 60;
const SIDE_BLOCKS = 3;
const FORK_AT = 30;
/** Bans and addresses: more than a page of them. */
const ROWS = 150;
const BANNED_UNTIL = 2_000_000_000;

/** The files of a store as some process left them. */
export interface StoreFiles {
  readonly database: Uint8Array;
  readonly log: Uint8Array;
}

/** A chain with a side branch, and the files of stores that hold it. */
export interface StoredChain {
  readonly blocks: ReadonlyMap<string, MinedBlock>;
  readonly tip: string;
  /** Closed in order: all is in the database. */
  readonly closed: StoreFiles;
  /** Killed after a commit a block: all is in the log. */
  readonly killed: StoreFiles;
}

export function storeChain(directory: string): StoredChain {
  const miner = new Miner();
  const main = miner.mineMany(BLOCKS);
  const side = miner.mineMany(SIDE_BLOCKS, main[FORK_AT]!.node);
  const all = [...main, ...side];
  const path = join(directory, "whole.db");
  const store = openSqliteStore(path, REGTEST);
  const node = nodeOf(store);
  node.load();
  for (let i = 0; i < ROWS; i++) {
    store.putBan({ subnet: `192.0.2.${i}`, until: BANNED_UNTIL + i, reason: `for the sake of ${i}` });
    store.putAddress({ endpoint: `198.51.100.${i}:8333`, record: JSON.stringify({ note: "x".repeat(i) }) });
  }
  store.putAnchors(["203.0.113.1:8333", "203.0.113.2:8333"]);
  for (const { raw } of all) {
    node.submitBlock(raw);
    node.commit();
  }
  copyFileSync(path, `${path}.copy`);
  const killed = { database: read(`${path}.copy`), log: read(`${path}-wal`) };
  store.close();
  return {
    blocks: new Map(all.map((block) => [block.hash, block])),
    tip: main.at(-1)!.hash,
    closed: { database: read(path), log: new Uint8Array() },
    killed,
  };
}

/** What a node made of files: the height that it believes in, or why it refused them. */
export type Finding = { readonly height: number } | { readonly refusal: LocalError };

/**
 * Opens the files as a node does and asks it for everything. Throws where it gives a wrong answer: a tip that is none of
 * the chain, a header or a block other than the one of that name, or an error that is no LocalError.
 */
export function examineStore(directory: string, chain: StoredChain, { database, log }: StoreFiles): Finding {
  const path = join(directory, "damaged.db");
  writeFileSync(path, database);
  writeFileSync(`${path}-wal`, log);
  try {
    const store = openSqliteStore(path, REGTEST);
    try {
      return ask(store, chain);
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    return { refusal: error };
  }
}

function ask(store: Store, { blocks }: StoredChain): Finding {
  const node = nodeOf(store);
  node.load();
  const { bestHash, height } = node.chain();
  assert(height === 0 || blocks.get(bestHash)?.node.height === height, `${bestHash} as the tip at ${height}`);
  for (const [hash, { header, raw }] of blocks) {
    const found = node.block(hash);
    if (found === undefined) continue;
    assert(equalBytes(encodeBlockHeader(found.header), encodeBlockHeader(header)), `another header for ${hash}`);
    if (found.raw !== undefined) assert(equalBytes(found.raw, raw), `another block for ${hash}`);
    else assert(!found.active, `block ${hash} of the best chain is not there`);
  }
  return { height };
}

function nodeOf(store: Store) {
  const network = createMemoryNetwork({ seed: 1 });
  // Everything that a node asks of it is there; only simulations crash it.
  return simulateNode(network, "node", { store: store as MemoryStore }).node;
}

function read(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}
