import process from "node:process";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled, END_TO_END, type TestOptions } from "../../support/binary.ts";
import { run } from "../../support/program.ts";
import { ON_TERMINAL, Pty } from "../../support/pty.ts";
import { RawPeer } from "../../support/raw_peer.ts";
import { siteTest } from "../../support/site.ts";

const OPTIONS: TestOptions = { ...END_TO_END, skip: END_TO_END.skip || ON_TERMINAL.skip };
const LEAVE = "\x1b[?1049l";

function live(control: string, env: Readonly<Record<string, string>> = {}): Pty {
  const words = ["inspect", "peers", "--live", "--interval", "50ms", "--control", control];
  return new Pty(compiled(), words, { columns: 100, rows: 24, env });
}

siteTest("inspect --live: a screen with keys, in the compiled program", async (site) => {
  const node = await site.node();
  for (const userAgent of ["/first\x1b[2J:1/", "/second:1/"]) {
    const peer = await RawPeer.dial(node.port);
    site.onEnd(() => peer.close());
    await peer.shakeHands({ userAgent });
  }
  const pty = live(node.control);
  site.onEnd(() => pty.cleanUp());
  await pty.shows(/\/first\\x1b\[2J:1\//);
  let from = pty.output.length;
  pty.type("/agent~second\r");
  await pty.shows(/1 peers of 2 with agent~second/, from);
  from = pty.output.length;
  pty.type("?");
  await pty.shows(/sort by the next column/, from);
  from = pty.output.length;
  pty.type("?p");
  await pty.shows(/paused/, from);
  from = pty.output.length;
  pty.type("p");
  await node.stop();
  await pty.shows(/no answer since \d\d:\d\d:\d\d/, from);
  pty.type("q");
  assertEquals(await pty.ended(), 0);
  assert(pty.output.trimEnd().endsWith(LEAVE));
}, OPTIONS);

siteTest("inspect --live: Ctrl-C and SIGTERM give the terminal back, without colours if so told", async (site) => {
  const node = await site.node();
  const pty = live(node.control, { NO_COLOR: "1" });
  site.onEnd(() => pty.cleanUp());
  await pty.shows(/regtest, bitcoin wire/);
  pty.type("\x03");
  assertEquals(await pty.ended(), 130);
  assertStringIncludes(pty.output, LEAVE);
  // deno-lint-ignore no-control-regex
  assertEquals(/\x1b\[[1-9]\d*m/.test(pty.output), false);
  const other = live(node.control);
  site.onEnd(() => other.cleanUp());
  await other.shows(/regtest, bitcoin wire/);
  process.kill(other.pid, "SIGTERM");
  assertEquals(await other.ended(), 143);
  assertStringIncludes(other.output, LEAVE);
}, OPTIONS);

siteTest("inspect --live: tables again and again where nobody watches", async (site) => {
  const node = await site.node();
  const words = ["inspect", "--live", "--interval", "20ms", "--count", "3", "--control", node.control];
  const { code, stdout, stderr } = await run(compiled(), words);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    stdout.match(/^\d\d:\d\d:\d\d, regtest up .*, block 0 of 0, 0 peers, in 0 B\/s out 0 B\/s, /gm)?.length,
    3,
  );
  assertEquals(stdout.includes("\x1b"), false);
  const useless = await run(compiled(), ["inspect", "peers", "--interval", "1s", "--control", node.control]);
  assertEquals([useless.code, useless.stderr], [2, "p2p: --interval goes with --live only\n"]);
  const absent = await run(compiled(), ["inspect", "--live", "--data-dir", site.directory()]);
  assertEquals(absent.code, 3);
  assertMatch(absent.stderr, /no node answers/);
});
