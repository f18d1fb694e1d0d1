import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { chooseEviction, type EvictionCandidate } from "../../src/net/eviction.ts";
import { fc } from "../support/properties.ts";

const NEVER = Number.NEGATIVE_INFINITY;

function candidate(id: number, changes: Partial<EvictionCandidate> = {}): EvictionCandidate {
  return {
    id,
    group: 1,
    network: 1,
    pingMs: null,
    blockAt: NEVER,
    transactionAt: NEVER,
    isBlockOnly: false,
    hasNoban: false,
    isSuspect: false,
    ...changes,
  };
}

function many(count: number, changes: (id: number) => Partial<EvictionCandidate> = () => ({})): EvictionCandidate[] {
  return Array.from({ length: count }, (_, id) => candidate(id, changes(id)));
}

test("eviction: of strangers who are all alike the youngest leaves", { timeout: 60_000 }, () => {
  assertEquals(chooseEviction(many(50)), 49);
});

test("eviction: nobody leaves where everybody has earned a place, or nobody is there", { timeout: 60_000 }, () => {
  assertEquals(chooseEviction([]), undefined);
  assertEquals(chooseEviction(many(4, (id) => ({ group: id }))), undefined);
  assertEquals(chooseEviction(many(50, () => ({ hasNoban: true }))), undefined);
});

test("eviction: the most crowded group loses its youngest, though others are younger", { timeout: 60_000 }, () => {
  const crowd = many(40, () => ({ group: 7 }));
  const others = Array.from({ length: 30 }, (_, i) => candidate(100 + i, { group: 100 + i }));
  assertEquals(chooseEviction([...crowd, ...others]), 39);
});

test("eviction: whose address has faults on record leaves before others", { timeout: 60_000 }, () => {
  assertEquals(chooseEviction(many(50, (id) => ({ isSuspect: id === 40 }))), 40);
});

test(
  "eviction: ten honest peers outlive a storm from one group, whatever they are good at",
  { timeout: 60_000 },
  () => {
    const honest = many(10, (id) => ({ group: 1000 + id, pingMs: 200 }));
    let table = [...honest, ...Array.from({ length: 107 }, (_, i) => candidate(10 + i, { group: 5, pingMs: 0.1 }))];
    for (let id = 117; id < 5117; id++) {
      const leaves = chooseEviction(table);
      table = table.filter((each) => each.id !== leaves);
      table.push(candidate(id, { group: 5, pingMs: 0.1 }));
      assertEquals(table.length, 117);
    }
    assert(honest.every((each) => table.includes(each)));
  },
);

const time = fc.oneof(fc.constant(NEVER), fc.integer({ min: 0, max: 50 }));
const arbitraryTable = fc.array(
  fc.record({
    group: fc.integer({ min: 0, max: 9 }),
    network: fc.integer({ min: 0, max: 4 }),
    pingMs: fc.option(fc.integer({ min: 0, max: 30 })),
    blockAt: time,
    transactionAt: time,
    isBlockOnly: fc.boolean(),
    hasNoban: fc.boolean(),
    isSuspect: fc.boolean(),
  }),
  { maxLength: 80 },
).map((table): EvictionCandidate[] => table.map((each, id) => ({ id, ...each })));

test("eviction: the order of the candidates does not matter", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(arbitraryTable, fc.infiniteStream(fc.nat()), (table, keys) => {
      const shuffled = table.map((each) => [keys.next().value!, each] as const)
        .sort(([left], [right]) => left - right).map(([, each]) => each);
      assertEquals(chooseEviction(shuffled), chooseEviction(table));
    }),
  );
});

/** The first `count` of those that qualify, best first; with the tie rule of the implementation: the older first. */
function best(
  table: readonly EvictionCandidate[],
  count: number,
  qualifies: (each: EvictionCandidate) => boolean,
  badness: (each: EvictionCandidate) => number,
): readonly number[] {
  return table.filter((each) => !each.hasNoban && qualifies(each))
    .sort((left, right) => badness(left) - badness(right) || left.id - right.id)
    .slice(0, count).map(({ id }) => id);
}

test("eviction: the best at anything are never chosen", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(arbitraryTable, (table) => {
      const chosen = chooseEviction(table);
      if (chosen === undefined) return;
      const spared = [
        ...best(table, 8, ({ pingMs }) => pingMs !== null, ({ pingMs }) => pingMs!),
        ...best(table, 4, ({ transactionAt }) => transactionAt > NEVER, ({ transactionAt }) => -transactionAt),
        ...best(table, 4, ({ blockAt }) => blockAt > NEVER, ({ blockAt }) => -blockAt),
        ...best(table, 8, ({ blockAt, isBlockOnly }) => isBlockOnly && blockAt > NEVER, ({ blockAt }) => -blockAt),
        ...table.filter(({ hasNoban }) => hasNoban).map(({ id }) => id),
      ];
      assert(!spared.includes(chosen), `${chosen} of ${spared.join()}`);
    }),
  );
});

test("eviction: somebody is chosen wherever more are there than can be spared", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(arbitraryTable, (table) => {
      const strangers = table.filter(({ hasNoban }) => !hasNoban).length;
      // 4 groups, 8 + 4 + 8 + 4 by merit, half of the rest by age: with 29 strangers at least one is left.
      if (strangers > 28) assert(chooseEviction(table) !== undefined);
    }),
  );
});

test("eviction: of two networks the rare one keeps its oldest peer against any number of older ones", {
  timeout: 60_000,
}, () => {
  const table = [...many(60), candidate(60, { network: 4, group: 2 }), candidate(61, { network: 4, group: 2 })];
  const leaving: number[] = [];
  for (let rest = table; rest.length > 20;) {
    const leaves = chooseEviction(rest)!;
    leaving.push(leaves);
    rest = rest.filter(({ id }) => id !== leaves);
  }
  assert(!leaving.includes(60), leaving.join());
});
