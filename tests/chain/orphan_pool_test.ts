import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { type Orphan, OrphanPool } from "../../src/chain/orphan_pool.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import type { Hash } from "../../src/util/hash.ts";

const PARENT = "a".repeat(64);

function orphan(number: number, sizeBytes?: number, previous: Hash = PARENT): Orphan {
  const raw = sizeBytes === undefined ? undefined : new Uint8Array(sizeBytes);
  return { hash: number.toString(16).padStart(64, "0"), header: { ...REGTEST.genesis, previous }, raw };
}

test("orphan pool: gives out the children of a parent once, in order of arrival", () => {
  const pool = new OrphanPool();
  const [first, second, other] = [orphan(2), orphan(1, 100), orphan(3, 100, "b".repeat(64))];
  for (const each of [first, second, other]) pool.add(each, 0);
  assertEquals([pool.count, pool.sizeBytes], [3, 280]);
  assertEquals(pool.takeChildren(PARENT), [first, second]);
  assertEquals(pool.takeChildren(PARENT), []);
  assertEquals([pool.count, pool.sizeBytes], [1, 100]);
});

test("orphan pool: a block takes the place of its header, and not the other way", () => {
  const pool = new OrphanPool();
  pool.add(orphan(1), 0);
  pool.add(orphan(1, 500), 0);
  pool.add(orphan(1), 0);
  pool.add(orphan(1, 600), 0);
  assertEquals([pool.count, pool.sizeBytes], [1, 500]);
});

test("orphan pool: the oldest leave when there are too many bytes", () => {
  const pool = new OrphanPool();
  for (let i = 1; i <= 5; i++) pool.add(orphan(i, 4_000_000), 0);
  assertEquals([pool.count, pool.sizeBytes], [4, 16_000_000]);
  pool.add(orphan(6), 0);
  assertEquals(pool.takeChildren(PARENT).map((each) => each.raw?.length ?? 80), [4_000_000, 4_000_000, 4_000_000, 80]);
});

test("orphan pool: what waited for 20 minutes leaves, whatever came since", () => {
  const pool = new OrphanPool();
  pool.add(orphan(1), 1_000);
  pool.add(orphan(2), 1_600);
  pool.expire(2_200);
  assertEquals(pool.count, 2);
  pool.expire(2_201);
  assertEquals([pool.count, pool.sizeBytes], [1, 80]);
});
