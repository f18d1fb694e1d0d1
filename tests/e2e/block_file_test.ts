import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { encodeBlockFile, makeBranch, REGTEST_GENESIS } from "../support/made_chain.ts";
import { run } from "../support/program.ts";
import { type Site, siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";

const RECORD_HEADER_SIZE = 8;
const DAMAGED = 30;
/** Into a block's coinbase: changes the merkle root, and no length. */
const INTO_COINBASE = 130;

siteTest("import and export: byte for byte the same file, in order of height", async (site) => {
  const { mainFile } = testChain();
  const dataDir = site.directory();
  const node = await site.node({ dataDir, args: ["--import", site.file("in.blk", mainFile)] });
  assertEquals((await node.stop()).code, 0);
  assert((await exportFrom(site, dataDir)).equals(mainFile));
});

siteTest("import: blocks may come before their parents", async (site) => {
  const blocks = [REGTEST_GENESIS, ...makeBranch({ count: 60 })];
  const shuffled = [...blocks.slice(0, 10), ...blocks.slice(10).reverse()];
  const dataDir = site.directory();
  const node = await site.node({ dataDir, args: ["--import", site.file("in.blk", encodeBlockFile(shuffled))] });
  assertEquals((await node.stop()).code, 0);
  assert((await exportFrom(site, dataDir)).equals(encodeBlockFile(blocks)));
});

/** How a file of 60 blocks is damaged at one of them, given where its record begins. */
const DAMAGES: Readonly<Record<string, (file: Buffer, offset: number) => Buffer>> = {
  "cut off in the middle of a block": (file, offset) => file.subarray(0, offset + 100),
  "cut off in the middle of a length": (file, offset) => file.subarray(0, offset + 6),
  "with another network's magic": (file, offset) => changed(file, (copy) => copy.writeUInt32BE(0xf9beb4d9, offset)),
  "with a length of 4 GB": (file, offset) => changed(file, (copy) => copy.writeUInt32LE(0xffffffff, offset + 4)),
  "with a flipped bit in a transaction": (file, offset) =>
    changed(file, (copy) => copy[offset + RECORD_HEADER_SIZE + INTO_COINBASE]! ^= 1),
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  siteTest(`import: a file ${what} names the place, and keeps what came before`, async (site) => {
    const blocks = [REGTEST_GENESIS, ...makeBranch({ count: 60 })];
    const whole = encodeBlockFile(blocks);
    const offset = encodeBlockFile(blocks.slice(0, DAMAGED)).length;
    const dataDir = site.directory();
    const { code, stderr } = await runNode(dataDir, "--import", site.file("bad.blk", damage(whole, offset)));
    assertEquals(code, 1, stderr);
    assertMatch(stderr, new RegExp(`\\b${DAMAGED}\\b.*\\b${offset}\\b`));
    assert((await exportFrom(site, dataDir)).equals(whole.subarray(0, offset)), "not all before the damage was kept");
  });
}

siteTest("import: a file that is not there is said so", async (site) => {
  const { code, stderr } = await runNode(site.directory(), "--import", join(site.folder, "nowhere.blk"));
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /nowhere\.blk/);
});

siteTest("data directory: a second node is refused and told who has it", async (site) => {
  const first = await site.node();
  const { code, stderr } = await runNode(first.dataDir);
  assertEquals(code, 1, stderr);
  assertMatch(stderr, new RegExp(`\\b${first.pid}\\b`));
  assert(first.program.isAlive);
});

siteTest("data directory: a killed node's is free again", async (site) => {
  const first = await site.node();
  await first.stop("SIGKILL");
  await site.node({ dataDir: first.dataDir });
});

siteTest("data directory: another network's is refused", async (site) => {
  const first = await site.node();
  await first.stop();
  const args = ["node", "--network", "p2p", "--data-dir", first.dataDir, "--no-discover", "--no-listen"];
  const { code, stderr } = await run(compiled(), args);
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /regtest|network|genesis/);
});

/** Runs a node that is expected to end by itself. */
async function runNode(dataDir: string, ...args: readonly string[]) {
  const common = ["--network", "regtest", "--data-dir", dataDir, "--no-discover", "--listen", "127.0.0.1:0"];
  return await run(compiled(), ["node", ...common, ...args]);
}

async function exportFrom(site: Site, dataDir: string): Promise<Buffer> {
  const file = join(site.folder, "exported.blk");
  const { code, stderr } = await runNode(dataDir, "--export", file);
  assertEquals(code, 0, stderr);
  return readFileSync(file);
}

function changed(file: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(file);
  change(copy);
  return copy;
}
