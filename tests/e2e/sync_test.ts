import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { BINARY, END_TO_END, fromSource } from "../support/binary.ts";
import { encodeBlockFile } from "../support/made_chain.ts";
import { listenRaw } from "../support/raw_peer.ts";
import { serveChain } from "../support/raw_server.ts";
import { siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";

siteTest("node: syncs a chain from another node, and keeps it over a restart", async (site) => {
  const chain = testChain();
  // A copy: the project's packages are out of its reach, whatever it loads late.
  const command = { file: site.copy(BINARY), args: [] };
  const source = await site.node({ command, args: ["--import", site.file("main.blk", chain.mainFile)] });
  const dataDir = site.directory();
  const first = await site.node({ command, dataDir, args: ["--connect", source.endpoint] });
  const { height } = await first.reaches(chain.mainTip);
  assertEquals(height, chain.main.length - 1);
  assertEquals((await first.stop("SIGINT")).code, 0);
  const again = await site.node({ command, dataDir });
  assertEquals((await again.chain()).bestHash, chain.mainTip);
  const { body } = await again.request(`/v1/blocks/${height}?raw=1`);
  assertEquals(body.trim(), chain.main.at(-1)!.toString("hex"));
});

siteTest("node: a branch with more work spreads, and all reorganise to it", async (site) => {
  const chain = testChain();
  const first = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const second = await site.node({ args: ["--connect", first.endpoint] });
  await second.reaches(chain.mainTip);
  const forked = site.file("fork.blk", encodeBlockFile(chain.fork));
  await site.node({ args: ["--import", forked, "--connect", first.endpoint] });
  for (const node of [first, second]) {
    const { height } = await node.reaches(chain.forkTip);
    assertEquals(height, chain.fork.length - 1);
    assertMatch(node.log, /reorg/i);
  }
});

siteTest("node: syncs on the native wire too", async (site) => {
  const source = await site.node({ network: "p2p", args: ["--mine", "0.3"] });
  await source.chainUntil("three blocks", ({ height }) => height >= 3);
  const node = await site.node({ network: "p2p", args: ["--connect", source.endpoint] });
  await node.chainUntil("three blocks", ({ height }) => height >= 3);
  const hashOf = async (from: typeof node) => (await from.get<{ hash: string }>("/v1/blocks/3")).hash;
  assertEquals(await hashOf(node), await hashOf(source));
});

siteTest("node: three runtimes hand a chain on", async (site) => {
  const chain = testChain();
  const file = site.file("main.blk", chain.mainFile);
  const deno = await site.node({ command: fromSource("deno"), args: ["--import", file] });
  const bun = await site.node({ command: fromSource("bun"), args: ["--connect", deno.endpoint] });
  const node = await site.node({ command: fromSource("node"), args: ["--connect", bun.endpoint] });
  await node.reaches(chain.mainTip);
  await bun.reaches(chain.mainTip);
  for (const each of [deno, bun, node]) assertEquals((await each.stop("SIGINT")).code, 0, each.log);
}, { ...END_TO_END, timeout: 120_000 });

siteTest("node: asks somebody else for the blocks that a peer holds back", async (site) => {
  const chain = testChain();
  const miser = await listenRaw((peer) => serveChain(peer, chain.main, (height) => height < 100));
  site.onEnd(() => miser.close());
  const honest = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const node = await site.node({ args: ["--connect", `127.0.0.1:${miser.port}`, "--connect", honest.endpoint] });
  await node.reaches(chain.mainTip);
});

siteTest("node: goes on with another peer when one dies in the middle of a block", async (site) => {
  const chain = testChain();
  const mortal = await listenRaw((peer) =>
    serveChain(peer, chain.main, (height) => {
      if (height === 50) peer.dieMidFrame();
      return height < 50;
    })
  );
  site.onEnd(() => mortal.close());
  const node = await site.node({ args: ["--connect", `127.0.0.1:${mortal.port}`] });
  await node.chainUntil("some blocks", ({ height }) => height === 49);
  mortal.close();
  const honest = await site.node({
    args: ["--import", site.file("m.blk", chain.mainFile), "--connect", node.endpoint],
  });
  await node.reaches(chain.mainTip);
  assert(honest.program.isAlive);
});

siteTest("node: a mutated copy of a block does not spoil the good one", async (site) => {
  const chain = testChain();
  const mutated = chain.main.map((block, height) => height === 60 ? flipLastByte(block) : block);
  const liar = await listenRaw((peer) => serveChain(peer, mutated));
  site.onEnd(() => liar.close());
  const node = await site.node({ args: ["--connect", `127.0.0.1:${liar.port}`] });
  await node.program.line(/bad-block/);
  assertEquals((await node.chain()).height, 59);
  await site.node({ args: ["--import", site.file("main.blk", chain.mainFile), "--connect", node.endpoint] });
  await node.reaches(chain.mainTip);
});

/** Another lock time of the last transaction, under the same header. */
function flipLastByte(block: Buffer): Buffer {
  const copy = Buffer.from(block);
  copy[copy.length - 1]! ^= 1;
  return copy;
}
