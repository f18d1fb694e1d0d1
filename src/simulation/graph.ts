import type { LinkOptions } from "../platform/memory.ts";
import { below, type Random } from "./chance.ts";

const MS_PER_SECOND = 1000;

/** Whom each node dials: `outbound` others by chance, or all of them where there are no more. */
export function wire(random: Random, nodes: number, outbound: number): readonly (readonly number[])[] {
  const dialled: Set<number>[] = Array.from({ length: nodes }, () => new Set());
  for (const [node, others] of dialled.entries()) {
    const wanted = Math.min(outbound, nodes - 1);
    // Two that dial each other have one link too few; in small networks that cannot be helped.
    const isFull = () => others.size >= wanted;
    for (let tries = 0; !isFull() && tries < nodes * outbound; tries++) {
      const other = below(random, nodes);
      if (other !== node && !dialled[other]!.has(node)) others.add(other);
    }
    if (others.size === 0 && node > 0 && ![...dialled].some((set) => set.has(node))) others.add(node - 1);
  }
  return dialled.map((others) => [...others]);
}

/**
 * How soon something of so many bytes can be at each node at best: over the quickest way from link to link, where each
 * takes its latency and the time to send the bytes, and no node needs time of its own. Nothing that is passed on whole
 * from node to node over these links is sooner: no jitter, no loss, nobody asks first (Dijkstra 1959).
 */
export function soonest(
  dialled: readonly (readonly number[])[],
  from: number,
  sizeBytes: number,
  linkOf: (from: number, to: number) => LinkOptions,
): Float64Array {
  const neighbours = bothWays(dialled);
  const times = new Float64Array(dialled.length).fill(Number.POSITIVE_INFINITY);
  const queue = new Queue();
  queue.push(0, from);
  times[from] = 0;
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (next.time > times[next.node]!) continue;
    for (const other of neighbours[next.node]!) {
      const { latencyMs, bandwidthBytesPerSecond = Number.POSITIVE_INFINITY } = linkOf(next.node, other);
      const time = next.time + latencyMs + sizeBytes * MS_PER_SECOND / bandwidthBytesPerSecond;
      if (time >= times[other]!) continue;
      times[other] = time;
      queue.push(time, other);
    }
  }
  return times;
}

function bothWays(dialled: readonly (readonly number[])[]): readonly ReadonlySet<number>[] {
  const neighbours: Set<number>[] = dialled.map((others) => new Set(others));
  for (const [node, others] of dialled.entries()) for (const other of others) neighbours[other]!.add(node);
  return neighbours;
}

interface Reached {
  readonly time: number;
  readonly node: number;
}

/** Soonest first: a binary heap. */
class Queue {
  readonly #heap: Reached[] = [];

  push(time: number, node: number): void {
    let at = this.#heap.push({ time, node }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#heap[parent]!.time <= time) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): Reached | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (!first || !last || first === last) return first;
    this.#heap[0] = last;
    this.#sink();
    return first;
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && heap[child + 1]!.time < heap[child]!.time) child++;
      if (heap[at]!.time <= heap[child]!.time) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#heap[other]!, this.#heap[one]!];
  }
}
