import { assertEquals, assertMatch } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { Btcd, NEEDS_BTCD } from "../support/btcd.ts";
import { run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";

siteTest("inspect remote: what btcd negotiates, as its own source says", async (site) => {
  const btcd = await Btcd.start({ directory: site.directory() });
  site.onEnd(() => btcd.stop());
  const { code, stdout, stderr } = await run(compiled(), [
    "inspect",
    "remote",
    btcd.endpoint,
    "--network",
    "regtest",
    "--json",
  ]);
  assertEquals(code, 0, stderr);
  const { userAgent, services, height, pingMs, features } = JSON.parse(stdout);
  assertMatch(userAgent, /\/btcd:0\.26/);
  assertEquals([services.includes("COMPACT_FILTERS"), height, pingMs.count], [true, 0, 5]);
  const { sendaddrv2, wtxidrelay, sendcmpct, applications } = features;
  assertEquals({ sendaddrv2, wtxidrelay, sendcmpct, applications }, {
    sendaddrv2: true,
    wtxidrelay: false,
    sendcmpct: [],
    applications: false,
  });
}, NEEDS_BTCD);
