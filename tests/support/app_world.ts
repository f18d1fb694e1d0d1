import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { SERVICE_P2P_APPS } from "../../src/protocol/service_flags.ts";
import { dialScripted, type ScriptedPeer } from "./scripted_peer.ts";
import { simulateNode } from "./simulated_node.ts";

/** Both wires, each by a network that speaks it. */
export const WIRES: readonly (readonly [wire: string, params: NetworkParams])[] = [
  ["bitcoin", { ...REGTEST }],
  ["native", { ...P2P, defaultPort: REGTEST.defaultPort }],
];

/** Virtual milliseconds in which any number of messages arrive. */
const MOMENT_MS = 100;

export async function runFor(network: MemoryNetwork, ms = MOMENT_MS): Promise<void> {
  await network.run(network.now() + ms);
}

/** Started nodes named a, b, c …, each of which dials those before it that `links` names. */
export async function startNodes(
  links: readonly (readonly string[])[],
  params: NetworkParams = REGTEST,
): Promise<{ network: MemoryNetwork; nodes: P2PNode[] }> {
  const network = createMemoryNetwork({ seed: 7, scrambleChunks: true });
  const nodes: P2PNode[] = [];
  for (const [i, connect] of links.entries()) {
    const { node } = simulateNode(network, nameOf(i), { network: params, connect });
    nodes.push(node);
    await node.start();
  }
  const wanted = (node: P2PNode, i: number) =>
    links[i]!.length + links.filter((others) => others.includes(nameOf(i))).length <=
      node.peers().filter(({ state }) => state === "ready").length;
  await network.run(() => nodes.every(wanted));
  await runFor(network);
  return { network, nodes };
}

export function nameOf(index: number): string {
  return String.fromCharCode("a".charCodeAt(0) + index);
}

/** A scripted peer that says that it takes messages of applications, at the node named a. */
export function dialApp(network: MemoryNetwork, from = "stranger"): Promise<ScriptedPeer> {
  return dialScripted(network, from, nameOf(0), { services: SERVICE_P2P_APPS });
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Reasons of a node's disconnections, in order. */
export function reasonsOf(node: P2PNode): string[] {
  const reasons: string[] = [];
  node.on("peer:disconnected", ({ reason }) => void reasons.push(reason));
  return reasons;
}
