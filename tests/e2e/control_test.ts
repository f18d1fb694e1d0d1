import { statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { assertEquals, assertMatch } from "@std/assert";
import { compiled, END_TO_END, type TestOptions } from "../support/binary.ts";
import { ask } from "../support/http.ts";
import { run } from "../support/program.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { siteTest } from "../support/site.ts";

const OWNER_ONLY = 0o600;
const MODE_BITS = 0o777;

const NEEDS_SOCKETS: TestOptions = {
  ...END_TO_END,
  skip: END_TO_END.skip || (process.versions.deno ? "the permissions of deno test -P name no unix socket" : false),
};

siteTest("control: the usual socket is the owner's alone, and answers", async (site) => {
  const dataDir = site.directory();
  const socketPath = join(dataDir, "p2p.sock");
  const node = await site.node({ dataDir, args: ["--control", socketPath] });
  assertEquals(statSync(socketPath).mode & MODE_BITS, OWNER_ONLY);
  const { status, body } = await ask({ socketPath, path: "/v1/node" });
  assertEquals(status, 200);
  const state = JSON.parse(body) as { network: string; listen: readonly string[] };
  assertEquals([state.network, state.listen], ["regtest", [node.endpoint]]);
}, NEEDS_SOCKETS);

siteTest("control: inspect finds the node by its data directory", async (site) => {
  const dataDir = site.directory();
  const node = await site.node({ dataDir, args: ["--control", join(dataDir, "p2p.sock")] });
  const peer = await RawPeer.dial(node.port);
  site.onEnd(() => peer.close());
  await peer.shakeHands({ userAgent: "/guest:1/" });
  const place = ["--network", "regtest", "--data-dir", dataDir];
  const peers = await run(compiled(), ["inspect", "peers", ...place, "--json"]);
  assertEquals(peers.code, 0, peers.stderr);
  const [guest] = JSON.parse(peers.stdout) as readonly { userAgent: string; direction: string }[];
  assertEquals([guest?.userAgent, guest?.direction], ["/guest:1/", "inbound"]);
  const chain = await run(compiled(), ["inspect", "chain", ...place]);
  assertEquals(chain.code, 0, chain.stderr);
  assertMatch(chain.stdout, /0f9188f13cb7b2c7/);
}, NEEDS_SOCKETS);

siteTest("control: inspect exits 3 where no node runs", async (site) => {
  const { code, stderr } = await run(compiled(), ["inspect", "peers", "--data-dir", site.directory()]);
  assertEquals(code, 3, stderr);
});

siteTest("control: a name of the web that resolves to this machine is not served", async (site) => {
  const node = await site.node();
  const port = Number(/^control +\S+:(\d+)$/m.exec(node.log)?.[1]);
  const answer = await ask({ host: "127.0.0.1", port, path: "/v1/peers", headers: { host: `evil.example:${port}` } });
  assertEquals(answer.status, 403);
});

siteTest("control: a port that is taken is said in one line, with what to do", async (site) => {
  const node = await site.node();
  const place = ["--network", "regtest", "--data-dir", site.directory(), "--no-listen", "--no-discover"];
  const { code, stderr } = await run(compiled(), ["node", ...place, "--control", node.control]);
  assertEquals(code, 1);
  const lines = stderr.trimEnd().split("\n").filter((line) => line.startsWith("p2p: "));
  assertEquals(lines.length, 1, stderr);
  assertMatch(lines[0]!, /^p2p: Cannot listen on 127\.0\.0\.1:\d+: .* in use; .*--control HOST:PORT\|PATH/);
});

siteTest("control: a port for peers that is taken is said in one line, with what to do", async (site) => {
  const node = await site.node();
  const place = ["--network", "regtest", "--data-dir", site.directory(), "--no-discover", "--control", "127.0.0.1:0"];
  const { code, stderr } = await run(compiled(), ["node", ...place, "--listen", node.endpoint]);
  assertEquals(code, 1);
  const lines = stderr.trimEnd().split("\n").filter((line) => line.startsWith("p2p: "));
  assertEquals(lines.length, 1, stderr);
  assertMatch(lines[0]!, /^p2p: Cannot listen on 127\.0\.0\.1:\d+: .* in use; .*--listen HOST:PORT.*--no-listen/);
});

siteTest("control: beyond this machine a token is needed, to start and to ask", async (site) => {
  const place = ["--network", "regtest", "--data-dir", site.directory(), "--no-listen", "--no-discover"];
  const refused = await run(compiled(), ["node", ...place, "--control", "0.0.0.0:0"]);
  assertEquals([refused.code, refused.stdout], [2, ""]);
  assertMatch(refused.stderr, /^p2p: --control: .*--control-token-file/);
  const token = "a-token-of-some-length";
  const node = await site.node({ args: ["--control", "0.0.0.0:0", "--control-token-file", site.file("token", token)] });
  const port = Number(/^control +\S+:(\d+)$/m.exec(node.log)?.[1]);
  const at = { host: "127.0.0.1", port, path: "/v1/peers" };
  assertEquals((await ask(at)).status, 401);
  assertEquals((await ask({ ...at, headers: { authorization: `Bearer ${token}` } })).status, 200);
});
