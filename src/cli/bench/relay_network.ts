import type { Crew, Remote } from "./crew.ts";
import type { RelayNodes, RelaySpec } from "./relay_sides.ts";

/** One a core of an ordinary machine would be more; blocks must cross between processes all the same. */
export const PROCESSES = 2;
/** Nodes that each node dials, besides the one before it. */
export const RANDOM_LINKS = 2;

/** One network of the bench, in processes of its own. */
export interface Network {
  readonly name: string;
  readonly groups: readonly Remote<RelayNodes>[];
  readonly perGroup: number;
}

/** Every node dials the one before it, so that none is left out, and some others. The same network each time. */
export async function buildNetwork(crew: Crew, name: string, spec: RelaySpec): Promise<Network> {
  const groups: Remote<RelayNodes>[] = [];
  for (let i = 0; i < PROCESSES; i++) groups.push(await crew.start("relay-nodes", spec));
  const ports = (await Promise.all(groups.map((group) => group.ask("listen")))).flat();
  const random = createRandom();
  for (let node = 1; node < ports.length; node++) {
    const targets = new Set([node - 1]);
    for (let i = 0; i < RANDOM_LINKS; i++) targets.add(Math.floor(random() * node));
    const dials = [...targets].map((target) => ({ from: node % spec.nodes, port: ports[target]! }));
    await groups[Math.floor(node / spec.nodes)]!.ask("link", dials);
  }
  return { name, groups, perGroup: spec.nodes };
}

/** The same numbers each time: a linear congruential generator (Numerical Recipes), good enough to draw a graph. */
export function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
