import { createServer } from "node:http";
import { once } from "node:events";
import { assertEquals, assertMatch } from "@std/assert";
import type { Diagnosis } from "../../../src/doctor/diagnosis.ts";
import { compiled } from "../../support/binary.ts";
import { run } from "../../support/program.ts";
import { RawPeer } from "../../support/raw_peer.ts";
import { type Site, siteTest } from "../../support/site.ts";

/** The port of a node that answers every question with this diagnosis. */
async function serve(site: Site, diagnosis: Partial<Diagnosis>): Promise<number> {
  const server = createServer((_, response) => response.end(JSON.stringify(diagnosis)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  site.onEnd(() => void server.close());
  return (server.address() as { port: number }).port;
}

siteTest(
  "inspect doctor: says what is seen, the numbers behind it, and what to do; a problem is exit 1",
  async (site) => {
    const node = await site.node();
    const inspect = (...words: readonly string[]) => run(compiled(), ["inspect", ...words, "--control", node.control]);
    const lonely = await inspect("doctor");
    assertEquals([lonely.code, lonely.stderr], [1, ""]);
    assertMatch(
      lonely.stdout,
      /^problem +nobody is connected\n {9}handshaking 0, max outbound 10\n {9}→ name a node /m,
    );
    const peer = await RawPeer.dial(node.port);
    site.onEnd(() => peer.close());
    await peer.shakeHands();
    // Whoever asks within a second gets the same answer.
    const joined = await inspect("doctor", "--json");
    const { findings } = JSON.parse(joined.stdout) as Diagnosis;
    assertEquals(findings.every(({ text, evidence }) => text !== "" && Object.keys(evidence).length > 0), true);
    const health = await inspect("health");
    assertEquals([health.code, health.stderr], [0, ""]);
    assertMatch(health.stdout, /^what +now +limit +state\nchannel lag +\S.* 1 % +(ok|unknown)\n/);
  },
);

siteTest("inspect health: exit 1 where a threshold is crossed, with the numbers in their units", async (site) => {
  const port = await serve(site, {
    healthy: false,
    windowSeconds: 60,
    health: [
      { name: "channel lag", value: 0.0234, limit: 0.01, unit: "share", state: "bad" },
      { name: "memory of the largest peer", value: 1_048_576, limit: 10_485_760, unit: "bytes", state: "ok" },
      { name: "peer churn", value: null, limit: 0.05, unit: "share/h", state: "unknown" },
    ],
    findings: [],
  });
  const { code, stdout } = await run(compiled(), ["inspect", "health", "--control", `127.0.0.1:${port}`]);
  assertEquals([code, stdout.split("\n").map((line) => line.split(/ {2,}/))], [1, [
    ["what", "now", "limit", "state"],
    ["channel lag", "2.34 %", "1 %", "bad"],
    ["memory of the largest peer", "1.0 MiB", "10 MiB", "ok"],
    ["peer churn", "-", "5 %/h", "unknown"],
    [""],
  ]]);
});

siteTest("inspect doctor: text of a peer cannot act on the terminal", async (site) => {
  const port = await serve(site, {
    windowSeconds: 60,
    findings: [{
      id: "slow",
      level: "warning",
      peer: 1,
      text: "peer 1 (\x1b[2J) is slow",
      evidence: { address: "\x1b]0;owned\x07" },
      advice: "p2p inspect disconnect 1",
      change: null,
    }],
  });
  const { code, stdout } = await run(compiled(), ["inspect", "doctor", "--control", `127.0.0.1:${port}`]);
  assertEquals(code, 0);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x09\x0b-\x1f\x7f]/.test(stdout), false);
});
