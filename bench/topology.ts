// What a picture of the network costs whoever asks for it: a table that is full, of honest nodes and of inventions.

import { buildGraph } from "../src/net/topology/graph.ts";
import { measureGraph } from "../src/net/topology/graph_metrics.ts";
import { snapshotTopology } from "../src/net/topology/snapshot.ts";
import { Topology } from "../src/net/topology/topology.ts";
import { DEFAULT_FANOUT, MAX_TOPOLOGY_NODES } from "../src/protocol/topology_params.ts";
import { MAX_TOPOLOGY_LINKS } from "../src/protocol/wire_limits.ts";
import { timed } from "./support.ts";

const USUAL_LINKS = 20;
const FACTS = { region: "", capabilities: [], load: 0, draining: false };
/** Steps by which links lead on: coprime to the size of the table, so that all of it is one part. */
const STRIDES = [31, 17] as const;

export const subject = timed(`Topology (${MAX_TOPOLOGY_NODES} nodes)`, () => {
  const honest = fill(USUAL_LINKS, 2);
  const invented = fill(MAX_TOPOLOGY_LINKS, 1);
  const { neighbours } = buildGraph(invented);
  return [
    { name: "snapshot, told by 2 peers, 20 links each", run: () => snapshotTopology(honest, DEFAULT_FANOUT, 0) },
    { name: "snapshot, told by 1 peer, 64 links each", run: () => snapshotTopology(invented, DEFAULT_FANOUT, 0) },
    { name: "of that, parts and diameter", run: () => measureGraph(neighbours) },
  ];
});

function fill(links: number, reporters: number): Topology {
  const topology = new Topology("self", { ...FACTS, links: new Map() });
  for (let peer = 1; peer <= reporters; peer++) {
    topology.peerReady(peer, `198.51.100.${peer}:1`);
    for (let i = 0; i < MAX_TOPOLOGY_NODES; i++) {
      const ids = Array.from({ length: links }, (_, step) => idOf(i * STRIDES[0] + step * STRIDES[1]));
      const record = { ...FACTS, links: new Map(ids.map((id, ms) => [id, ms + 1])) };
      topology.hear(peer, `peer${peer}`, [{ id: idOf(i), ageMs: 0, record }], 0);
    }
  }
  return topology;
}

function idOf(number: number): string {
  return (number % MAX_TOPOLOGY_NODES).toString(2 ** 4).padStart(2 ** 4, "0");
}
