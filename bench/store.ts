// What the store can take and give: small blocks as in most of the initial download, large ones as at the end of it.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "../src/platform/memory_store.ts";
import { openSqliteStore } from "../src/platform/sqlite_store.ts";
import type { Store } from "../src/platform/types.ts";
import type { Row, Subject } from "./support.ts";

const REGTEST = {
  name: "regtest",
  genesisHash: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
};
const HEADER_BYTES = 80;
/** What one getheaders is answered with. */
const HEADER_PAGE = 2_000;
const NS_PER_MS = 1e6;

interface Load {
  readonly blockBytes: number;
  readonly blocks: number;
  /** Blocks a commit. */
  readonly batch: number;
  /** Whether each header comes with its block, as at the tip, or was put before, as in the initial download. */
  readonly headers: "before" | "with the block";
}

const SMALL = { blockBytes: 300, blocks: 20_000, headers: "before" } as const;
const LARGE = { blockBytes: 1_000_000, blocks: 160, headers: "before" } as const;

const LOADS: Readonly<Record<string, Load>> = {
  "put 300 B, commit every 16": { ...SMALL, batch: 16 },
  "put 300 B, commit each": { ...SMALL, batch: 1 },
  "put 300 B, commit every 64": { ...SMALL, batch: 64 },
  "put 300 B, commit every 256": { ...SMALL, batch: 256 },
  "put 300 B with its header, commit each": { ...SMALL, batch: 1, headers: "with the block" },
  "put 300 B with its header, commit every 16": { ...SMALL, batch: 16, headers: "with the block" },
  "put 1 MB, commit each": { ...LARGE, batch: 1 },
  "put 1 MB, commit every 4": { ...LARGE, batch: 4 },
  "put 1 MB, commit every 16": { ...LARGE, batch: 16 },
};

export const subject: Subject = {
  name: "Store (SQLite unless named; mean and p99 are of one batch with its commit, or of one read)",
  run() {
    const rows: Row[] = [];
    for (const [name, load] of Object.entries(LOADS)) rows.push(withSqlite((store) => measurePut(name, store, load)));
    rows.push(measurePut("memory store: put 300 B, commit every 16", createMemoryStore(), { ...SMALL, batch: 16 }));
    rows.push(withSqlite(measureHeaders));
    rows.push(withSqlite((store) => measureScan(store)));
    rows.push(withSqlite((store) => measureReads("read 300 B", store, SMALL)));
    rows.push(withSqlite((store) => measureReads("read 1 MB", store, LARGE)));
    return Promise.resolve(rows);
  },
};

function withSqlite(measure: (store: Store) => Row): Row {
  const directory = mkdtempSync(join(tmpdir(), "p2p-bench-"));
  const store = openSqliteStore(join(directory, "store.db"), REGTEST);
  try {
    return measure(store);
  } finally {
    store.close();
    rmSync(directory, { recursive: true });
  }
}

/** Hashes as they are: nothing is known of the order of their keys but the zeros in front. */
function randomHashes(count: number): string[] {
  return Array.from({ length: count }, () => randomBytes(28).toString("hex").padStart(64, "0"));
}

function putHeaders(store: Store, hashes: readonly string[], spans: number[]): void {
  const header = new Uint8Array(HEADER_BYTES).fill(1);
  for (let from = 0; from < hashes.length; from += HEADER_PAGE) {
    spans.push(spanOf(() => {
      for (const hash of hashes.slice(from, from + HEADER_PAGE)) store.putHeader(hash, header);
      store.commit();
    }));
  }
}

function measurePut(name: string, store: Store, { blockBytes, blocks, batch, headers }: Load): Row {
  const hashes = randomHashes(blocks);
  const header = new Uint8Array(HEADER_BYTES).fill(1);
  const block = new Uint8Array(randomBytes(blockBytes));
  const spans: number[] = [];
  if (headers === "before") putHeaders(store, hashes, []);
  for (let from = 0; from < blocks; from += batch) {
    spans.push(spanOf(() => {
      for (const hash of hashes.slice(from, from + batch)) {
        if (headers === "with the block") store.putHeader(hash, header);
        store.putBlock(hash, block);
      }
      store.commit();
    }));
  }
  return rowOf(name, blocks, "blocks", spans);
}

function measureHeaders(store: Store): Row {
  const hashes = randomHashes(10 * SMALL.blocks);
  const spans: number[] = [];
  putHeaders(store, hashes, spans);
  return rowOf("put headers, commit every 2,000", hashes.length, "headers", spans);
}

function measureScan(store: Store): Row {
  const hashes = randomHashes(10 * SMALL.blocks);
  putHeaders(store, hashes, []);
  let count = 0;
  const span = spanOf(() => {
    for (const { blockSize } of store.headers()) count += blockSize === 0 ? 1 : 0;
  });
  if (count !== hashes.length) throw new Error(`${count} of ${hashes.length} headers were read`);
  return rowOf("read all headers", count, "headers", [span]);
}

function measureReads(name: string, store: Store, { blockBytes, blocks }: typeof SMALL | typeof LARGE): Row {
  const hashes = randomHashes(blocks);
  putHeaders(store, hashes, []);
  const block = new Uint8Array(randomBytes(blockBytes));
  for (const hash of hashes) store.putBlock(hash, block);
  store.commit();
  // In another order than they were written in: a prime step visits all.
  const spans = hashes.map((_, i) => spanOf(() => store.block(hashes[(i * 7_919) % blocks]!)));
  return rowOf(name, blocks, "blocks", spans);
}

/** Milliseconds. */
function spanOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function rowOf(name: string, count: number, unit: string, spans: readonly number[]): Row {
  const total = spans.reduce((sum, span) => sum + span, 0);
  const p99 = spans.toSorted((a, b) => a - b)[Math.floor(0.99 * spans.length)]!;
  return {
    name,
    perSecond: 1_000 * count / total,
    unit,
    meanNs: NS_PER_MS * total / spans.length,
    p99Ns: NS_PER_MS * p99,
  };
}
