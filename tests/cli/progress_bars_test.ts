import { join } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled, END_TO_END } from "../support/binary.ts";
import { ON_TERMINAL, Pty } from "../support/pty.ts";
import { siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";

const SCREEN = { columns: 100, rows: 30 };

siteTest("node: import, export and sync show how far they are on a terminal", async (site) => {
  const place = ["node", "--network", "regtest", "--no-discover", "--control", "127.0.0.1:0"];
  const importing = [...place, "--data-dir", site.directory(), "--import", site.file("main.blk", testChain().mainFile)];
  const file = join(site.directory(), "out.blk");
  const exporter = new Pty(compiled(), [...importing, "--export", file], SCREEN);
  site.onEnd(() => exporter.cleanUp());
  assertEquals(await exporter.ended(), 0);
  assertMatch(exporter.output, /import █+ 100% \d+\/\d+ MiB/);
  assertMatch(exporter.output, /export █+ 100% 2100\/2100 blocks/);
  const source = await site.node({ args: ["--import", file] });
  const sink = new Pty(compiled(), [...place, "--data-dir", site.directory(), "--connect", source.endpoint], SCREEN);
  site.onEnd(() => sink.cleanUp());
  await sink.shows(/synced to block 2100 /);
  assertMatch(sink.output, /sync [█░]+ \d+% \d+\/2100 blocks/);
  assertStringIncludes(sink.output, testChain().mainTip);
  sink.type("\x03");
  assertEquals(await sink.ended(), 0);
}, { ...END_TO_END, skip: END_TO_END.skip || ON_TERMINAL.skip });
