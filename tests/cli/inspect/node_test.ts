import { createServer, type Server } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { once } from "node:events";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled, END_TO_END, type TestOptions } from "../../support/binary.ts";
import { run } from "../../support/program.ts";
import { RawPeer } from "../../support/raw_peer.ts";
import { siteTest } from "../../support/site.ts";

const NEEDS_SOCKETS: TestOptions = {
  ...END_TO_END,
  skip: END_TO_END.skip || (process.versions.deno ? "the permissions of deno test -P name no unix socket" : false),
};

siteTest("inspect peers: sorted, filtered, with columns of one's choice", async (site) => {
  const node = await site.node();
  for (const userAgent of ["/first:1/", "/second:1/", "/third:2/"]) {
    const peer = await RawPeer.dial(node.port);
    site.onEnd(() => peer.close());
    await peer.shakeHands({ userAgent });
  }
  const inspect = (...words: readonly string[]) =>
    run(compiled(), ["inspect", "peers", ...words, "--control", node.control]);
  const sorted = await inspect("--sort", "agent:desc", "--columns", "agent,direction", "--filter", "agent~:1");
  assertEquals([sorted.code, sorted.stderr], [0, ""]);
  assertEquals(sorted.stdout, "agent       direction\n/second:1/  inbound\n/first:1/   inbound\n");
  const json = await inspect("--filter", "direction=outbound", "--json");
  assertEquals([json.code, json.stdout], [0, "[]\n"]);
  const wrong = await inspect("--filter", "pong>100");
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertMatch(wrong.stderr, /^p2p: --filter: no column "pong" \(did you mean ping\?\)\n$/);
  assertEquals((await inspect("--tips")).code, 2);
});

siteTest("inspect: what a peer calls itself cannot act on the terminal", async (site) => {
  const node = await site.node();
  const peer = await RawPeer.dial(node.port);
  site.onEnd(() => peer.close());
  await peer.shakeHands({ userAgent: "/\x1b[2J\x1b]0;owned\x07<script>/" });
  for (const words of [["peers"], ["peer", "1"], ["peers", "--json"], ["peer", "1", "--json"]]) {
    const { code, stdout } = await run(compiled(), ["inspect", ...words, "--control", node.control]);
    assertEquals(code, 0);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x09\x0b-\x1f\x7f]/.test(stdout), false, words.join(" "));
    assertMatch(stdout, /\\(?:x1b|u001b)\[2J/);
  }
});

siteTest("inspect --wait: answers as soon as the node does, and gives up in time", async (site) => {
  const dataDir = site.directory();
  const place = ["--network", "regtest", "--data-dir", dataDir];
  const waiting = run(compiled(), ["inspect", "chain", "--json", ...place, "--wait", "30s"]);
  await site.node({ dataDir, args: ["--control", join(dataDir, "p2p.sock")] });
  const { code, stdout, stderr } = await waiting;
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout).height, 0);
  const late = await run(compiled(), ["inspect", "--data-dir", site.directory(), "--wait", "200ms"]);
  assertEquals([late.code, late.stdout], [3, ""]);
  assertStringIncludes(late.stderr, "start one with p2p node");
}, NEEDS_SOCKETS);

siteTest("inspect: a node of another version, and what is none, get one clear line", async (site) => {
  const older = await serve(404, '{"error":"no such path"}\n');
  const stranger = await serve(200, "<html>");
  site.onEnd(() => void [older, stranger].map(({ server }) => server.close()));
  const unknown = await run(compiled(), ["inspect", "topology", "--control", older.address]);
  assertEquals([unknown.code, unknown.stdout], [1, ""]);
  assertMatch(unknown.stderr, /^p2p: the node at \S+ does not know \/v1\/topology: it is of another version [^\n]*\n$/);
  const other = await run(compiled(), ["inspect", "--control", stranger.address]);
  assertEquals([other.code, other.stdout], [4, ""]);
  assertStringIncludes(other.stderr, "is no p2p node");
});

siteTest("inspect peers: a node that tells less than ours shows what it tells", async (site) => {
  const older = await serve(200, '[{"id":7,"address":"192.0.2.1:8333"}]\n');
  site.onEnd(() => void older.server.close());
  const { code, stdout } = await run(compiled(), ["inspect", "peers", "--control", older.address, "--sort", "ping"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^ 7 {2}192\.0\.2\.1:8333 +-/m);
});

siteTest("inspect chain --tips: every branch once, with the hash at its end", async (site) => {
  const [best, header, fork] = ["aa", "bb", "cc"].map((byte) => byte.repeat(32)) as [string, string, string];
  const show = async (bestHeaderHash: string) => {
    const forks = [{ height: 4, hash: fork, length: 3, complete: false }];
    const chain = { height: 2, bestHash: best, headers: 4, bestHeaderHash, forks };
    const { server, address } = await serve(200, JSON.stringify(chain));
    site.onEnd(() => void server.close());
    const { stdout } = await run(compiled(), ["inspect", "chain", "--tips", "--json", "--control", address]);
    return JSON.parse(stdout).map((
      { status, height, length, hash }: Record<string, unknown>,
    ) => [status, height, length, hash]);
  };
  const others = [["active", 2, 0, best], ["fork, headers only", 4, 3, fork]];
  assertEquals(await show(header), [["headers", 4, 2, header], ...others]);
  assertEquals(await show(fork), others);
});

siteTest("inspect: an answer of another form gets one clear line, whatever is asked", async (site) => {
  const views = ["peers", "chain --tips", "doctor", "health", "topology", "topology --dot", "addrs", "bans"];
  views.push("offenders", "channels", "balancing", "--live --count 1");
  const { server, address } = await serve(200, "{}\n");
  site.onEnd(() => void server.close());
  await Promise.all(views.map(async (view) => {
    const { code, stderr } = await run(compiled(), ["inspect", ...view.split(" "), "--control", address]);
    assertEquals(code, 1, `${view}: ${stderr}`);
    assertMatch(stderr, /^p2p: the node at \S+ answers \/v1\/\S+ in another form: [^\n]*\n$/);
  }));
}, NEEDS_SOCKETS);

siteTest("inspect ready: waits until the node has caught up, and says so", async (site) => {
  let answers = 0;
  const server = createServer((_, response) => {
    const isReady = ++answers > 2;
    const body = JSON.stringify({ ok: isReady, checks: { synced: isReady } });
    response.writeHead(isReady ? 200 : 503, { connection: "close" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  site.onEnd(() => void server.close());
  const { port } = server.address() as { port: number };
  const ready = ["inspect", "ready", "--control", `127.0.0.1:${port}`];
  const early = await run(compiled(), ready);
  assertEquals([early.code, early.stdout], [1, "ok             false\nchecks.synced  false\n"]);
  const later = await run(compiled(), [...ready, "--wait", "30s", "--json"]);
  assertEquals([later.code, later.stdout], [0, '{"ok":true,"checks":{"synced":true}}\n']);
  assertEquals(answers, 3);
});

async function serve(status: number, body: string): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((_, response) => response.writeHead(status, { connection: "close" }).end(body));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return { server, address: `127.0.0.1:${address.port}` };
}
