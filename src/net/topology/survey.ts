import { buildGraph } from "./graph.ts";
import type { Topology } from "./topology.ts";

/** How much of the network that is known can be reached from here. */
export interface Survey {
  readonly reachable: number;
  /**
   * Nodes of which several peers told, that are connected to each other as far as is known, and that no way leads to.
   * They were heard of a moment ago: what is cut off is soon forgotten.
   */
  readonly cutOff: number;
}

export function surveyTopology(topology: Topology): Survey {
  const { neighbours } = buildGraph(topology);
  const reached = new Set([topology.selfId]);
  // A Set is walked in the order of insertion, what is added on the way included.
  for (const id of reached) for (const next of neighbours.get(id)?.keys() ?? []) reached.add(next);
  let cutOff = 0;
  for (const { id, reporters } of topology.entries()) {
    if (!reached.has(id) && reporters > 1 && neighbours.get(id)!.size > 0) cutOff++;
  }
  return { reachable: reached.size - 1, cutOff };
}
