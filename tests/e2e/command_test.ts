import { test } from "node:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled, END_TO_END } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { listenRaw } from "../support/raw_peer.ts";
import { siteTest } from "../support/site.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const COMMANDS = ["node", "connect", "inspect"];

test("p2p: prints its version first", END_TO_END, async () => {
  for (const flag of ["-V", "--version"]) {
    const { code, stdout, stderr } = await p2p(flag);
    assertEquals([code, stdout.split("\n")[0], stderr], [0, `p2p ${version}`, ""]);
  }
});

test("p2p: a command's --version does not run the command", END_TO_END, async () => {
  const { code, stdout } = await p2p("node", "--version");
  assertEquals([code, stdout.split("\n")[0]], [0, `p2p ${version}`]);
});

test("p2p: without a word it prints help and exits 2", END_TO_END, async () => {
  const { code, stdout, stderr } = await p2p();
  assertEquals(code, 2);
  for (const command of COMMANDS) assertStringIncludes(`${stdout}${stderr}`, command);
});

test("p2p: help goes to stdout, for the whole and for each command", END_TO_END, async () => {
  for (const words of [[], ...COMMANDS.map((command) => [command])]) {
    const { code, stdout, stderr } = await p2p(...words, "--help");
    assertEquals([code, stderr], [0, ""], words.join(" "));
    assertStringIncludes(stdout, "p2p");
  }
});

test("p2p: help of node names its exit codes and environment", END_TO_END, async () => {
  const { stdout } = await p2p("node", "-h");
  for (const word of ["--connect", "--data-dir", "--import", "P2P_", "Exit"]) assertStringIncludes(stdout, word);
});

/** What is wrong, and what the one line about it has to say. */
const WRONG: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [["nod"], /node/],
  [["node", "--conect", "127.0.0.1:1"], /--connect/],
  [["node", "--connect"], /--connect/],
  [["node", "--connect", "127.0.0.1:99999"], /99999/],
  [["node", "--max-inbound", "many"], /many/],
  [["node", "--max-inbound", "-5"], /-5/],
  [["node", "--network", "nowhere"], /nowhere/],
  [["node", "--seed", "127.0.0.1:18444"], /--join 127\.0\.0\.1:18444|--join HOST:PORT/],
  [["connect"], /HOST:PORT/],
];

for (const [words, says] of WRONG) {
  test(`p2p ${words.join(" ")}: wrong usage, exit 2`, END_TO_END, async () => {
    const { code, stdout, stderr } = await p2p(...words);
    assertEquals([code, stdout], [2, ""], stderr);
    assertMatch(stderr, says);
  });
}

test("p2p connect: exits 3 where nobody listens", END_TO_END, async () => {
  const port = await freePort();
  const { code, stderr } = await p2p("connect", `127.0.0.1:${port}`, "--network", "regtest", "--timeout", "5s");
  assertEquals(code, 3, stderr);
  assertStringIncludes(stderr, `${port}`);
});

siteTest("p2p connect: exits 4 where the other end does not speak the protocol", async (site) => {
  const liar = await listenRaw((peer) => peer.sendBytes(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")));
  site.onEnd(() => liar.close());
  const { code, stderr } = await p2p("connect", `127.0.0.1:${liar.port}`, "--network", "regtest", "--timeout", "5s");
  assertEquals(code, 4, stderr);
});

siteTest("p2p connect: tells who is there, and exits 1 where an expectation is not met", async (site) => {
  const node = await site.node();
  const target = ["connect", node.endpoint, "--network", "regtest"];
  const met = await p2p(...target, "--send", "ping", "--expect", "pong", "--json");
  assertEquals(met.code, 0, met.stderr);
  assertStringIncludes(met.stdout, "NETWORK");
  JSON.parse(met.stdout);
  const unmet = await p2p(...target, "--expect", "block", "--timeout", "1s");
  assertEquals(unmet.code, 1, unmet.stderr);
});

siteTest("p2p connect: what one says on a topic, another hears by way of two nodes", async (site) => {
  const first = await site.node({ network: "p2p", args: ["--topic", "chat"] });
  const second = await site.node({ network: "p2p", args: ["--topic", "chat", "--connect", first.endpoint] });
  const hearing = p2p(
    "connect",
    second.endpoint,
    "--send",
    "subscribe chat",
    "--expect",
    "publish",
    "--timeout",
    "30s",
  );
  let isHeard = false;
  const heard = hearing.then((result) => {
    isHeard = true;
    return result;
  });
  // Who listens is there at some time: what is said before is said again.
  while (!isHeard) {
    const said = await p2p("connect", first.endpoint, "--send", "topic:chat=hello everybody");
    assertEquals(said.code, 0, said.stderr);
  }
  const { code, stdout, stderr } = await heard;
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /publish topic=chat id=\d+ text=hello everybody/);
});

siteTest("p2p connect: a request that nobody answers is refused, exit 1", async (site) => {
  const node = await site.node({ network: "p2p" });
  const { code, stdout, stderr } = await p2p("connect", node.endpoint, "--send", "request:echo=hi", "--send", "app:hi");
  assertEquals(code, 1, stderr);
  assertMatch(stdout, /response id=1 status=no-method/);
  assertStringIncludes(stderr, "the answer was no-method");
});

async function p2p(...words: readonly string[]) {
  return await run(compiled(), words);
}

/** A port that nobody listens on: one that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return address.port;
}
