import { test } from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Candidate } from "../../../src/net/balancing/candidate.ts";
import { STRATEGIES, type StrategyName } from "../../../src/net/balancing/strategies.ts";
import { fc } from "../../support/properties.ts";
import { createSeededRandom } from "../../support/random.ts";

function candidate(id: number, changes: Partial<Candidate> = {}): Candidate {
  return {
    id,
    identity: `peer-${id}`,
    name: `peer-${id}:1`,
    outstanding: 0,
    latencyMs: 10,
    health: 1,
    weight: 1,
    region: "",
    load: 0,
    isDraining: false,
    breaker: "closed",
    ...changes,
  };
}

/** How often each id is chosen out of `turns`. `work`: whether what is chosen stays busy. */
function tally(
  name: StrategyName,
  candidates: readonly Candidate[],
  turns: number,
  question: { readonly key?: (turn: number) => string; readonly region?: string; readonly work?: boolean } = {},
): number[] {
  const strategy = STRATEGIES[name]();
  const random = createSeededRandom(7);
  const busy = candidates.map((each) => ({ ...each }));
  const counts = candidates.map(() => 0);
  for (let turn = 0; turn < turns; turn++) {
    const key = question.key?.(turn);
    const chosen = strategy.choose(busy, { ...(key !== undefined && { key }), region: question.region ?? "", random });
    const index = busy.indexOf(chosen);
    counts[index]!++;
    if (question.work) busy[index]!.outstanding++;
  }
  return counts;
}

const anyCandidates = fc.uniqueArray(
  fc.record({
    id: fc.nat(1000),
    outstanding: fc.nat(300),
    latencyMs: fc.oneof(fc.constant(undefined), fc.double({ min: 0, max: 1e6, noNaN: true })),
    health: fc.double({ min: 0.05, max: 1, noNaN: true }),
    weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
    region: fc.constantFrom("", "eu", "us"),
    load: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 20, selector: ({ id }) => id },
).map((all) => all.map(({ id, ...rest }) => candidate(id, rest)));

for (const name of Object.keys(STRATEGIES) as StrategyName[]) {
  test(`strategy ${name}: whatever the candidates are, it chooses one of them`, { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anyCandidates, fc.string(), fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })), (
        candidates,
        key,
        stream,
      ) => {
        const strategy = STRATEGIES[name]();
        const random = () => stream.next().value;
        for (let i = 0; i < 5; i++) {
          assert(candidates.includes(strategy.choose(candidates, { key, region: "eu", random })));
        }
      }),
    );
  });
}

test("strategy round-robin: everybody once before anybody twice, whoever comes and goes", { timeout: 60_000 }, () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat(100), { minLength: 1, maxLength: 12 }), fc.nat(60), (ids, turns) => {
    const counts = tally("round-robin", ids.map((id) => candidate(id)), turns);
    assert(Math.max(...counts) - Math.min(...counts) <= 1);
  }));
  const strategy = STRATEGIES["round-robin"]();
  const choose = (...ids: number[]) =>
    strategy.choose(ids.map((id) => candidate(id)), { region: "", random: () => 0 }).id;
  assertEquals([choose(1, 2, 3), choose(1, 3), choose(1, 3, 4), choose(1, 2)], [1, 3, 4, 1]);
});

test("strategy weighted: shares are as the weights, and spread out", { timeout: 60_000 }, () => {
  const candidates = [candidate(1, { weight: 5 }), candidate(2, { weight: 1 }), candidate(3, { weight: 1 })];
  assertEquals(tally("weighted", candidates, 700), [500, 100, 100]);
  assertEquals(tally("weighted", candidates, 7), [5, 1, 1]);
  assertEquals(tally("weighted", candidates, 3)[0], 2, "the heavy one does not come five times in a row");
});

test("strategy least-outstanding: work ends up even, by weight, and equals share alike", { timeout: 60_000 }, () => {
  assertEquals(tally("least-outstanding", [1, 2, 3].map((id) => candidate(id)), 300, { work: true }), [100, 100, 100]);
  const heavy = [candidate(1, { weight: 2 }), candidate(2)];
  const [first, second] = tally("least-outstanding", heavy, 300, { work: true });
  assert(Math.abs(first! - 200) <= 1 && Math.abs(second! - 100) <= 1, `${first}, ${second}`);
  const equal = tally("least-outstanding", [1, 2, 3, 4].map((id) => candidate(id)), 4000);
  for (const count of equal) assert(Math.abs(count - 1000) < 150, `${equal}`);
});

test(
  "strategy least-latency: the fastest; one that was never measured is tried while it is idle",
  { timeout: 60_000 },
  () => {
    const measured = [candidate(1, { latencyMs: 30 }), candidate(2, { latencyMs: 20 })];
    assertEquals(tally("least-latency", measured, 10), [0, 10]);
    assertEquals(tally("least-latency", [...measured, candidate(3, { latencyMs: undefined })], 10, { work: true }), [
      0,
      9,
      1,
    ]);
  },
);

test("strategy consistent-hash: the same key, the same peer; a peer that leaves moves its keys only", {
  timeout: 60_000,
}, () => {
  const all = Array.from({ length: 10 }, (_, id) => candidate(id));
  const random = () => 0;
  const strategy = STRATEGIES["consistent-hash"]();
  const ownerOf = (candidates: readonly Candidate[], key: string) =>
    strategy.choose(candidates, { key, region: "", random }).id;
  const keys = Array.from({ length: 2000 }, (_, i) => `key-${i}`);
  const shares = all.map(({ id }) => keys.filter((key) => ownerOf(all, key) === id).length);
  for (const share of shares) assert(share > 120 && share < 290, `uneven: ${shares}`);
  for (const key of keys) {
    const owner = ownerOf(all, key);
    const without = ownerOf(all.filter(({ id }) => id !== 4), key);
    assert(without === owner || owner === 4, "only keys of the one that left move");
    const joined = ownerOf([...all, candidate(77)], key);
    assert(joined === owner || joined === 77, "keys move only to the one that joined");
  }
});

test("strategy consistent-hash: peers of one identity share its keys, and only its keys", () => {
  const all = [candidate(0), candidate(1), ...[2, 3, 4].map((id) => candidate(id, { identity: "peer-1" }))];
  const alone = all.slice(0, 2);
  const counts = tally("consistent-hash", all, 400, { key: (turn) => `key-${turn}` });
  const [others] = tally("consistent-hash", alone, 400, { key: (turn) => `key-${turn}` });
  assertEquals(counts[0], others);
  for (const count of counts.slice(1)) assert(count > 20, `uneven: ${counts}`);
});

test("strategy consistent-hash: one hot key does not bury its peer", { timeout: 60_000 }, () => {
  const counts = tally("consistent-hash", [1, 2, 3, 4].map((id) => candidate(id)), 400, {
    key: () => "hot",
    work: true,
  });
  assert(Math.max(...counts) <= 126, `${counts}`);
});

test("strategy region-aware: its own region, and others where it has nobody", { timeout: 60_000 }, () => {
  const candidates = [candidate(1, { region: "eu" }), candidate(2, { region: "us" }), candidate(3)];
  assertEquals(tally("region-aware", candidates, 50, { region: "us" }), [0, 50, 0]);
  assertEquals(tally("region-aware", candidates, 300, { region: "asia" }).every((count) => count > 0), true);
  assertEquals(tally("region-aware", candidates, 300).every((count) => count > 0), true, "no region is no region");
});

test("strategy resource-based: the free do more than the busy", { timeout: 60_000 }, () => {
  const [free, half, full] = tally(
    "resource-based",
    [candidate(1, { load: 0 }), candidate(2, { load: 0.5 }), candidate(3, { load: 1 })],
    3000,
  );
  assert(free! > half! && half! > full! && full === 0, `${free}, ${half}, ${full}`);
});

test(
  "strategy adaptive: a slow or failing peer gets little, and the work of equals is even",
  { timeout: 60_000 },
  () => {
    const uneven = tally(
      "adaptive",
      [candidate(1), candidate(2, { latencyMs: 1000 }), candidate(3, { health: 0.05 }), candidate(4)],
      1000,
      { work: true },
    );
    // Both bad ones are drawn together in a sixth of the cases, and one of them must do it then.
    assert(uneven[1]! < 60 && uneven[2]! < 220, `${uneven}`);
    const even = tally("adaptive", Array.from({ length: 8 }, (_, id) => candidate(id)), 8000, { work: true });
    for (const count of even) assertAlmostEquals(count, 1000, 25);
  },
);
