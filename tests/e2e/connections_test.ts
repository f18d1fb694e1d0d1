import { Buffer } from "node:buffer";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { END_TO_END, type TestOptions } from "../support/binary.ts";
import type { P2pNode } from "../support/p2p_node.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { siteTest } from "../support/site.ts";
import { poll, within } from "../support/wait.ts";

interface Overview {
  readonly peers: { readonly inbound: number };
  readonly refused: { readonly full: number };
  readonly evicted: number;
}

interface Pinged {
  readonly address: string;
  readonly pingMs: { readonly last: number | null };
}

/** Dials under way at a time: more than a backlog holds would measure retries. */
const PARALLEL = 50;

const LINUX: TestOptions = process.platform === "linux" || END_TO_END.skip !== false
  ? END_TO_END
  : { ...END_TO_END, skip: "only Linux has all of 127.0.0.0/8 for itself" };

/** Runs `act` for 0 to count − 1, some at a time. */
async function inBatches<T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < count; from += PARALLEL) {
    const batch = Array.from({ length: Math.min(PARALLEL, count - from) }, (_, i) => act(from + i));
    results.push(...await Promise.all(batch));
  }
  return results;
}

async function enter(node: P2pNode, localAddress: string): Promise<RawPeer> {
  const peer = await RawPeer.dialFrom(localAddress, node.port);
  await peer.shakeHands();
  peer.listen(({ command, payload }) => command === "ping" && peer.send("pong", payload));
  return peer;
}

siteTest("connections: a thousand are held, each of them pinging and pinged", async (site) => {
  const node = await site.node({ args: ["--max-inbound", "1000"] });
  const peers = await inBatches(1000, async () => {
    const peer = await RawPeer.dial(node.port);
    site.onEnd(() => peer.close());
    await peer.shakeHands();
    const answered = Promise.withResolvers<void>();
    // Before anything else, for the node may ping first.
    peer.listen(({ command, payload }) => {
      if (command === "ping") peer.send("pong", payload);
      if (command === "pong") answered.resolve();
    });
    peer.send("ping", Buffer.alloc(8));
    await within("a pong", answered.promise);
    return peer;
  });
  const pinged = (all: readonly Pinged[]) => all.length === 1000 && all.every(({ pingMs }) => pingMs.last !== null);
  await poll("a ping of each", () => node.get<readonly Pinged[]>("/v1/peers"), pinged);
  assertEquals(peers.filter(({ socket }) => socket.destroyed).length, 0);
});

siteTest("connections: ten honest peers outlive 5,000 connections from one group to a full table", async (site) => {
  const node = await site.node({ args: ["--max-inbound", "60"] });
  const honest = await inBatches(10, (i) => enter(node, `127.1${i}.0.1`));
  await inBatches(50, (i) => enter(node, `127.66.0.${i + 1}`));
  assertEquals((await node.get<Overview>("/v1/node")).peers.inbound, 60);
  await inBatches(5000, async (i) => {
    // Who is cut at once may hear of it before his connect is done.
    const attacker = await RawPeer.dialFrom(`127.66.${1 + (i % 200)}.1`, node.port).catch(() => {});
    if (!attacker) return;
    if (i % 3 === 0) attacker.send("version");
    if (i % 2 === 0) attacker.close();
    else site.onEnd(() => attacker.close());
  });
  const { evicted, peers } = await poll(
    "the storm to settle",
    () => node.get<Overview>("/v1/node"),
    ({ peers }) => peers.inbound <= 60,
  );
  assert(evicted > 500, `${evicted} evicted`);
  assert(peers.inbound >= 10);
  assertEquals(honest.map(({ socket }) => socket.destroyed), honest.map(() => false));
  const addresses = (await node.get<readonly Pinged[]>("/v1/peers")).map(({ address }) => address.split(":")[0]);
  for (let i = 0; i < 10; i++) assert(addresses.includes(`127.1${i}.0.1`), addresses.join(" "));
  honest.forEach((peer) => peer.close());
}, LINUX);
