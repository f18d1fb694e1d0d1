import type { Adjacency } from "./graph.ts";

/** How a node is reached from where the search began. */
export interface Reached {
  /** The node before it; undefined for the beginning. */
  readonly via: string | undefined;
  readonly hops: number;
  /** Sum of round-trip times on the way, in milliseconds. */
  readonly rttMs: number;
}

/** The quickest way to each node that can be reached (Dijkstra 1959), in the order of arrival. */
export function shortestPaths(neighbours: Adjacency, from: string): ReadonlyMap<string, Reached> {
  return spread(neighbours, from, Number.POSITIVE_INFINITY);
}

/**
 * A tree that brings a message from one node to as many as can be reached if none sends more than `fanout` copies: the
 * node that can be reached soonest is always next.
 */
export function broadcastTree(neighbours: Adjacency, from: string, fanout: number): ReadonlyMap<string, Reached> {
  return spread(neighbours, from, fanout);
}

function spread(neighbours: Adjacency, from: string, fanout: number): ReadonlyMap<string, Reached> {
  const reached = new Map<string, Reached>();
  const sent = new Map<string, number>();
  /** Offers to reach a node, the cheapest first. */
  const offers = new Heap();
  offers.push({ id: from, via: undefined, hops: 0, rttMs: 0 });
  for (let offer = offers.pop(); offer; offer = offers.pop()) {
    const { id, via, hops, rttMs } = offer;
    if (reached.has(id)) continue;
    if (via !== undefined) {
      const copies = sent.get(via) ?? 0;
      if (copies >= fanout) continue;
      sent.set(via, copies + 1);
    }
    reached.set(id, { via, hops, rttMs });
    for (const [next, ms] of neighbours.get(id) ?? []) {
      if (!reached.has(next)) offers.push({ id: next, via: id, hops: hops + 1, rttMs: rttMs + ms });
    }
  }
  return reached;
}

interface Offer extends Reached {
  readonly id: string;
}

/** A binary heap: the offer that arrives first is on top; of equals, that of fewer hops. */
class Heap {
  readonly #offers: Offer[] = [];

  push(offer: Offer): void {
    const offers = this.#offers;
    let at = offers.push(offer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(offers[at]!, offers[parent]!)) return;
      [offers[at], offers[parent]] = [offers[parent]!, offers[at]!];
      at = parent;
    }
  }

  pop(): Offer | undefined {
    const offers = this.#offers;
    const [first] = offers;
    const last = offers.pop();
    if (offers.length === 0 || !last) return first;
    offers[0] = last;
    for (let at = 0;;) {
      const left = 2 * at + 1;
      let least = at;
      for (const child of [left, left + 1]) {
        if (child < offers.length && isBefore(offers[child]!, offers[least]!)) least = child;
      }
      if (least === at) return first;
      [offers[at], offers[least]] = [offers[least]!, offers[at]!];
      at = least;
    }
  }
}

function isBefore(one: Offer, other: Offer): boolean {
  return one.rttMs < other.rttMs || (one.rttMs === other.rttMs && one.hops < other.hops);
}
