import { addressOfKey } from "../peer_address.ts";
import type { TopologyNodeSnapshot, TopologySnapshot } from "../../protocol/network_snapshots.ts";
import type { Entry } from "./entry.ts";
import { buildGraph } from "./graph.ts";
import { measureGraph } from "./graph_metrics.ts";
import { broadcastTree, type Reached, shortestPaths } from "./paths.ts";
import type { NodeRecord } from "./node_record.ts";
import type { Topology } from "./topology.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** All that is known, as plain data. */
export function snapshotTopology(topology: Topology, fanout: number, now: number): TopologySnapshot {
  const { selfId: self } = topology;
  const { links, neighbours } = buildGraph(topology);
  const paths = shortestPaths(neighbours, self);
  const nodes = [
    describeSelf(topology),
    ...[...topology.entries()].map((entry) => describe(entry, paths.get(entry.id), now)),
    ...describeCrawled(topology, now),
  ];
  const regions = new Map<string, number>();
  for (const { region, source } of nodes) {
    if (source !== "address") regions.set(region, (regions.get(region) ?? 0) + 1);
  }
  return {
    self,
    nodes,
    links: links.map(({ rttMs, ...link }) => ({ ...link, rttMs: rttMs ?? null })),
    metrics: { ...measureGraph(neighbours), regions: Object.fromEntries(regions) },
    broadcast: describeTree(broadcastTree(neighbours, self, fanout), fanout),
  };
}

function describeSelf({ selfId, self }: Topology): TopologyNodeSnapshot {
  const path = { via: null, hops: 0, rttMs: 0 };
  return { id: selfId, address: null, ...facts(self), source: "self", ageSeconds: 0, reporters: 0, path };
}

function describe(entry: Entry, reached: Reached | undefined, now: number): TopologyNodeSnapshot {
  const { id, address, peer, record, reporters, saidAt } = entry;
  return {
    id,
    address: address ?? null,
    ...facts(record),
    source: peer === undefined ? "gossip" : "peer",
    ageSeconds: peer === undefined ? Math.max(0, Math.round((now - saidAt) / MS_PER_SECOND)) : 0,
    reporters,
    path: reached ? { ...reached, via: reached.via ?? null } : null,
  };
}

function facts({ region, capabilities, load, draining }: NodeRecord) {
  return { region, capabilities, load, draining };
}

/** Addresses that no peer of ours has. */
function describeCrawled(topology: Topology, now: number): TopologyNodeSnapshot[] {
  const connected = new Set([...topology.entries()].map(({ address }) => address));
  const crawled = Array.from(topology.crawled(), ([key, heardAt]) => [addressOfKey(key), heardAt] as const);
  return crawled.filter(([address]) => !connected.has(address)).map(([address, heardAt]) => ({
    id: address,
    address,
    region: "",
    capabilities: [],
    load: 0,
    draining: false,
    source: "address",
    ageSeconds: Math.max(0, Math.round((now - heardAt) / MS_PER_SECOND)),
    reporters: 1,
    path: null,
  }));
}

function describeTree(tree: ReadonlyMap<string, Reached>, fanout: number): TopologySnapshot["broadcast"] {
  const edges = [...tree].flatMap(([id, { via }]) => via === undefined ? [] : [[via, id] as const]);
  const depth = Math.max(0, ...[...tree.values()].map(({ hops }) => hops));
  return { fanout, reached: tree.size - 1, depth, edges };
}
