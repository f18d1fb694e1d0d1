import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { encodeBlockFile, makeBranch, REGTEST_GENESIS } from "../support/made_chain.ts";
import { run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";
import { boastingPeer, floodingPeer, lyingPeer, slowPeer } from "../support/troublemakers.ts";
import { poll } from "../support/wait.ts";

/** More than an honest peer needs for a pong on a busy machine. */
const LATE_MS = 2_000;

siteTest("trouble: tables and the doctor tell who is slow, who floods, who boasts, and who lied", async (site) => {
  // No miner: a tip that moved would make the liar's block one that nobody asks for.
  const blocks = [REGTEST_GENESIS, ...makeBranch({ count: 5 })];
  const node = await site.node({ args: ["--import", site.file("chain.blk", encodeBlockFile(blocks))] });
  const { port } = node;
  const peers = [
    await slowPeer({ port, from: "127.0.0.2" }, { lateMs: LATE_MS }),
    await floodingPeer({ port, from: "127.0.0.3" }),
    await boastingPeer({ port, from: "127.0.0.4" }),
  ];
  site.onEnd(() => peers.forEach((peer) => peer.close()));
  const { height } = await node.chain();
  const { body } = await node.request(`/v1/blocks/${height}?raw=1`);
  await lyingPeer({ port, from: "127.0.0.5" }, Buffer.from(body.trim(), "hex"));

  const inspect = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await run(compiled(), ["inspect", ...words, "--control", node.control]);
    assertEquals([code, stderr], [0, ""]);
    return stdout.trim().split("\n").slice(1).map((line) => line.trim());
  };
  const agents = ["peers", "--columns", "agent", "--filter"] as const;
  const isSlow = () => inspect(...agents, `ping>=${LATE_MS}`);
  assertEquals(await poll("the late pong", isSlow, (found) => found.length > 0), ["/slow:1/"]);
  const floods = () => inspect(...agents, "msg-in>500");
  assertEquals(await poll("the flood's rate", floods, (found) => found.length > 0), ["/flood:1/"]);
  assertEquals(await inspect(...agents, "claims>1000"), ["/boast:1/"]);
  assertEquals(await inspect("offenders", "--columns", "address,fault,score"), ["127.0.0.5  bad-block    100"]);
  const diagnose = async () => (await inspect("doctor")).filter((line) => line.startsWith("warning"));
  const says = [
    /\(127\.0\.0\.3:\d+\) floods/,
    /127\.0\.0\.5 breaks rules, and was thrown out/,
    /\(127\.0\.0\.2:\d+\) is slow/,
  ];
  const isComplete = (lines: readonly string[]) => says.every((text) => lines.some((line) => text.test(line)));
  await poll("what the doctor says", diagnose, isComplete);
});
