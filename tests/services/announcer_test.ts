import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createBenchPeers } from "../../src/cli/bench/bench_peers.ts";
import type { Parts } from "../../src/cli/parts.ts";
import type { Peers } from "../../src/net/peers.ts";
import type { Peer } from "../../src/peer/peer.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { LANE_POLICIES } from "../../src/protocol/lanes.ts";
import { INV_BLOCK, INV_TX } from "../../src/protocol/messages.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { announcer } from "../../src/services/announcer.ts";
import { PeerChains } from "../../src/services/peer_chains.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { type MinedBlock, Miner } from "../support/mining.ts";
import { dialScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { PORT } from "../support/simulated_node.ts";
import { testHasher } from "../support/test_hasher.ts";

const CHANGE = { disconnected: [], connected: [] } as const;

/** The announcer with real peers, on a chain that grows as the test says. */
async function openScene() {
  const network = createMemoryNetwork({ seed: 1, windowBytes: 4_096 });
  const miner = new Miner();
  const peerChains = new PeerChains(miner.chain);
  const parts = { env: network.env("node"), transport: network.transport("node") } as Parts;
  const peers: Peers = createBenchPeers(parts, bitcoinCodec(REGTEST.magic, testHasher), {
    ready: (peer) => peerChains.add(peer),
    writable: (peer) => service.peerWritable!(peer),
    closed: (peer) => service.peerClosed!(peer),
  });
  const service = announcer({ chain: miner.chain, peers, peerChains, announceCompact: () => new Set() });
  await peers.listen({ host: "node", port: PORT });
  return {
    settle: () => network.run(network.now() + 1_000),
    async dial(host: string): Promise<{ readonly remote: ScriptedPeer; readonly peer: Peer }> {
      const remote = await dialScripted(network, host, "node");
      return { remote, peer: [...peers.ready()].at(-1)! };
    },
    mine(): MinedBlock {
      const block = miner.mine(miner.chain.tip);
      service.chainChanged!(CHANGE);
      return block;
    },
  };
}

/** It reads nothing more, and the lane for announcements takes no more. */
function fill({ remote, peer }: { readonly remote: ScriptedPeer; readonly peer: Peer }): void {
  remote.connection.pause();
  const inv = { type: "inv", items: [{ kind: INV_TX, hash: "00".repeat(32) }] } as const;
  for (let left = LANE_POLICIES.inventory.maxFrames; left > 0; left--) peer.send(inv);
}

function blocksTold(remote: ScriptedPeer): string[] {
  return remote.of("inv").flatMap(({ items }) =>
    items.filter(({ kind }) => kind === INV_BLOCK).map(({ hash }) => hash)
  );
}

test("announcer: a peer whose queue was full is told of the tip once it reads again, and of that alone", async () => {
  const { dial, mine, settle } = await openScene();
  const slow = await dial("slow");
  const quick = await dial("quick");
  fill(slow);
  const blocks = [mine(), mine()].map(({ hash }) => hash);
  await settle();
  assertEquals([blocksTold(slow.remote), blocksTold(quick.remote)], [[], blocks]);
  slow.remote.connection.resume();
  await settle();
  assertEquals([blocksTold(slow.remote), blocksTold(quick.remote)], [blocks.slice(1), blocks]);
  const next = mine();
  await settle();
  assertEquals(blocksTold(slow.remote), [blocks[1]!, next.hash]);
});

test("announcer: a peer that goes while its queue is full is forgotten", async () => {
  const { dial, mine, settle } = await openScene();
  const slow = await dial("slow");
  fill(slow);
  mine();
  slow.remote.connection.close();
  await settle();
  mine();
  await settle();
  assertEquals(blocksTold(slow.remote), []);
});
