import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { ID_SECRET_BYTES, IdTable } from "../../src/util/id_table.ts";
import { fc } from "../support/properties.ts";

const CAPACITY = 16;

interface Step {
  readonly isAdded: boolean;
  readonly low: number;
  readonly high: number;
}

/** Of each, other ids lie around the end of the table, where places go on at the first one. */
const secret = fc.uint8Array({ minLength: ID_SECRET_BYTES, maxLength: ID_SECRET_BYTES });
/** So few that most places are taken, and that what is deleted was there. */
const half = fc.constantFrom(0, 1, 2, 3, 0x8000_0000, 0xffff_ffff);
const steps = fc.array(fc.record<Step>({ isAdded: fc.boolean(), low: half, high: half }), { maxLength: 400 });

test("id table: adding and deleting in any order, it holds what a set would", () => {
  fc.assert(fc.property(secret, steps, (bytes, all) => {
    const table = new IdTable(CAPACITY, bytes);
    const model = new Set<string>();
    for (const { isAdded, low, high } of all) {
      const name = `${low} ${high}`;
      assertEquals(table.has(low, high), model.has(name));
      if (!isAdded) table.delete(low, high);
      else if (!table.isFull) assertEquals(table.add(low, high), !model.has(name));
      if (!isAdded) model.delete(name);
      else if (model.size < CAPACITY) model.add(name);
      assertEquals(table.isFull, model.size === CAPACITY);
    }
    const names = [...model].map((name) => name.split(" ").map(Number) as [number, number]);
    const larger = table.grown();
    assertEquals(names.every((name) => table.has(...name) && larger.has(...name)), true);
  }));
});
