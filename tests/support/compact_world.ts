import { parseBlock } from "../../src/chain/block.ts";
import { buildCompactBlock } from "../../src/chain/compact_block.ts";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { MessageOf } from "../../src/protocol/messages.ts";
import { transaction } from "./blocks.ts";
import { type MinedBlock, Miner } from "./mining.ts";
import { dialScripted, type ScriptedPeer } from "./scripted_peer.ts";
import { feed, simulateNode } from "./simulated_node.ts";
import { testHasher } from "./test_hasher.ts";

export const SPEAKS_COMPACT = { type: "sendcmpct", highBandwidth: false, version: 2n } as const;
export const WISHES_COMPACT = { type: "sendcmpct", highBandwidth: true, version: 2n } as const;

const NONCE = 0x0123_4567_89ab_cdefn;

/** A node named `node` with a chain that is made as it goes, and peers that say what they are told to. */
export interface CompactWorld {
  readonly network: MemoryNetwork;
  readonly node: P2PNode;
  readonly miner: Miner;
  /** Blocks so far, lowest first, all of which the node has. */
  readonly chain: readonly MinedBlock[];
  /** Reasons of the node's disconnections, in order. */
  readonly reasons: string[];
  /** A peer that speaks compact blocks, and whose tip the node knows to be its own. */
  peer(name: string): Promise<ScriptedPeer>;
  /** Lets time pass. */
  settle(ms?: number): Promise<void>;
}

export async function compactWorld(
  height = 20,
  options: Partial<Omit<NodeOptions, "connect">> = {},
): Promise<CompactWorld> {
  const network = createMemoryNetwork({ seed: 11, scrambleChunks: true });
  const { node } = simulateNode(network, "node", options);
  const miner = new Miner();
  const chain = miner.mineMany(height);
  feed(node, [new Uint8Array(), ...chain.map(({ raw }) => raw)]);
  const reasons: string[] = [];
  node.on("peer:disconnected", ({ reason }) => void reasons.push(reason));
  await node.start();
  const settle = async (ms = 200) => void await network.run(network.now() + ms);
  const peer = async (name: string) => {
    const remote = await dialScripted(network, name, "node", { startHeight: height });
    remote.send(SPEAKS_COMPACT, { type: "headers", headers: [chain.at(-1)!.header] });
    await settle();
    return remote;
  };
  return { network, node, miner, chain, reasons, peer, settle };
}

/** A block on top of the chain with its coinbase and `count` transactions like no others. */
export function mineWith(world: CompactWorld, count: number, parent = world.chain.at(-1)!): MinedBlock {
  return world.miner.mine(parent.node, { transactions: Array.from({ length: count }, () => unique()) });
}

let made = 0;

/** A transaction like no other; every third has a witness. */
export function unique(): Uint8Array {
  const index = ++made;
  return transaction({ inputs: [index % 3 === 0 ? { index, witness: [Uint8Array.of(1)] } : { index }] });
}

/** The block as a compact one with the transactions at these indexes in full, besides the coinbase. */
export function compactOf({ raw }: MinedBlock, ...prefill: number[]): MessageOf<"cmpctblock"> {
  return buildCompactBlock(testHasher, parseBlock(raw), NONCE, new Set(prefill));
}

/** The transactions of a block, the coinbase first. */
export function transactionsOf({ raw }: MinedBlock): Uint8Array[] {
  return parseBlock(raw).transactions.map(({ start, end }) => raw.slice(start, end));
}

/** Serves a block to whoever asks for it or for parts of it. */
export function serveBlock(peer: ScriptedPeer, block: MinedBlock): void {
  const transactions = transactionsOf(block);
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
    if (message.type === "getheaders") peer.send({ type: "headers", headers: [block.header] });
    if (message.type === "getdata") peer.send({ type: "block", block: block.raw });
    if (message.type !== "getblocktxn") return;
    const asked = message.indexes.map((index) => transactions[index]!);
    peer.send({ type: "blocktxn", blockHash: message.blockHash, transactions: asked });
  };
}
