import { test } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { compiled, END_TO_END } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { blockHash, invPayload, listenRaw, RawPeer, WITNESS_BLOCK } from "../support/raw_peer.ts";
import { serveChain } from "../support/raw_server.ts";
import { onSite, type Site } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";

const KILLS = 4;
const PEERS = 100;
/** What we promise for a clean stop, in milliseconds. */
const STOP_MS = 1000;
/** Blocks that the half-way source gives away. */
const HALF = 500;

test(
  "node: killed in the middle of a sync, again and again, it resumes",
  END_TO_END,
  onSite(async (site) => {
    const chain = testChain();
    const source = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
    const dataDir = site.directory();
    const args = ["--connect", source.endpoint];
    let kept = 0;
    for (let round = 0; round < KILLS; round++) {
      const node = await site.node({ dataDir, args });
      const { height } = await node.chainUntil("progress", (state) => state.height > kept);
      await node.stop("SIGKILL");
      kept = height;
    }
    const last = await site.node({ dataDir, args });
    await last.reaches(chain.mainTip);
    assertEquals((await last.stop()).code, 0, last.log);
    const file = join(site.folder, "exported.blk");
    const place = ["--network", "regtest", "--data-dir", dataDir];
    assertEquals((await run(compiled(), ["node", ...place, "--export", file])).code, 0);
    assert(readFileSync(file).equals(chain.mainFile), "the chain that survived differs from the one that was sent");
  }),
);

test(
  "node: what it said to have, it has after a kill",
  END_TO_END,
  onSite(async (site) => {
    const dataDir = site.directory();
    const args = ["--connect", await halfwaySource(site)];
    const node = await site.node({ dataDir, args });
    await node.chainUntil("half of the chain", ({ height }) => height === HALF);
    await node.stop("SIGKILL");
    const again = await site.node({ dataDir });
    assertEquals((await again.chain()).height, HALF);
  }),
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(
    `node: ${signal} in the middle of a sync, with 100 peers, ends it cleanly`,
    END_TO_END,
    onSite(async (site) => {
      const node = await site.node({ args: ["--connect", await halfwaySource(site)] });
      const peers = await Promise.all(Array.from({ length: PEERS }, () => greet(site, node.port)));
      await node.chainUntil("half of the chain", ({ height }) => height === HALF);
      const startedAt = performance.now();
      const { code } = await node.stop(signal);
      const tookMs = performance.now() - startedAt;
      assertEquals(code, 0, node.log);
      assert(tookMs < STOP_MS, `took ${Math.round(tookMs)} ms`);
      await Promise.all(peers.map(({ closed }) => closed));
    }),
  );
}

test(
  "node: a second signal ends it without waiting for the queues",
  END_TO_END,
  onSite(async (site) => {
    const chain = testChain();
    const node = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
    // A peer that asks for everything and reads nothing keeps the queues full.
    const peer = await greet(site, node.port);
    peer.socket.pause();
    const hashes = chain.main.slice(1).map(blockHash);
    peer.send("getdata", invPayload(WITNESS_BLOCK, hashes));
    await node.peersUntil("the request", (peers) => peers.some(({ bytes }) => bytes.out > chain.mainFile.length / 10));
    node.program.signal("SIGINT");
    await node.program.line(/stopping|shutting down/i);
    const { code } = await node.stop("SIGINT");
    assert(code === 130 || code === 0, `exit code ${code}\n${node.log}`);
  }),
);

async function greet(site: Site, port: number): Promise<RawPeer> {
  const peer = await RawPeer.dial(port);
  site.onEnd(() => peer.close());
  await peer.shakeHands();
  return peer;
}

/** A peer that knows the whole chain and gives away the first blocks of it. */
async function halfwaySource(site: Site): Promise<string> {
  const { main } = testChain();
  const source = await listenRaw((peer) => {
    site.onEnd(() => peer.close());
    serveChain(peer, main, (height) => height <= HALF);
  });
  site.onEnd(() => source.close());
  return `127.0.0.1:${source.port}`;
}
