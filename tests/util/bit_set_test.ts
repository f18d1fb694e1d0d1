import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { BitSet } from "../../src/util/bit_set.ts";

const VALUES = [0, 1, 30, 31, 32, 63, 64, 1000];

test("bit set: it holds what was added and nothing else", () => {
  const set = new BitSet();
  VALUES.forEach((value, i) => {
    set.add(value);
    for (let each = 0; each < 1100; each++) assertEquals(set.has(each), VALUES.slice(0, i + 1).includes(each));
  });
});

test("bit set: subtracting takes out what the other holds, whichever is larger", () => {
  for (const gone of [[31, 64], [0, 5000], VALUES]) {
    const [set, other] = [new BitSet(), new BitSet()];
    for (const value of VALUES) set.add(value);
    for (const value of gone) other.add(value);
    set.subtract(other);
    assertEquals(VALUES.filter((value) => set.has(value)), VALUES.filter((value) => !gone.includes(value)));
  }
});
