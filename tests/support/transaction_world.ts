import { assert } from "@std/assert";
import type { NodeOptions, P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { INV_WTX, type InvItem, type MessageOf } from "../../src/protocol/messages.ts";
import { IMMEDIATE_PACE } from "../../src/services/transaction_relay/pace.ts";
import { hash256 } from "../../src/util/hash.ts";
import { transaction } from "./blocks.ts";
import { dialRaw, type ScriptedPeer, versionOf } from "./scripted_peer.ts";
import { simulateNode } from "./simulated_node.ts";
import { testHasher } from "./test_hasher.ts";

/** Virtual milliseconds: far more than any of these takes. */
const LONG_MS = 600_000;
export const IMMEDIATE: WorldOptions = { pace: IMMEDIATE_PACE };

export type WorldOptions = Partial<Omit<NodeOptions, "connect">>;

export interface World {
  readonly network: MemoryNetwork;
  readonly node: P2PNode;
  /** Why peers left, in order. */
  readonly reasons: string[];
}

/** A node named `node`. */
export async function world(
  options: WorldOptions = IMMEDIATE,
): Promise<World> {
  const network = createMemoryNetwork({ seed: 42, scrambleChunks: true });
  const { node } = simulateNode(network, "node", options);
  const reasons: string[] = [];
  node.on("peer:disconnected", ({ reason }) => void reasons.push(reason));
  await node.start();
  return { network, node, reasons };
}

/** A transaction of its own for each number, with a witness. */
export function numbered(index: number): Uint8Array {
  return transaction({ inputs: [{ index, witness: [Uint8Array.of(1)] }] });
}

/** The same without it: its hash is the txid of the other. */
export function withoutWitness(index: number): Uint8Array {
  return transaction({ inputs: [{ index }] });
}

export function idOf(raw: Uint8Array): string {
  return hash256(testHasher, raw);
}

/** How the numbered transaction is announced by wtxid. */
export function wtx(index: number): InvItem {
  return { kind: INV_WTX, hash: idOf(numbered(index)) };
}

/** Shakes hands as one who takes part in BIP339. */
export async function dialByWtxid(
  network: MemoryNetwork,
  from: string,
  version: Partial<MessageOf<"version">> = {},
): Promise<ScriptedPeer> {
  const peer = await dialRaw(network, from, "node");
  peer.send(versionOf(version), { type: "wtxidrelay" }, { type: "verack" });
  await network.run(() => peer.of("feefilter").length > 0 || network.now() > LONG_MS);
  return peer;
}

export async function runFor(network: MemoryNetwork, ms: number): Promise<void> {
  await network.run(network.now() + ms);
}

/** Runs the network until the condition holds, and fails where that takes for ever. */
export async function until(network: MemoryNetwork, holds: () => boolean): Promise<void> {
  const deadline = network.now() + LONG_MS;
  await network.run(() => holds() || network.now() > deadline);
  assert(holds(), "in vain");
}

/** Ids of what the peer was told of. */
export function told(peer: ScriptedPeer): string[] {
  return peer.of("inv").flatMap(({ items }) => items.map(({ hash }) => hash));
}

/** Ids of what the peer was asked for. */
export function asked(peer: ScriptedPeer): string[] {
  return peer.of("getdata").flatMap(({ items }) => items.map(({ hash }) => hash));
}

/** Messages of one type to or from all peers. */
export function countOf(node: P2PNode, direction: "in" | "out", type: "tx" | "inv" | "getdata"): number {
  return node.peers().reduce((sum, { messages }) => sum + (messages[direction][type] ?? 0), 0);
}
