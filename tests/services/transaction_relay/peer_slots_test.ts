import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { PeerSlots } from "../../../src/services/transaction_relay/peer_slots.ts";
import type { BitSet } from "../../../src/util/bit_set.ts";

test("peer slots: no two peers have the same number at a time, and a number comes back only when it was forgotten", () => {
  const forgotten: BitSet[] = [];
  const slots = new PeerSlots((freed) => void forgotten.push(freed));
  const taken = new Set<number>();
  const everTaken = new Set<number>();
  for (let round = 0; round < 1000; round++) {
    const slot = slots.take();
    assert(!taken.has(slot), `${slot} is taken twice`);
    assert(!everTaken.has(slot) || forgotten.some((freed) => freed.has(slot)), `${slot} was not forgotten`);
    taken.add(slot);
    everTaken.add(slot);
    if (taken.size < 5) continue;
    const [leaver] = taken;
    taken.delete(leaver!);
    slots.release(leaver!);
  }
  assert(everTaken.size < 50, `${everTaken.size} numbers for 5 peers`);
});

test("peer slots: numbers are small, the first ones first", () => {
  const slots = new PeerSlots(() => {});
  assertEquals([slots.take(), slots.take(), slots.take()], [0, 1, 2]);
});
