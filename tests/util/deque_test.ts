import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Deque } from "../../src/util/deque.ts";
import { fc } from "../support/properties.ts";

test("deque: an empty one has nothing to give, before and after it was used", () => {
  const deque = new Deque<number>();
  assertEquals([deque.length, deque.peek(), deque.shift()], [0, undefined, undefined]);
  deque.push(1);
  assertEquals([deque.length, deque.peek(), deque.shift(), deque.shift(), deque.length], [1, 1, 1, undefined, 0]);
  deque.clear();
  assertEquals([deque.peek(), deque.shift()], [undefined, undefined]);
});

test("deque: whatever is done to it, it is a list whose first leaves first", () => {
  const action = fc.oneof(
    { weight: 5, arbitrary: fc.constant("push" as const) },
    { weight: 4, arbitrary: fc.constant("shift" as const) },
    { weight: 1, arbitrary: fc.constantFrom("clear" as const, "replace" as const) },
  );
  fc.assert(fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
    const deque = new Deque<number>();
    let list: number[] = [];
    for (const [number, act] of actions.entries()) {
      if (act === "push") list.push(number);
      if (act === "push") deque.push(number);
      if (act === "shift") assertEquals(deque.shift(), list.shift());
      if (act === "clear") list = [];
      if (act === "clear") deque.clear();
      if (act === "replace" && list.length > 0) {
        list[list.length - 1] = -number;
        deque.replaceLast(-number);
      }
      assertEquals([deque.length, deque.peek()], [list.length, list[0]]);
    }
  }));
});
