import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { MessageType } from "../../src/protocol/messages.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { unique } from "../support/compact_world.ts";
import { type MinedBlock, Miner } from "../support/mining.ts";
import { simulateNode } from "../support/simulated_node.ts";

const HOSTS = ["a", "b", "c", "d"] as const;
const POOLED = 50;
const LONG_MS = 120_000;

/** Four nodes in a line, and a miner beside the first. */
class Line {
  readonly network: MemoryNetwork;
  readonly nodes: readonly P2PNode[];
  readonly #miner: Miner;

  constructor(params: NetworkParams) {
    this.network = createMemoryNetwork({ seed: 21, link: { latencyMs: 10 }, scrambleChunks: true });
    this.#miner = new Miner(params);
    this.nodes = HOSTS.map((host, i) =>
      simulateNode(this.network, host, { network: params, connect: HOSTS.slice(Math.max(0, i - 1), i) }).node
    );
  }

  async start(): Promise<void> {
    for (const node of this.nodes) await node.start();
    await this.settle();
  }

  async settle(ms = 1000): Promise<void> {
    await this.network.run(this.network.now() + ms);
  }

  /** Gives transactions to the first node and waits until all have them. */
  async spread(transactions: readonly Uint8Array[]): Promise<void> {
    for (const transaction of transactions) this.nodes[0]!.submitTransaction(transaction);
    const deadline = this.network.now() + LONG_MS;
    const all = () => this.nodes.every((node) => node.pool().count === transactions.length);
    await this.network.run(() => all() || this.network.now() > deadline);
    assertEquals(this.nodes.map((node) => node.pool().count), HOSTS.map(() => transactions.length));
  }

  /** The first node gets a block with these transactions, and all have it. */
  async mine(transactions: readonly Uint8Array[] = []): Promise<MinedBlock> {
    const block = this.#miner.mine(this.#miner.chain.tip, { transactions });
    this.nodes[0]!.submitBlock(block.raw);
    await this.settle();
    assertEquals(this.nodes.map((node) => node.chain().bestHash), HOSTS.map(() => block.hash));
    return block;
  }

  /** Messages of these types that any node has sent. */
  sent(...types: readonly MessageType[]): number {
    const peers = this.nodes.flatMap((node) => node.peers());
    return peers.reduce(
      (sum, { messages }) => sum + types.reduce((all, type) => all + (messages.out[type] ?? 0), 0),
      0,
    );
  }
}

for (const params of [REGTEST, P2P]) {
  const wire = `on the ${params.wire} wire`;

  test(
    `compact relay: a block of pooled transactions travels in short ids alone, ${wire}`,
    { timeout: 60_000 },
    async () => {
      const line = new Line(params);
      await line.start();
      const transactions = Array.from({ length: POOLED }, () => unique());
      await line.spread(transactions);
      await line.mine(transactions);
      assertEquals([line.sent("block"), line.sent("cmpctblock"), line.sent("getblocktxn")], [0, 3, 0]);
      assertEquals(line.nodes.map((node) => node.pool().count), [0, 0, 0, 0]);
    },
  );

  test(
    `compact relay: what half of the nodes' pools lack is asked for once, ${wire}`,
    { timeout: 60_000 },
    async () => {
      const line = new Line(params);
      await line.start();
      const transactions = Array.from({ length: POOLED }, () => unique());
      await line.spread(transactions.filter((_, i) => i % 2 === 0));
      await line.mine(transactions);
      // The second node asks the first; those behind it get what it lacked without asking.
      assertEquals([line.sent("block"), line.sent("cmpctblock"), line.sent("getblocktxn")], [0, 3, 1]);
    },
  );

  test(`compact relay: who brought the last block pushes the next one, which nobody asks for, ${wire}`, {
    timeout: 60_000,
  }, async () => {
    const line = new Line(params);
    await line.start();
    await line.mine();
    const before = [line.sent("getdata"), line.sent("inv", "headers")];
    await line.mine();
    assertEquals([line.sent("block"), line.sent("cmpctblock")], [0, 6]);
    assertEquals([line.sent("getdata"), line.sent("inv", "headers")], before);
  });
}
