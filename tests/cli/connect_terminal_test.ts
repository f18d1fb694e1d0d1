import { join } from "node:path";
import { assertEquals, assertMatch } from "@std/assert";
import { compiled, END_TO_END, type TestOptions } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { ON_TERMINAL, Pty } from "../support/pty.ts";
import { siteTest } from "../support/site.ts";

const OPTIONS: TestOptions = { ...END_TO_END, skip: END_TO_END.skip || ON_TERMINAL.skip };

siteTest("connect on a terminal: says in words that the peer cut the connection, and exits 4", async (site) => {
  const dataDir = site.directory();
  const socket = join(dataDir, "p2p.sock");
  const node = await site.node({ dataDir, args: ["--control", socket] });
  const words = ["connect", node.endpoint, "--network", "regtest"];
  const pty = new Pty(compiled(), words, { columns: 200, rows: 24 });
  site.onEnd(() => pty.cleanUp());
  await pty.shows(/0J> /);
  assertEquals((await run(compiled(), ["inspect", "ban", "127.0.0.0/8", "--control", socket])).code, 0);
  assertEquals(await pty.ended(), 4);
  assertMatch(
    pty.output,
    /p2p: the conversation is over: the (remote cut|peer closed) the connection; nodes do so when a message breaks/,
  );
  const refused = await run(compiled(), words);
  assertEquals(refused.code, 4);
  assertMatch(refused.stderr, /before its first word: .* or have banned this address\n$/);
}, OPTIONS);

siteTest("connect on a terminal: who ends it himself exits 0", async (site) => {
  const node = await site.node();
  const pty = new Pty(compiled(), ["connect", node.endpoint, "--network", "regtest"], { columns: 200, rows: 24 });
  site.onEnd(() => pty.cleanUp());
  await pty.shows(/0J> /);
  pty.type("\x04");
  assertEquals(await pty.ended(), 0);
  assertMatch(pty.output, /the conversation is over: closed by you/);
}, OPTIONS);
