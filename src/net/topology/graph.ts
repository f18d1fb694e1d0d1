import { MAX_HEARSAY_LINKS } from "../../protocol/topology_params.ts";
import { MAX_TOPOLOGY_LINKS } from "../../protocol/wire_limits.ts";
import type { Entry } from "./entry.ts";
import type { Topology } from "./topology.ts";

/** One connection between two nodes. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** Milliseconds; undefined if nobody measured it. */
  readonly rttMs: number | undefined;
  /** Whether we measured it ourselves, both ends say so, or only one does. */
  readonly known: "measured" | "confirmed" | "claimed";
}

/** Neighbours of each node, with what a message to them costs in milliseconds. */
export type Adjacency = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface Graph {
  readonly nodes: readonly string[];
  readonly links: readonly Link[];
  readonly neighbours: Adjacency;
}

/** A link of which nobody knows the time counts as a slow one, of half a turn around the world. */
const UNKNOWN_RTT_MS = 200;

/** All links that are believed. Ours are those that we measured; one that its other end denies does not exist. */
export function buildGraph(topology: Topology): Graph {
  const links: Link[] = [];
  const { selfId, self } = topology;
  const shown = new Map([...topology.entries()].map((entry) => [entry.id, linksShown(entry)]));
  for (const [id, rttMs] of self.links) links.push({ from: selfId, to: id, rttMs, known: "measured" });
  for (const entry of topology.entries()) {
    for (const [id, rttMs] of shown.get(entry.id)!) {
      const other = topology.get(id);
      if (!other || id === entry.id) continue;
      const back = other.record.links.get(entry.id);
      // Both ends tell of it: counted once.
      if (back !== undefined && id < entry.id && shown.get(id)!.has(entry.id)) continue;
      if (back === undefined && denies(other, entry)) continue;
      const rtts = [rttMs, back ?? 0].filter((ms) => ms > 0);
      const mean = rtts.length === 0 ? undefined : rtts.reduce((sum, ms) => sum + ms, 0) / rtts.length;
      links.push({ from: entry.id, to: id, rttMs: mean, known: back === undefined ? "claimed" : "confirmed" });
    }
  }
  const nodes = [selfId, ...[...topology.entries()].map(({ id }) => id)];
  return { nodes, links, neighbours: neighboursOf(nodes, links) };
}

/** Of a node that a single peer speaks of, the nearest ones: it may have invented the node, and as many links as fit. */
function linksShown({ record, soleReporter }: Entry): ReadonlyMap<string, number> {
  const { links } = record;
  if (soleReporter === undefined || links.size <= MAX_HEARSAY_LINKS) return links;
  return new Map([...links].toSorted(([, one], [, other]) => one - other).slice(0, MAX_HEARSAY_LINKS));
}

/** A node that told all of its links, and not this one: itself, or later than the one that claims it. */
function denies({ record, isFirstHand, saidAt }: Entry, claimant: Entry): boolean {
  return record.links.size < MAX_TOPOLOGY_LINKS && (isFirstHand || saidAt > claimant.saidAt);
}

function neighboursOf(nodes: readonly string[], links: readonly Link[]): Adjacency {
  const neighbours = new Map(nodes.map((id) => [id, new Map<string, number>()]));
  for (const { from, to, rttMs = UNKNOWN_RTT_MS } of links) {
    neighbours.get(from)?.set(to, rttMs);
    neighbours.get(to)?.set(from, rttMs);
  }
  return neighbours;
}
