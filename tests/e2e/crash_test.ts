import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { encodeBlockFile, makeBranch, REGTEST_GENESIS, tipOf } from "../support/made_chain.ts";
import { run } from "../support/program.ts";
import { blockHash, invPayload, listenRaw, RawPeer, WITNESS_BLOCK } from "../support/raw_peer.ts";
import { serveChain, type Willing } from "../support/raw_server.ts";
import { type Site, siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";
import { soonEnough, within } from "../support/wait.ts";

/** Blocks of a chain whose sync takes a while. */
const LONG = 20_000;
const KILLS = 4;
const PEERS = 100;
/** What we promise for a clean stop, in milliseconds. */
const STOP_MS = 1000;
/** What it takes to fill the kernel's buffers and then the node's own: each asks for 5 MB. */
const REQUESTS = 4;
/** What a shell calls a process that SIGINT ended. */
const INTERRUPTED = 130;
/** Blocks that the half-way source gives away. */
const HALF = 500;

siteTest("node: killed in the middle of a sync, again and again, it resumes", async (site) => {
  const blocks = [REGTEST_GENESIS, ...makeBranch({ count: LONG })];
  const file = encodeBlockFile(blocks);
  let isWhole = false;
  // Without the last block no sync is over before its kill, however soon the others come.
  const args = ["--connect", await sourceOf(site, blocks, (height) => isWhole || height < LONG)];
  const dataDir = site.directory();
  for (let round = 1; round <= KILLS; round++) {
    const node = await site.node({ dataDir, args });
    const goal = round * LONG / (2 * KILLS);
    await node.chainUntil("progress", ({ height }) => height > goal);
    await node.stop("SIGKILL");
  }
  isWhole = true;
  const last = await site.node({ dataDir, args });
  await last.reaches(tipOf(blocks));
  assertEquals((await last.stop()).code, 0, last.log);
  const exported = join(site.folder, "exported.blk");
  const place = ["--network", "regtest", "--data-dir", dataDir];
  assertEquals((await run(compiled(), ["node", ...place, "--export", exported])).code, 0);
  assert(readFileSync(exported).equals(file), "the chain that survived differs from the one that was sent");
});

siteTest("node: what it said to have, it has after a kill", async (site) => {
  const dataDir = site.directory();
  const args = ["--connect", await halfwaySource(site)];
  const node = await site.node({ dataDir, args });
  await node.chainUntil("half of the chain", ({ height }) => height === HALF);
  await node.stop("SIGKILL");
  const again = await site.node({ dataDir });
  assertEquals((await again.chain()).height, HALF);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  siteTest(`node: ${signal} in the middle of a sync, with 100 peers, ends it cleanly`, async (site) => {
    await soonEnough("a clean stop", STOP_MS, async () => {
      const node = await site.node({ args: ["--connect", await halfwaySource(site)] });
      const peers = await Promise.all(Array.from({ length: PEERS }, () => greet(site, node.port)));
      await node.chainUntil("half of the chain", ({ height }) => height === HALF);
      const startedAt = performance.now();
      const { code } = await node.stop(signal);
      const tookMs = performance.now() - startedAt;
      assertEquals(code, 0, node.log);
      await Promise.all(peers.map(({ closed }) => closed));
      return tookMs;
    });
  });
}

siteTest("node: a second signal ends it without waiting for the queues", async (site) => {
  const chain = testChain();
  const node = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  // A peer that asks for everything and reads nothing keeps the queues full.
  const stuck = await greet(site, node.port);
  stuck.socket.pause();
  for (let i = 0; i < REQUESTS; i++) {
    stuck.send("getdata", invPayload(WITNESS_BLOCK, chain.main.slice(1).map(blockHash)));
  }
  await node.peersUntil("a full queue", ([peer]) => peer !== undefined && peer.outbox.bytes > 0);
  const idle = await greet(site, node.port);
  node.program.signal("SIGINT");
  await within("the first sign of the stop", idle.closed);
  assertEquals((await node.stop("SIGINT")).code, INTERRUPTED);
});

async function greet(site: Site, port: number): Promise<RawPeer> {
  const peer = await RawPeer.dial(port);
  site.onEnd(() => peer.close());
  await peer.shakeHands();
  return peer;
}

/** A peer that knows the whole chain and gives away the first blocks of it. */
function halfwaySource(site: Site): Promise<string> {
  return sourceOf(site, testChain().main, (height) => height <= HALF);
}

async function sourceOf(site: Site, chain: readonly Buffer[], willing: Willing): Promise<string> {
  const source = await listenRaw((peer) => {
    site.onEnd(() => peer.close());
    serveChain(peer, chain, willing);
  });
  site.onEnd(() => source.close());
  return `127.0.0.1:${source.port}`;
}
