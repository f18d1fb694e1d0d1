import { test } from "node:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertRejects } from "@std/assert";
import { exportBlocks, importBlocks } from "../../src/cli/block_files.ts";
import type { Progress } from "../../src/cli/progress.ts";
import { createEnv } from "../../src/platform/env.ts";
import { createMemoryStore } from "../../src/platform/memory_store.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { encodeBlockFile, makeBranch, REGTEST_GENESIS } from "../support/made_chain.ts";
import { simulateNode } from "../support/simulated_node.ts";

/** More than one turn of the loop handles. */
const BLOCKS = 600;

function newNode() {
  const { node } = simulateNode(createMemoryNetwork({ seed: 1 }), "a");
  node.load();
  return node;
}

function task(signal: AbortSignal = new AbortController().signal) {
  const updates: (readonly [done: number, total: number])[] = [];
  let stops = 0;
  const progress: Progress = { update: (done, total) => void updates.push([done, total]), stop: () => void stops++ };
  return { env: createEnv(), progress, signal, updates, stops: () => stops };
}

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-blocks-"));
  try {
    await act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("import and export: the same file again, counted and with progress", () =>
  inFolder(async (folder) => {
    const file = encodeBlockFile([REGTEST_GENESIS, ...makeBranch({ count: BLOCKS })]);
    writeFileSync(join(folder, "in.blk"), file);
    const [node, importing, exporting] = [newNode(), task(), task()];
    const counts = await importBlocks(join(folder, "in.blk"), node, importing);
    assertEquals(counts, { extended: BLOCKS, side: 0, known: 1, orphan: 0, refused: 0 });
    assertEquals([importing.updates.length > 0, importing.stops()], [true, 1]);
    assertEquals(await exportBlocks(join(folder, "out.blk"), node, exporting), BLOCKS + 1);
    assertEquals(readFileSync(join(folder, "out.blk")).equals(file), true);
    assertEquals([exporting.updates.length > 0, exporting.stops()], [true, 1]);
    await assertRejects(() => exportBlocks(join(folder, "out.blk"), node, task()), LocalError, "exists");
  }));

test("import: a store that cannot write ends it with the reason", () =>
  inFolder(async (folder) => {
    const blocks = makeBranch({ count: BLOCKS });
    writeFileSync(join(folder, "in.blk"), encodeBlockFile([REGTEST_GENESIS, ...blocks]));
    const store = createMemoryStore();
    const full = () => {
      throw new LocalError("store-full", "Cannot write the store: no space left");
    };
    const { node } = simulateNode(createMemoryNetwork({ seed: 1 }), "a", { store: { ...store, putBlock: full } });
    node.load();
    await assertRejects(() => importBlocks(join(folder, "in.blk"), node, task()), LocalError, "no space left");
  }));

test("import and export: a signal ends them; what was read stays, a half-written file does not", () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, "in.blk"), encodeBlockFile([REGTEST_GENESIS, ...makeBranch({ count: BLOCKS })]));
    const node = newNode();
    await importBlocks(join(folder, "in.blk"), node, task(AbortSignal.abort()));
    const { height } = node.chain();
    assertEquals(height > 0 && height < BLOCKS, true, `height ${height}`);
    await importBlocks(join(folder, "in.blk"), node, task());
    assertEquals(node.chain().height, BLOCKS);
    const out = join(folder, "out.blk");
    assertEquals(await exportBlocks(out, node, task(AbortSignal.abort())), undefined);
    assertEquals(existsSync(out), false);
  }));
