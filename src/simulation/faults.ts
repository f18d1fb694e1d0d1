import { below, pick, type Random } from "./chance.ts";
import { MAX_CLOCK_SKEW_MS } from "./params.ts";
import { plantRogue, type RogueName, ROGUES } from "./rogues.ts";
import type { World } from "./world.ts";

const SECOND = 1000;
const SHORTEST_MS = 1 * SECOND;
const SLOW_LATENCY_MS = 1500;
const SLOW_LOSS_RATE = 0.2;
const SLOW_BYTES_PER_SECOND = 4000;
const ROGUE_NAMES = Object.keys(ROGUES) as RogueName[];
/** Rogues come from the address space of others; those who eclipse, from one network. */
const ROGUE_PREFIX = "9.";

/** Bits of a number that the shifts of the language take and leave positive. */
const MAX_SIDES = 31;

interface Span {
  /** Virtual milliseconds after the start. */
  readonly atMs: number;
  readonly forMs: number;
}

/** Something that goes wrong. Members are named by number; a smaller network takes the remainder. */
export type Fault =
  & Span
  & (
    | { readonly kind: "crash"; readonly node: number; readonly silently: boolean }
    | { readonly kind: "stop"; readonly node: number }
    /** One bit a member, and from the 32nd on the same bits again: which side it is on. */
    | { readonly kind: "partition"; readonly sides: number }
    | { readonly kind: "cut"; readonly from: number; readonly to: number }
    | { readonly kind: "slow-way"; readonly from: number; readonly to: number }
    | { readonly kind: "clock"; readonly node: number; readonly aheadMs: number }
    | { readonly kind: "rogue"; readonly host: string; readonly name: RogueName; readonly silently: boolean }
  );

type KindOf<K extends Fault["kind"]> = Extract<Fault, { kind: K }>;

const MAKERS: { readonly [K in Fault["kind"]]: (random: Random, nodes: number, span: Span, number: number) => Fault } =
  {
    "crash": (random, nodes, span) => ({
      ...span,
      kind: "crash",
      node: below(random, nodes),
      silently: random() < 1 / 2,
    }),
    "stop": (random, nodes, span) => ({ ...span, kind: "stop", node: below(random, nodes) }),
    "partition": (random, nodes, span) => ({
      ...span,
      kind: "partition",
      sides: below(random, 2 ** Math.min(nodes, MAX_SIDES)),
    }),
    "cut": (random, nodes, span) => ({ ...span, kind: "cut", from: below(random, nodes), to: below(random, nodes) }),
    "slow-way": (random, nodes, span) => ({
      ...span,
      kind: "slow-way",
      from: below(random, nodes),
      to: below(random, nodes),
    }),
    "clock": (random, nodes, span) => ({
      ...span,
      kind: "clock",
      node: below(random, nodes),
      aheadMs: (2 * random() - 1) * MAX_CLOCK_SKEW_MS,
    }),
    "rogue": (random, _nodes, span, number) => ({
      ...span,
      kind: "rogue",
      host: `${ROGUE_PREFIX}${number}.0.1`,
      name: pick(random, ROGUE_NAMES),
      silently: random() < 1 / 2,
    }),
  };
const KINDS = Object.keys(MAKERS) as Fault["kind"][];

export interface FaultPlan {
  readonly count: number;
  /** They begin within this time. */
  readonly withinMs: number;
  readonly longestMs: number;
}

/** Faults of all kinds. */
export function planFaults(random: Random, nodes: number, plan: FaultPlan): readonly Fault[] {
  return Array.from({ length: plan.count }, (_, number) => {
    const span = { atMs: random() * plan.withinMs, forMs: SHORTEST_MS + random() * (plan.longestMs - SHORTEST_MS) };
    return MAKERS[pick(random, KINDS)](random, nodes, span, number);
  });
}

/** Hosts on which rogues will be: they are in the directory from the beginning. */
export function rogueHosts(faults: readonly Fault[]): string[] {
  return faults.filter((fault): fault is KindOf<"rogue"> => fault.kind === "rogue").map(({ host }) => host);
}

const ACTS: { readonly [K in Fault["kind"]]: (world: World, fault: KindOf<K>) => () => void } = {
  "crash": (world, { node, silently }) => {
    const member = memberOf(world, node);
    world.crash(member, silently);
    return () => world.start(member);
  },
  "stop": (world, { node }) => {
    const member = memberOf(world, node);
    world.leave(member);
    return () => world.start(member);
  },
  "partition": (world, { sides }) => {
    const hosts = world.members.filter(({ index }) => (sides >> (index % MAX_SIDES)) & 1).map(({ host }) => host);
    world.network.partition([hosts]);
    return () => world.network.heal();
  },
  "cut": (world, { from, to }) => {
    world.network.cut(memberOf(world, from).host, memberOf(world, to).host);
    return () => world.network.heal();
  },
  "slow-way": (world, { from, to }) => {
    const [here, there] = [memberOf(world, from).host, memberOf(world, to).host];
    world.network.setRoute(here, there, {
      latencyMs: SLOW_LATENCY_MS,
      jitterMs: SLOW_LATENCY_MS,
      lossRate: SLOW_LOSS_RATE,
      bandwidthBytesPerSecond: SLOW_BYTES_PER_SECOND,
    });
    return () => world.network.setRoute(here, there, world.geography.linkOf(here, there));
  },
  "clock": (world, { node, aheadMs }) => {
    world.network.setClock(memberOf(world, node).host, aheadMs);
    return () => {
      // A clock that is wrong stays wrong.
    };
  },
  "rogue": (world, { host, name, silently }) => {
    plantRogue(world, host, name);
    return () => world.network.kill(host, { silently });
  },
};

/** Lets the faults happen when they are due, each for its time. */
export function scheduleFaults(world: World, faults: readonly Fault[]): void {
  const { after } = world.network.env(DIRECTOR);
  for (const fault of faults) {
    after(fault.atMs, () => {
      world.watch.expectTrouble(fault.forMs);
      const end = (ACTS[fault.kind] as (world: World, fault: Fault) => () => void)(world, fault);
      after(fault.forMs, end);
    });
  }
}

/** A host that nobody can reach: its timers are the stage hands. */
const DIRECTOR = "director";

function memberOf({ members }: World, number: number) {
  return members[number % members.length]!;
}
