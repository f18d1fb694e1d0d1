import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { BINARY, compiled, END_TO_END, type TestOptions } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";
import { poll, within } from "../support/wait.ts";

const UNIT = fileURLToPath(new URL("../../docs/systemd/p2p.service", import.meta.url));
/** No runtime of ours can listen for unix datagrams, so Python stands for systemd. */
const MANAGER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    for line in s.recv(4096).decode().splitlines():
        print(line, flush=True)
`;

function has(file: string, ...words: readonly string[]): boolean {
  return spawnSync(file, words, { stdio: "ignore" }).status === 0;
}

const WITH_SYSTEMD: TestOptions = {
  ...END_TO_END,
  skip: END_TO_END.skip ||
    (has("systemd-notify", "--version") && has("python3", "--version") ? false : "no systemd-notify or Python here"),
};

siteTest("node --ready-file: there with the addresses while it listens, and gone afterwards", async (site) => {
  const path = join(site.directory(), "ready.json");
  const node = await site.node({ args: ["--ready-file", path] });
  // It comes after the lines for people.
  await poll("the file", () => Promise.resolve(existsSync(path)), (isThere) => isThere);
  const ready = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  assertEquals(ready, {
    pid: node.pid,
    version: ready["version"],
    network: "regtest",
    listen: [node.endpoint],
    control: node.control,
    dataDir: node.dataDir,
  });
  assertEquals((await node.stop()).code, 0);
  assertFalse(existsSync(path));
});

siteTest("node --ready-file: what a crash left behind is gone before the node is ready", async (site) => {
  const path = join(site.directory(), "ready.json");
  writeFileSync(path, "{}");
  const { control } = await site.node();
  const words = ["node", "--network", "regtest", "--data-dir", site.directory(), "--no-listen", "--no-discover"];
  const { code } = await run(compiled(), [...words, "--control", control, "--ready-file", path]);
  assertEquals([code, existsSync(path)], [1, false]);
}, END_TO_END);

siteTest("node: the service manager hears that it serves, and that it ends", async (site) => {
  const path = join(site.directory(), "notify");
  const manager = spawn("python3", ["-c", MANAGER, path], { stdio: ["ignore", "pipe", "inherit"] });
  site.onEnd(() => void manager.kill());
  const lines = createInterface({ input: manager.stdout })[Symbol.asyncIterator]();
  const next = async () => (await within("a word to the manager", lines.next())).value as string;
  assertEquals(await next(), "bound");
  const node = await site.node({ env: { NOTIFY_SOCKET: path } });
  const heard: string[] = [];
  while (!heard.includes("READY=1") || !heard.some((line) => line.startsWith("STATUS="))) heard.push(await next());
  assertMatch(heard.find((line) => line.startsWith("STATUS="))!, /^STATUS=regtest, listening on 127\.0\.0\.1:\d+$/);
  assertEquals((await node.stop()).code, 0);
  while (!heard.includes("STOPPING=1")) heard.push(await next());
}, WITH_SYSTEMD);

siteTest("node: goes on where the service manager cannot be told", async (site) => {
  const node = await site.node({ env: { NOTIFY_SOCKET: join(site.directory(), "nobody") } });
  await node.chain();
  await node.program.line(/the service manager was not told: systemd-notify/);
});

const WITH_ANALYZE: TestOptions = {
  ...END_TO_END,
  skip: END_TO_END.skip || (has("systemd-analyze", "--version") ? false : "no systemd-analyze here"),
};

test("the systemd unit: is understood, and gives away little", WITH_ANALYZE, () => {
  const verified = spawnSync("systemd-analyze", ["verify", UNIT], { encoding: "utf8" });
  const complaints = verified.stderr.split("\n").filter((line) => !/^$|is not executable|man p2p\(1\)/.test(line));
  assertEquals(complaints, []);
  const rated = spawnSync("systemd-analyze", ["security", "--offline=true", UNIT], { encoding: "utf8" });
  const exposure = Number(/Overall exposure level for p2p.service: ([\d.]+)/.exec(rated.stdout)?.[1]);
  assert(exposure < 2, rated.stdout.slice(-200));
});

test("the systemd unit: starts the program with flags that it has", END_TO_END, () => {
  const line = /^ExecStart=\S+ (.*)$/m.exec(readFileSync(UNIT, "utf8"))![1]!;
  const words = line.replaceAll(/\$\{\w+\}/g, process.cwd()).split(" ");
  const { status, stderr } = spawnSync(BINARY, [...words, "--print-config"], { encoding: "utf8" });
  assertEquals([status, stderr], [0, ""]);
});
