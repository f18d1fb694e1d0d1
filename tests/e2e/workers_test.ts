import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { compiled, END_TO_END } from "../support/binary.ts";
import type { P2pNode, PeerState } from "../support/p2p_node.ts";
import { run } from "../support/program.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { type Site, siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";
import { soonEnough } from "../support/wait.ts";

interface Overview {
  readonly peers: { readonly inbound: number };
  readonly shards?: readonly { readonly id: number; readonly state: string; readonly peers: number }[];
}

interface ShardedPeer extends PeerState {
  readonly shard: number | null;
}

/** As many as the requirement names. */
const PEERS = 100;
const STOP_MS = 1_000;

siteTest("workers: a chain goes through the threads of two nodes, and both say who is where", async (site) => {
  const { mainFile, mainTip } = testChain();
  const source = await site.node({ args: ["--workers", "2", "--import", site.file("chain.dat", mainFile)] });
  const follower = await site.node({ args: ["--workers", "2", "--connect", source.endpoint] });
  await follower.reaches(mainTip);
  const { shards } = await source.get<Overview>("/v1/node");
  assertEquals(shards?.map(({ id, state }) => [id, state]), [[0, "running"], [1, "running"]]);
  const [peer] = await follower.get<readonly ShardedPeer[]>("/v1/peers");
  assert(peer && peer.shard !== null && peer.shard < 2);
  const columns = async (...words: readonly string[]) => {
    const { stdout } = await run(compiled(), ["inspect", "peers", ...words, "--control", follower.control]);
    return stdout.split("\n").map((line) => line.trim());
  };
  assertEquals(await columns("--columns", "shard"), ["shard", String(peer.shard), ""]);
  assertMatch((await columns())[0]!, /\bshard\b/);
});

siteTest("workers: a hundred peers are spread over two threads", async (site) => {
  const node = await crowded(site);
  const { peers, shards } = await node.get<Overview>("/v1/node");
  assertEquals(peers.inbound, PEERS);
  for (const shard of shards!) assert(shard.peers > 0, JSON.stringify(shards));
  const { stdout } = await run(compiled(), ["inspect", "shards", "--control", node.control]);
  assertMatch(stdout, new RegExp(`^ *0 +running +${shards![0]!.peers} `, "m"));
  const { body: metrics } = await node.request("/metrics");
  for (const { id, peers } of shards!) {
    assertMatch(metrics, new RegExp(`^p2p_shard_peers\\{shard="${id}"\\} ${peers}$`, "m"));
  }
});

siteTest("workers: a signal ends two threads and their hundred peers in a second", async (site) => {
  await soonEnough("a clean stop", STOP_MS, async () => {
    const node = await crowded(site);
    const before = performance.now();
    assertEquals(await node.stop(), { code: 0, signal: null });
    return performance.now() - before;
  });
});

test(
  "workers: a number that makes no sense is refused in one line",
  END_TO_END,
  async () => {
    const cases: readonly (readonly [args: readonly string[], complaint: RegExp])[] = [
      [["--workers", "0"], /--workers.*must be a whole number from 1 to 64.*0/],
      [["--workers", "1000"], /--workers.*must be a whole number from 1 to 64.*1000/],
      [["--workers", "many"], /--workers.*must be a whole number from 1 to 64.*many/],
    ];
    const { stdout: help } = await run(compiled(), ["node", "--help"]);
    assertMatch(help, /--workers N .*threads of their own/);
    for (const [args, complaint] of cases) {
      const { code, stderr, stdout } = await run(compiled(), ["node", ...args]);
      assertEquals([code, stdout], [2, ""]);
      assertMatch(stderr.split("\n")[0]!, complaint);
    }
  },
);

/** A node of two threads with a hundred peers, all of which it has answered. */
async function crowded(site: Site): Promise<P2pNode> {
  const node = await site.node({ args: ["--workers", "2", "--max-inbound", String(PEERS)] });
  await Promise.all(Array.from({ length: PEERS }, async () => {
    const peer = await RawPeer.dial(node.port);
    site.onEnd(() => peer.close());
    await peer.shakeHands();
    await peer.ping();
  }));
  return node;
}
