import type { TopologyNodeSnapshot } from "../protocol/network_snapshots.ts";

/** A node as far as its label is concerned. */
export interface Labelled {
  readonly id: string;
  readonly facts: Pick<TopologyNodeSnapshot, "address" | "source">;
  readonly degree: number;
}

/** Where a label stands: its ends, and the middle of its height. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

/** In pixels, of a line of labels. */
const LABEL_HEIGHT = 14;
const LEAST_RADIUS = 3.5;
const MOST_RADIUS = 9;
const RADIUS_SPREAD = 80;
/** Up to so many nodes each has its label; of more, the best connected. */
const FEW_NODES = 40;
const HUBS = 12;
const FEW_HUBS = 4;

const SOURCES: { readonly [S in TopologyNodeSnapshot["source"]]: string } = {
  self: "this node",
  peer: "a peer of this node",
  gossip: "heard of from others",
  address: "an address, and nothing more",
};

/** In pixels: many nodes are small. */
export function radiusFor(count: number): number {
  return Math.min(MOST_RADIUS, Math.max(LEAST_RADIUS, RADIUS_SPREAD / Math.sqrt(Math.max(1, count))));
}

/** Who is named, the most important first: the selected one, ourselves, then the best connected. */
export function labelsOf(
  nodes: readonly Labelled[],
  self: string,
  selected: string | undefined,
  isNarrow: boolean,
): readonly (readonly [id: string, text: string])[] {
  const rank = ({ id, degree }: Labelled) => id === selected ? Infinity : id === self ? Number.MAX_VALUE : degree;
  const sorted = [...nodes].sort((left, right) => rank(right) - rank(left) || (left.id < right.id ? -1 : 1));
  const shown = nodes.length <= FEW_NODES ? sorted : sorted.slice(0, isNarrow ? FEW_HUBS : HUBS);
  return shown.map((node) => [node.id, nameOf(node, self)]);
}

export function isInside({ left, right }: Box, width: number): boolean {
  return left > 0 && right < width;
}

/** Whether a label there covers no other one and no node. */
export function isFree(
  { left, right, y }: Box,
  labels: readonly Box[],
  nodes: readonly (readonly [x: number, y: number])[],
): boolean {
  return labels.every((other) => left > other.right || right < other.left || Math.abs(y - other.y) > LABEL_HEIGHT) &&
    nodes.every((node) => node[0] < left || node[0] > right || Math.abs(node[1] - y) > LABEL_HEIGHT / 2);
}

/** One node in words, for those who point at it or go to it with the keyboard. */
export function detailsOf(
  { address, id, source, region, capabilities, path, ageSeconds }: TopologyNodeSnapshot,
  degree: number,
  formatMs: (ms: number) => string,
): string {
  return [
    address ?? id,
    SOURCES[source],
    `${degree} ${degree === 1 ? "link" : "links"}`,
    ...(path && path.hops > 0
      ? [`${path.hops} ${path.hops === 1 ? "hop" : "hops"}, ${formatMs(path.rttMs)} away`]
      : []),
    ...(region ? [`region ${region}`] : []),
    ...(capabilities.length > 0 ? [capabilities.join(", ")] : []),
    ...(ageSeconds > 0 ? [`heard of ${ageSeconds} s ago`] : []),
  ].join(" · ");
}

function nameOf({ id, facts: { address } }: Labelled, self: string): string {
  return id === self ? "this node" : address ?? id.slice(0, 8);
}
