/** What is said of one node. Never changed once made. */
export interface NodeRecord {
  readonly region: string;
  readonly capabilities: readonly string[];
  /** Share of its resources in use, 0 to 1. */
  readonly load: number;
  readonly draining: boolean;
  /** Ids of the nodes that it is connected to, with round-trip times in milliseconds; 0 if unknown. */
  readonly links: ReadonlyMap<string, number>;
}

export const NOTHING_KNOWN: NodeRecord = { region: "", capabilities: [], load: 0, draining: false, links: new Map() };

/** Whether two records say the same, but for numbers that change all the time. */
export function saysTheSame(one: NodeRecord, other: NodeRecord): boolean {
  if (one === other) return true;
  return one.region === other.region && one.draining === other.draining && one.links.size === other.links.size &&
    one.capabilities.length === other.capabilities.length &&
    one.capabilities.every((capability, i) => capability === other.capabilities[i]) &&
    holdsAll(other.links, one.links);
}

function holdsAll(links: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>): boolean {
  for (const id of others.keys()) if (!links.has(id)) return false;
  return true;
}

/**
 * The record that agrees most with the others: one that lies alone loses against two that do not. Of equals the first.
 */
export function mostAgreed(records: readonly NodeRecord[]): NodeRecord {
  if (records.length === 1) return records[0]!;
  let [chosen, most] = [records[0]!, Number.NEGATIVE_INFINITY];
  for (const record of records) {
    const agreement = records.reduce((sum, other) => sum + (other === record ? 0 : similarity(record, other)), 0);
    if (agreement > most) [chosen, most] = [record, agreement];
  }
  return chosen;
}

/** From 0 to 2: same region, and share of links in common. */
function similarity(one: NodeRecord, other: NodeRecord): number {
  let common = 0;
  for (const id of one.links.keys()) if (other.links.has(id)) common++;
  const all = one.links.size + other.links.size - common;
  return (one.region === other.region ? 1 : 0) + (all === 0 ? 1 : common / all);
}
