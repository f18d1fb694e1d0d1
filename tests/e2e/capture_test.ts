import { readdirSync, statSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";

async function p2p(...words: readonly string[]) {
  return await run(compiled(), words);
}

siteTest("capture: what a conversation said is in the file, both directions in order", async (site) => {
  const path = `${site.directory()}/talk.pcapng`;
  const node = await site.node();
  const target = ["connect", node.endpoint, "--network", "regtest", "--capture", path];
  const { code, stderr } = await p2p(...target, "--send", "ping 7", "--expect", "pong");
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /captured \d+ frames in /);
  const seen = await p2p("inspect", path, "--filter", "version,verack,ping,pong");
  assertEquals(seen.code, 0, seen.stderr);
  const lines = seen.stdout.split("\n");
  assertMatch(lines[0]!, new RegExp(`→ ${node.endpoint.replaceAll(".", "\\.")} +version `));
  assert(lines.some((line) => / ping .*nonce=7$/.test(line)) && lines.some((line) => / pong .*nonce=7$/.test(line)));
});

siteTest("capture: files are put aside by size, and each opens by itself", async (site) => {
  const folder = site.directory();
  const chain = testChain();
  const source = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const args = ["--connect", source.endpoint, "--capture", `${folder}/net.pcapng`];
  const node = await site.node({ args: [...args, "--capture-size", "1MiB", "--capture-files", "3"] });
  await node.reaches(chain.mainTip);
  assertEquals((await node.stop()).code, 0);
  assertMatch(node.log, /captured \d+ frames in /);
  assertEquals(readdirSync(folder).sort(), ["net.1.pcapng", "net.2.pcapng", "net.pcapng"]);
  for (const name of readdirSync(folder)) {
    assert(statSync(`${folder}/${name}`).size <= 1_048_576 + 1_024);
    const { code, stderr } = await p2p("inspect", `${folder}/${name}`);
    assertEquals([code, stderr], [0, ""]);
  }
});

siteTest("capture: a full disk ends it with a line, and the node goes on", async (site) => {
  if (process.platform !== "linux") return;
  const chain = testChain();
  const source = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const node = await site.node({ args: ["--connect", source.endpoint, "--capture", "/dev/full"] });
  await node.program.line(/the capture has ended, the node goes on: Cannot write \/dev\/full: no space left/);
  await node.reaches(chain.mainTip);
  assertEquals((await node.stop()).code, 0);
  assertMatch(node.log, /captured 0 frames in \/dev\/full; \d+ more are not in it/);
});

siteTest("capture: a place that cannot be written to is refused before the node starts", async (site) => {
  const words = ["node", "--network", "regtest", "--data-dir", site.directory(), "--no-listen", "--no-discover"];
  const { code, stderr } = await p2p(...words, "--capture", "/nowhere/net.pcapng");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Cannot write /nowhere/net.pcapng: no such file");
});

siteTest("inspect FILE: reads a pipe as it reads a file", async () => {
  const frame = "fabfb5da76657261636b000000000000000000005df6e0e2";
  const line = JSON.stringify({ t: 1, dir: ">", hex: frame });
  const shell = { file: "sh", args: ["-c", `printf '%s\\n' "$1" "$1" | "$0" inspect /dev/stdin`] };
  const { code, stdout, stderr } = await run(shell, [compiled().file, line]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^verack +2 /m);
});

siteTest("inspect FILE: ends quietly when its reader does", async (site) => {
  const path = site.file("main.blk", testChain().mainFile);
  const { file } = compiled();
  const shell = { file: "sh", args: ["-c", `"$0" inspect "$1" | head -n 2; echo "\${?}"`] };
  const { stdout, stderr } = await run(shell, [file, path]);
  assertEquals([stdout.trim().split("\n").length, stderr], [3, ""]);
});
