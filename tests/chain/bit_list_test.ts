import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { BitList } from "../../src/chain/bit_list.ts";
import { fc } from "../support/properties.ts";

test("bit list: bits come out as they went in, then nothing", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom<0 | 1>(0, 1), { maxLength: 1_000 }), (bits) => {
    const list = new BitList();
    for (const bit of bits) list.push(bit);
    assertEquals(bits.map(() => list.shift()), bits);
    assertEquals(list.shift(), undefined);
  }));
});
