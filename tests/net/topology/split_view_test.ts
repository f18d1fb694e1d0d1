import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { SPLIT_VIEW_INTERVAL_MS, SPLIT_VIEW_MAX_MS } from "../../../src/protocol/partition_params.ts";
import { SplitView } from "../../../src/net/topology/split_view.ts";

/** What is seen at each survey, one after the other. */
function looks(...surveys: readonly (readonly [reachable: number, cutOff: number])[]): boolean[] {
  let at = 0;
  const view = new SplitView(() => ({ reachable: surveys[at]![0], cutOff: surveys[at]![1] }));
  return surveys.map((_, i) => {
    at = i;
    return view.look(i * SPLIT_VIEW_INTERVAL_MS);
  });
}

test("split view: a quarter that is cut off together is a split, a few or a small share are not", () => {
  assertEquals(looks([9, 0], [7, 2], [20, 5], [9, 3], [100, 34]), [false, false, false, true, true]);
});

test("split view: that the others are forgotten heals nothing; that as many are back does", () => {
  assertEquals(looks([10, 10], [10, 0], [14, 0], [15, 0]), [true, true, true, false]);
});

test("split view: who is gone for half an hour has stopped", () => {
  const view = new SplitView(() => ({ reachable: 5, cutOff: now === 0 ? 5 : 0 }));
  let now = 0;
  assertEquals(view.look(now), true);
  assertEquals(view.look(now = SPLIT_VIEW_MAX_MS - 1), true);
  assertEquals(view.look(now = SPLIT_VIEW_MAX_MS + SPLIT_VIEW_INTERVAL_MS), false);
});

test("split view: between two surveys nothing is looked at", () => {
  let count = 0;
  const view = new SplitView(() => {
    count++;
    return { reachable: 1, cutOff: 0 };
  });
  for (let now = 0; now < SPLIT_VIEW_INTERVAL_MS; now += 1000) view.look(now);
  assertEquals(count, 1);
});
