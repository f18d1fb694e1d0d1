import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { listenRaw } from "../support/raw_peer.ts";
import { siteTest } from "../support/site.ts";

async function remote(...words: readonly string[]) {
  return await run(compiled(), ["inspect", "remote", ...words]);
}

siteTest("inspect remote: who is there, on either wire", async (site) => {
  for (const network of ["regtest", "p2p"]) {
    const node = await site.node({ network });
    const { code, stdout, stderr } = await remote(node.endpoint, "--network", network, "--count", "3", "--json");
    assertEquals(code, 0, stderr);
    const found = JSON.parse(stdout);
    assertEquals([found.address, found.network, found.height, found.pingMs.count], [node.endpoint, network, 0, 3]);
    assertEquals(Object.keys(found.timesMs), ["resolve", "connect", "handshake"]);
    assertEquals([found.features.wtxidrelay, found.features.sendheaders], [true, true]);
    const text = await remote(node.endpoint, "--network", network);
    assertMatch(text.stdout, /^user agent +\/p2p:/m);
    assertMatch(text.stdout, /^ping +\S+ ms \(median of 5, /m);
  }
});

siteTest("inspect remote: nobody there is 3, somebody else is 4, a word that is no address 2", async (site) => {
  const liar = await listenRaw((peer) => peer.sendBytes(new TextEncoder().encode("SSH-2.0-OpenSSH_9.2\r\n")));
  site.onEnd(() => liar.close());
  assertEquals((await remote(`127.0.0.1:${liar.port}`, "--timeout", "5s")).code, 4);
  const node = await site.node();
  const other = await remote(node.endpoint, "--network", "main");
  assertEquals(other.code, 4);
  assertStringIncludes(other.stderr, "--network");
  await node.stop();
  assertEquals((await remote(node.endpoint, "--network", "regtest")).code, 3);
  assertEquals((await remote("127.0.0.1:0")).code, 2);
  assertEquals((await remote()).code, 2);
});
