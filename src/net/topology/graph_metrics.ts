import { DIAMETER_SWEEPS, EXACT_DIAMETER_NODES } from "../../protocol/topology_params.ts";
import type { Adjacency } from "./graph.ts";

/** What the shape of a graph comes to. */
export interface GraphMetrics {
  readonly nodes: number;
  readonly links: number;
  /** Parts without a link between them. */
  readonly components: number;
  readonly meanLinks: number;
  /**
   * Hops between the two nodes farthest from each other, in the part where that is most. In large parts it is looked for
   * from one far end to the next, and may be more than what is found.
   */
  readonly diameter: number;
}

export function measureGraph(neighbours: Adjacency): GraphMetrics {
  const search = new Search(neighbours);
  let [components, diameter] = [0, 0];
  for (let node = 0; node < neighbours.size; node++) {
    if (search.wasReached(node)) continue;
    components++;
    diameter = Math.max(diameter, widthOf(search, node));
  }
  const { size: nodes } = neighbours;
  return { nodes, links: search.ends / 2, components, meanLinks: nodes === 0 ? 0 : search.ends / nodes, diameter };
}

/** The longest way within the part of the graph that a node is in. */
function widthOf(search: Search, node: number): number {
  let { size, depth, last } = search.from(node);
  if (size <= EXACT_DIAMETER_NODES) {
    for (const other of search.reached()) depth = Math.max(depth, search.from(other).depth);
    return depth;
  }
  for (let sweep = 0; sweep < DIAMETER_SWEEPS; sweep++) {
    const next = search.from(last);
    if (next.depth <= depth && sweep > 0) break;
    ({ last } = next);
    depth = Math.max(depth, next.depth);
  }
  return depth;
}

/** Searches breadth first, over numbers in place of names: a table that a stranger fills may have 65,000 links. */
class Search {
  /** Two for each link. */
  readonly ends: number;
  /** Neighbours of all nodes one after the other, and where those of each begin. */
  readonly #neighbours: Int32Array;
  readonly #starts: Int32Array;
  /** Nodes in the order in which the last search reached them. */
  readonly #queue: Int32Array;
  readonly #depths: Int32Array;
  /** Number of the last search that reached a node; 0: none. */
  readonly #reachedBy: Int32Array;
  #searches = 0;
  #size = 0;

  constructor(adjacency: Adjacency) {
    const numbers = new Map([...adjacency.keys()].map((id, number) => [id, number]));
    const lists = [...adjacency.values()].map((others) => [...others.keys()].map((id) => numbers.get(id)!));
    this.ends = lists.reduce((sum, { length }) => sum + length, 0);
    this.#neighbours = new Int32Array(this.ends);
    this.#starts = new Int32Array(lists.length + 1);
    for (const [node, list] of lists.entries()) {
      this.#neighbours.set(list, this.#starts[node]!);
      this.#starts[node + 1] = this.#starts[node]! + list.length;
    }
    this.#queue = new Int32Array(lists.length);
    this.#depths = new Int32Array(lists.length);
    this.#reachedBy = new Int32Array(lists.length);
  }

  wasReached(node: number): boolean {
    return this.#reachedBy[node] !== 0;
  }

  /** A copy of what the last search reached. */
  reached(): Int32Array {
    return this.#queue.slice(0, this.#size);
  }

  /** How many nodes can be reached, over how many hops at most, and one of those farthest away. */
  from(node: number): { size: number; depth: number; last: number } {
    const search = ++this.#searches;
    const queue = this.#queue;
    queue[0] = node;
    this.#depths[node] = 0;
    this.#reachedBy[node] = search;
    let size = 1;
    for (let at = 0; at < size; at++) {
      const here = queue[at]!;
      const depth = this.#depths[here]! + 1;
      for (let i = this.#starts[here]!; i < this.#starts[here + 1]!; i++) {
        const next = this.#neighbours[i]!;
        if (this.#reachedBy[next] === search) continue;
        this.#reachedBy[next] = search;
        this.#depths[next] = depth;
        queue[size++] = next;
      }
    }
    this.#size = size;
    const last = queue[size - 1]!;
    return { size, depth: this.#depths[last]!, last };
  }
}
