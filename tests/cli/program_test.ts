import { join } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled, fromSource } from "../support/binary.ts";
import { type Command, run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";

const RUNTIMES: Readonly<Record<string, () => Command>> = {
  binary: compiled,
  bun: () => fromSource("bun"),
  deno: () => fromSource("deno"),
  node: () => fromSource("node"),
};
/** More than any of them hands to a pipe at once. */
const LARGE_OUTPUT = 500_000;
const HEADERS = 2000;

for (const [name, command] of Object.entries(RUNTIMES)) {
  siteTest(`program on ${name}: a long result reaches a pipe whole`, async (site) => {
    const node = await site.node({ args: ["--import", site.file("main.blk", testChain().mainFile)] });
    const words = ["connect", node.endpoint, "--network", "regtest", "--send", "getheaders", "--expect", "headers"];
    const { code, stdout, stderr } = await run(command(), [...words, "--json"]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.length > LARGE_OUTPUT, true);
    const { messages } = JSON.parse(stdout) as { messages: { type: string; headers?: unknown[] }[] };
    assertEquals(messages.find(({ type }) => type === "headers")?.headers?.length, HEADERS);
  });
}

for (const [name, command] of Object.entries(RUNTIMES)) {
  siteTest(`bench sync on ${name}: measures with processes of its own`, async () => {
    const words = ["bench", "sync", "--network", "regtest", "--count", "50", "--json"];
    const { code, stdout, stderr } = await run(command(), words);
    // On a busy machine it takes so long that it says how far it is.
    assertEquals([code, stderr.replaceAll(/^bench \d+% .*\n/gm, "")], [0, ""]);
    const { blocks, roundsMs, blocksPerSecond } = JSON.parse(stdout);
    assertEquals([blocks, roundsMs.length, blocksPerSecond > 0], [50, 3, true]);
  });
}

siteTest("inspect: shows a running node as tables and as JSON, and says what it has not", async (site) => {
  const dataDir = site.directory();
  const node = await site.node({ dataDir, args: ["--control", join(dataDir, "p2p.sock")] });
  await site.node({ args: ["--connect", node.endpoint] });
  await node.program.line(/peer connected/);
  const inspect = (...words: readonly string[]) =>
    run(compiled(), ["inspect", ...words, "--data-dir", node.dataDir, "--network", "regtest"]);
  const summary = await inspect();
  assertEquals([summary.code, summary.stderr], [0, ""]);
  assertMatch(summary.stdout, /^version +\d+\.\d+\.\d+$/m);
  assertMatch((await inspect("peers")).stdout, /^ *1 +127\.0\.0\.1:\d+ +inbound /m);
  const { stdout } = await inspect("block", "0", "--json");
  assertEquals(JSON.parse(stdout).height, 0);
  const missing = await inspect("peer", "99");
  assertEquals([missing.code, missing.stdout], [1, ""]);
  assertStringIncludes(missing.stderr, "no peer 99");
});

siteTest("inspect: connects, bans, unbans and disconnects", async (site) => {
  const withToken = ["--control-token-file", site.file("token", "a-token-of-some-length\n")];
  const [node, other] = [await site.node({ args: withToken }), await site.node({})];
  const control = ["--control", node.control];
  const inspect = (...words: readonly string[]) => run(compiled(), ["inspect", ...words, ...control, ...withToken]);
  const forgotten = await run(compiled(), ["inspect", "connect", other.endpoint, ...control]);
  assertEquals(forgotten.code, 1);
  assertStringIncludes(forgotten.stderr, "the node answers 401: the token of --control-token-file is needed");
  const connected = await inspect("connect", other.endpoint, "--json");
  assertEquals([connected.code, connected.stderr], [0, ""]);
  const { id, kind } = JSON.parse(connected.stdout);
  assertEquals(kind, "manual");
  assertEquals((await inspect("disconnect", String(id))).code, 0);
  const again = await inspect("disconnect", "99");
  assertEquals([again.code, again.stderr], [1, "p2p: the node answers 404: no peer 99\n"]);
  assertEquals((await inspect("ban", "127.0.0.0/8", "--for", "2h", "--reason", "a test")).code, 0);
  assertMatch((await inspect("bans")).stdout, /^127\.0\.0\.0\/8 +2h +a test$/m);
  const refused = await inspect("connect", other.endpoint);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "p2p inspect unban");
  assertEquals((await inspect("unban", "127.0.0.0/8")).code, 0);
  assertEquals((await inspect("connect", other.endpoint)).code, 0);
  assertEquals((await inspect("peers", "--for", "2h")).code, 2);
});

siteTest("inspect: exits 3 where no node is running, 2 for what there is not", async (site) => {
  const absent = await run(compiled(), ["inspect", "--data-dir", site.directory()]);
  assertEquals([absent.code, absent.stdout], [3, ""]);
  assertStringIncludes(absent.stderr, "no node answers");
  const lacking = await run(compiled(), ["inspect", "docter"]);
  assertEquals([lacking.code, lacking.stdout], [2, ""]);
  assertStringIncludes(lacking.stderr, "did you mean doctor?");
});

siteTest(
  "node: --print-config tells each setting's source, and a wrong file is refused with its line",
  async (site) => {
    const config = site.file("config.toml", 'network = "regtest"\nmax-inbound = 5\n[regtest]\nmax-inbound = 7\n');
    const env = { P2P_MAX_OUTBOUND: "3" };
    const words = ["node", "--config", config, "--print-config", "--prune", "2GiB"];
    const { code, stdout } = await run(compiled(), words, { env });
    assertEquals(code, 0);
    for (
      const line of [
        `network = "regtest"  # ${config}:1`,
        `max-inbound = 7  # ${config}:4`,
        "max-outbound = 3  # P2P_MAX_OUTBOUND",
        'prune = "2GiB"  # --prune',
        "seed = false  # default",
      ]
    ) assertStringIncludes(stdout, `${line}\n`);
    const wrong = site.file("wrong.toml", "\nmax-inbond = 5\n");
    const refused = await run(compiled(), ["node", "--config", wrong]);
    assertEquals(refused.code, 2);
    assertEquals(refused.stderr, `p2p: ${wrong}:2: unknown key "max-inbond" (did you mean max-inbound?)\n`);
  },
);

siteTest("node: capacities of a configuration do no harm where there is one queue for all", async (site) => {
  const config = site.file("config.toml", 'channels = "single"\nchannel-capacity = ["data=9"]\n');
  const node = await site.node({ args: ["--config", config] });
  assertEquals((await node.stop()).code, 0);
});

siteTest("node: a network of its own from a file, which the line to join names", async (site) => {
  const file = site.file(
    "mine.toml",
    'name = "mine"\nmagic = 0x01020304\nport = 40000\n[genesis]\ntime = 1700000000\nmessage = "hello"\n',
  );
  const node = await site.node({ network: file, args: ["--mine", "1"] });
  assertStringIncludes(node.log, `p2p node --network ${file} --join ${node.endpoint}`);
  const other = await site.node({ network: file, args: ["--connect", node.endpoint] });
  await other.chainUntil("a block", ({ height }) => height >= 1);
  const wrong = site.file("wrong.toml", 'name = "mine"\nmagic = "x"\n');
  const refused = await run(compiled(), ["node", "--network", wrong]);
  assertEquals(refused.code, 2);
  assertMatch(refused.stderr, /wrong\.toml: .*magic/);
});

siteTest("node: SIGINT and SIGTERM end it with 0", async (site) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const node = await site.node();
    assertEquals(await node.stop(signal), { code: 0, signal: null });
  }
});
