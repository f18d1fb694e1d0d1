import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { Btcd, type BtcdOptions, NEEDS_BTCD } from "../support/btcd.ts";
import { encodeBlockFile, makeBranch, REGTEST_GENESIS, tipOf } from "../support/made_chain.ts";
import type { P2pNode } from "../support/p2p_node.ts";
import { run } from "../support/program.ts";
import { listenRaw } from "../support/raw_peer.ts";
import { serveChain } from "../support/raw_server.ts";
import { type Site, siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";
import { poll } from "../support/wait.ts";

/** Heights at which blocks are compared byte by byte: one in so many. Equal tips make the headers equal at all. */
const SAMPLE_EVERY = 100;

siteTest("btcd: does its whole initial download from us", async (site) => {
  const chain = testChain();
  const node = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const btcd = await startBtcd(site, { connect: [node.endpoint] });
  await btcd.reaches(chain.mainTip);
  await assertHasBlocks(btcd, chain.main);
}, NEEDS_BTCD);

siteTest("btcd: does its initial download from us when we dialled", async (site) => {
  const chain = testChain();
  const btcd = await startBtcd(site);
  await site.node({ args: ["--import", site.file("main.blk", chain.mainFile), "--connect", btcd.endpoint] });
  await btcd.reaches(chain.mainTip);
  await assertHasBlocks(btcd, chain.main);
}, NEEDS_BTCD);

siteTest("btcd: we do our whole initial download from it, byte for byte", async (site) => {
  const { main } = testChain();
  const btcd = await startFilled(site, main);
  // It serves headers while its tip is younger than a day. The chain may be older: a new block makes it current.
  const [last] = await btcd.generate(1);
  const node = await site.node({ args: ["--connect", btcd.endpoint] });
  await node.reaches(last!);
  const expected = encodeBlockFile([...main, await btcd.block(last!)]);
  assert((await exportOf(site, node)).equals(expected), "the exported file differs from what btcd was given");
}, NEEDS_BTCD);

siteTest("btcd: we follow its new blocks and its reorganisation", async (site) => {
  const btcd = await startBtcd(site);
  const blocks = await btcd.generate(10);
  const node = await site.node({ args: ["--connect", btcd.endpoint] });
  await node.reaches(blocks.at(-1)!);
  const [next] = await btcd.generate(1);
  await node.reaches(next!);
  await btcd.rpc("invalidateblock", blocks[6]!);
  const branch = await btcd.generate(7);
  const { height } = await node.reaches(branch.at(-1)!);
  assertEquals(height, 6 + 7);
}, NEEDS_BTCD);

siteTest("btcd: we follow it from its first block on, though it is silent before", async (site) => {
  const btcd = await startBtcd(site);
  const node = await site.node({ args: ["--connect", btcd.endpoint] });
  await node.peersUntil("a peer", (peers) => peers.length === 1);
  const blocks = await btcd.generate(3);
  await node.reaches(blocks.at(-1)!);
}, NEEDS_BTCD);

siteTest("btcd: follows our reorganisation", async (site) => {
  const chain = testChain();
  const node = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const btcd = await startBtcd(site, { connect: [node.endpoint] });
  await btcd.reaches(chain.mainTip);
  const fork = site.file("fork.blk", encodeBlockFile(chain.fork));
  await site.node({ args: ["--import", fork, "--connect", node.endpoint] });
  await node.reaches(chain.forkTip);
  await btcd.reaches(chain.forkTip);
  await assertHasBlocks(btcd, chain.fork);
}, NEEDS_BTCD);

siteTest("btcd: follows us over a branch longer than one answer to its getblocks", async (site) => {
  const trunk = [REGTEST_GENESIS, ...makeBranch({ count: 150 })];
  const parent = { block: trunk[100]!, height: 100 };
  const fork = [...trunk.slice(0, 101), ...makeBranch({ parent, count: 1200, salt: 1 })];
  const node = await site.node({ args: ["--import", site.file("trunk.blk", encodeBlockFile(trunk))] });
  const btcd = await startBtcd(site, { connect: [node.endpoint] });
  await btcd.reaches(tipOf(trunk));
  await site.node({ args: ["--import", site.file("fork.blk", encodeBlockFile(fork)), "--connect", node.endpoint] });
  await node.reaches(tipOf(fork));
  await btcd.reaches(tipOf(fork));
}, NEEDS_BTCD);

siteTest("btcd: two of them follow each other through us", async (site) => {
  const miner = await startBtcd(site);
  await miner.generate(5);
  const node = await site.node({ args: ["--connect", miner.endpoint] });
  await node.reaches(await miner.tip());
  const follower = await startBtcd(site, { connect: [node.endpoint] });
  await follower.reaches(await miner.tip());
  const [block] = await miner.generate(1);
  await follower.reaches(block!);
  const [answer] = await follower.generate(1);
  await node.reaches(answer!);
  await miner.reaches(answer!);
}, NEEDS_BTCD);

siteTest("btcd: follows the blocks that we mine", async (site) => {
  const node = await site.node({ args: ["--mine", "0.3"] });
  const btcd = await startBtcd(site, { connect: [node.endpoint] });
  await poll("three blocks at btcd", () => btcd.rpc<number>("getblockcount"), (height) => height >= 3);
  const hash = await btcd.rpc<string>("getblockhash", 3);
  assertEquals((await node.get<{ hash: string }>("/v1/blocks/3")).hash, hash);
}, NEEDS_BTCD);

async function startBtcd(site: Site, options: Partial<BtcdOptions> = {}): Promise<Btcd> {
  const btcd = await Btcd.start({ directory: site.directory(), ...options });
  site.onEnd(() => btcd.stop());
  return btcd;
}

/** A btcd that was given the chain by a peer which is none of ours. */
async function startFilled(site: Site, chain: readonly Buffer[]): Promise<Btcd> {
  const source = await listenRaw((peer) => serveChain(peer, chain));
  site.onEnd(() => source.close());
  const btcd = await startBtcd(site, { connect: [`127.0.0.1:${source.port}`] });
  await poll("btcd's chain", () => btcd.rpc<number>("getblockcount"), (height) => height === chain.length - 1);
  return btcd;
}

async function assertHasBlocks(btcd: Btcd, chain: readonly Buffer[]): Promise<void> {
  for (let height = chain.length - 1; height > 0; height -= SAMPLE_EVERY) {
    const block = await btcd.block(await btcd.rpc<string>("getblockhash", height));
    assert(block.equals(chain[height]!), `block ${height} differs`);
  }
}

/** Stops the node and exports its chain. */
async function exportOf(site: Site, node: P2pNode): Promise<Buffer> {
  await node.stop();
  const file = join(site.folder, "exported.blk");
  const { code, stderr } = await run(compiled(), [
    ...["node", "--network", "regtest", "--data-dir", node.dataDir],
    ...["--export", file],
  ]);
  assertEquals(code, 0, stderr);
  return readFileSync(file);
}
