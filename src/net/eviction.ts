import {
  SPARED_BLOCK_ONLY,
  SPARED_BY_BLOCKS,
  SPARED_BY_PING,
  SPARED_BY_TRANSACTIONS,
  SPARED_GROUPS,
  SPARED_SHARE_BY_AGE,
  SPARED_SHARE_BY_NETWORK,
} from "../protocol/peer_params.ts";

/** What eviction looks at of one inbound peer. Times as by `env.now()`; -Infinity: never. */
export interface EvictionCandidate {
  /** Rises with each connection: the lower, the longer it has been here. */
  readonly id: number;
  /** The network group, keyed with a secret so that nobody knows which groups are spared. */
  readonly group: number;
  /** What kind of network it comes from: those with few peers have places of their own. */
  readonly network: number;
  /** Lowest round trip in milliseconds; null before the first. */
  readonly pingMs: number | null;
  readonly blockAt: number;
  readonly transactionAt: number;
  /** It wants no transactions from us. */
  readonly isBlockOnly: boolean;
  /** It may not be evicted. */
  readonly hasNoban: boolean;
  /** Its address has faults on record. */
  readonly isSuspect: boolean;
}

type Order = (left: EvictionCandidate, right: EvictionCandidate) => number;

/**
 * The inbound peer that has to leave when the table is full; undefined if everybody has earned a place. Spared are
 * those who are good at what an attacker cannot be at once and in number: being far apart, being near, having been
 * useful, having been here for long. Of the others the youngest of the most crowded group leaves, so that who sends
 * many from one place only replaces his own. It does not depend on the order of the candidates.
 */
export function chooseEviction(candidates: Iterable<EvictionCandidate>): number | undefined {
  let rest = [...candidates].filter(({ hasNoban }) => !hasNoban);
  rest = spareGroups(rest);
  rest = spare(rest.filter(hasPing), SPARED_BY_PING, byPing, rest);
  rest = spare(rest.filter(gaveTransactions), SPARED_BY_TRANSACTIONS, byTransactions, rest);
  rest = spare(rest.filter((each) => each.isBlockOnly && gaveBlocks(each)), SPARED_BLOCK_ONLY, byBlocks, rest);
  rest = spare(rest.filter(gaveBlocks), SPARED_BY_BLOCKS, byBlocks, rest);
  rest = spareOldest(rest);
  const suspects = rest.filter(({ isSuspect }) => isSuspect);
  return youngestOfLargestGroup(suspects.length > 0 ? suspects : rest)?.id;
}

const byAge: Order = (left, right) => left.id - right.id;
const byPing: Order = (left, right) => left.pingMs! - right.pingMs! || byAge(left, right);
const byTransactions: Order = (left, right) => right.transactionAt - left.transactionAt || byAge(left, right);
const byBlocks: Order = (left, right) => right.blockAt - left.blockAt || byAge(left, right);

function hasPing({ pingMs }: EvictionCandidate): boolean {
  return pingMs !== null;
}

function gaveTransactions({ transactionAt }: EvictionCandidate): boolean {
  return transactionAt > Number.NEGATIVE_INFINITY;
}

function gaveBlocks({ blockAt }: EvictionCandidate): boolean {
  return blockAt > Number.NEGATIVE_INFINITY;
}

/** `rest` without the first `count` of `some` in an order. */
function spare(
  some: readonly EvictionCandidate[],
  count: number,
  order: Order,
  rest: readonly EvictionCandidate[],
): EvictionCandidate[] {
  const spared = firstOf(some, count, order);
  return rest.filter((each) => !spared.has(each));
}

/** The first `count` in an order. One pass with a short list: a whole sort costs more than all the rest of this file. */
function firstOf(some: readonly EvictionCandidate[], count: number, order: Order): ReadonlySet<EvictionCandidate> {
  if (some.length <= count) return new Set(some);
  const first: EvictionCandidate[] = [];
  for (const each of some) {
    if (first.length === count && (count === 0 || order(each, first[count - 1]!) >= 0)) continue;
    let at = first.length;
    while (at > 0 && order(each, first[at - 1]!) < 0) at--;
    first.splice(at, 0, each);
    if (first.length > count) first.pop();
  }
  return new Set(first);
}

/** The longest connected of each of the groups with the highest keys stays. */
function spareGroups(rest: readonly EvictionCandidate[]): EvictionCandidate[] {
  const oldest = new Map<number, EvictionCandidate>();
  for (const each of rest) {
    const other = oldest.get(each.group);
    if (!other || byAge(each, other) < 0) oldest.set(each.group, each);
  }
  return spare([...oldest.values()], SPARED_GROUPS, (left, right) => right.group - left.group, rest);
}

/** Half of what is left stays for its age; of these places, half are for networks that are rare. */
function spareOldest(all: readonly EvictionCandidate[]): EvictionCandidate[] {
  const places = Math.floor(all.length * SPARED_SHARE_BY_AGE);
  const networks = [...Map.groupBy(all, ({ network }) => network)];
  const rare = networks.sort(([a, left], [b, right]) => left.length - right.length || a - b).slice(0, -1);
  let reserved = Math.floor(places * SPARED_SHARE_BY_NETWORK);
  let rest = [...all];
  for (const [index, [, members]] of rare.entries()) {
    const share = Math.min(members.length, Math.floor(reserved / (rare.length - index)));
    rest = spareByAge(members, share, rest);
    reserved -= share;
  }
  return spareByAge(rest, places - (all.length - rest.length), rest);
}

/** `rest` without the `count` oldest of `some`. Numbers alone are sorted: a tenth of the time. */
function spareByAge(
  some: readonly EvictionCandidate[],
  count: number,
  rest: readonly EvictionCandidate[],
): EvictionCandidate[] {
  const youngestSpared = Float64Array.from(some, ({ id }) => id).sort()[count - 1];
  if (youngestSpared === undefined) return [...rest];
  const among = some === rest ? undefined : new Set(some);
  return rest.filter((each) => each.id > youngestSpared || (among !== undefined && !among.has(each)));
}

function youngestOfLargestGroup(rest: readonly EvictionCandidate[]): EvictionCandidate | undefined {
  const groups = new Map<number, { size: number; youngest: EvictionCandidate }>();
  for (const each of rest) {
    const group = groups.get(each.group);
    if (!group) groups.set(each.group, { size: 1, youngest: each });
    else {
      group.size++;
      if (each.id > group.youngest.id) group.youngest = each;
    }
  }
  let largest: { size: number; youngest: EvictionCandidate } | undefined;
  for (const group of groups.values()) {
    const difference = largest ? group.size - largest.size || group.youngest.id - largest.youngest.id : 1;
    if (difference > 0) largest = group;
  }
  return largest?.youngest;
}
