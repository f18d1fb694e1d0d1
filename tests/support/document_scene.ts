import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { recordOf } from "./address_books.ts";
import { Miner } from "./mining.ts";
import { dialScripted } from "./scripted_peer.ts";
import { feed, simulateNode } from "./simulated_node.ts";

/** A node with something of everything that the control API shows: the scene of the examples in the documents. */
export async function documentScene(): Promise<{ readonly network: MemoryNetwork; readonly node: P2PNode }> {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "30.0.0.1");
  const miner = new Miner();
  const trunk = miner.mineMany(3);
  const fork = miner.mine(trunk[0]!.node);
  feed(node, [REGTEST.genesisBlock!, ...trunk.map(({ raw }) => raw), fork.raw]);
  await node.start();
  node.diagnose();
  node.topic("chat");
  node.ban("192.0.2.0/24", { reason: "spam" });
  const { node: other } = simulateNode(network, "20.0.0.1", { connect: ["30.0.0.1"] });
  await other.start();
  const guest = await dialScripted(network, "40.0.0.1", "30.0.0.1");
  const time = Math.floor(network.env("clock").wallClock() / 1000);
  guest.send({ type: "addr", addresses: [recordOf("3.0.0.1", { time, services: 9n })] });
  const offender = await dialScripted(network, "50.0.0.1", "30.0.0.1");
  offender.sendRaw(new Uint8Array(100).fill(0xff));
  await network.run(network.now() + 90_000);
  return { network, node };
}
