import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { BucketTable } from "../../../src/net/address_book/bucket_table.ts";
import { fc } from "../../support/properties.ts";

const SLOTS = 8;
/** Several segments, each of several buckets. */
const MAX_SLOT = SLOTS * 200 - 1;
/** Near each other, so that buckets fill and empty again. */
const slot = fc.oneof(fc.integer({ min: 0, max: 3 * SLOTS }), fc.integer({ min: 0, max: MAX_SLOT }));

test("bucket table: whatever is put and cleared, it holds what a plain map holds, and picks as one would", () => {
  const history = fc.array(fc.record({ slot, isPut: fc.boolean() }), { maxLength: 200 });
  const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(fc.property(history, fc.array(fc.tuple(chance, chance), { maxLength: 20 }), (steps, chances) => {
    const table = new BucketTable<string>(SLOTS);
    const plain = new Map<number, string>();
    for (const { slot, isPut } of steps) {
      if (plain.has(slot) === isPut) continue;
      if (isPut) {
        plain.set(slot, `${slot}`);
        table.put(slot, `${slot}`);
      } else {
        plain.delete(slot);
        table.clear(slot);
      }
    }
    assertEquals(table.size, plain.size);
    const buckets = new Set([...plain.keys()].map((slot) => table.bucketOf(slot)));
    assertEquals(table.occupiedBuckets, buckets.size);
    for (const { slot } of steps) assertEquals(table.get(slot), plain.get(slot));
    if (plain.size === 0) return;
    const picked = new Set<number>();
    for (let i = 0; i < buckets.size; i++) {
      const bucket = table.bucketOf(Number(table.pick(drawing((i + 1 / 2) / buckets.size, 0))));
      picked.add(bucket);
    }
    // Every bucket by one part of the chance.
    assertEquals(picked, buckets);
    for (const [which, start] of chances) {
      const value = Number(table.pick(drawing(which, start)));
      const first = table.bucketOf(value) * SLOTS;
      const next = Array.from({ length: SLOTS }, (_, i) => first + (Math.floor(start * SLOTS) + i) % SLOTS);
      assertEquals(value, next.find((slot) => plain.has(slot)));
    }
  }));
});

/** These numbers, one after the other. */
function drawing(...numbers: readonly number[]): () => number {
  const left = [...numbers];
  return () => left.shift()!;
}
