import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { INITIAL_STATE, type KeyContext, KEYS, type LiveState, press } from "../../../src/cli/live/state.ts";

const CONTEXT: KeyContext = {
  columns: ["id", "ping", "agent"],
  rows: 25,
  pageRows: 10,
  checkFilter(condition) {
    if (!condition.includes("=")) throw new Error(`no condition: ${condition}`);
  },
};

function after(keys: readonly string[], state: LiveState = INITIAL_STATE): LiveState {
  return keys.reduce((before, key) => press(before, key, CONTEXT), state);
}

test("live: s and S go through the columns, r turns the order round", () => {
  const sorts = [["s"], ["s", "s"], ["s", "s", "s", "s"], ["S"], ["s", "S"], ["s", "r"], ["s", "r", "r"], ["r"]];
  assertEquals(
    sorts.map((keys) => after(keys).sort),
    ["id:desc", "ping:desc", "id:desc", "agent:desc", "agent:desc", "id:asc", "id:desc", undefined],
  );
});

test("live: a filter is typed, applied by Enter, added to others, and taken back by Escape", () => {
  assertEquals(after(["/", ..."id=1"]).typing, "id=1");
  assertEquals(after(["/", ..."id=12", "backspace", "return"]).filter, ["id=1"]);
  const two = after(["/", ..."id=1", "return", "/", ..."ping=q", "return"]);
  assertEquals([two.filter, two.typing, two.isDone], [["id=1", "ping=q"], undefined, undefined]);
  assertEquals(after(["escape"], two).filter, []);
  assertEquals(after(["/", ..."id=2", "escape"], two).filter, two.filter);
  assertEquals(after(["/", "return"], two).filter, []);
});

test("live: what is wrong with a filter is said until the next key", () => {
  const wrong = after(["/", ..."ping", "return"]);
  assertEquals([wrong.complaint, wrong.filter], ["no condition: ping", []]);
  assertEquals(after(["x"], wrong).complaint, undefined);
});

test("live: the table scrolls within its rows", () => {
  const offsets = [["down"], ["up"], ["pagedown"], ["pagedown", "pagedown"], ["end"], ["end", "up"], ["end", "home"]];
  assertEquals(offsets.map((keys) => after(keys).offset), [1, 0, 10, 15, 15, 14, 0]);
});

test("live: pause, help and the two ends", () => {
  assertEquals([after(["d"]).showsDoctor, after(["d", "d"]).showsDoctor], [true, false]);
  assertEquals([after(["p"]).isPaused, after(["p", " "]).isPaused], [true, false]);
  const help = after(["?"]);
  assertEquals([help.showsHelp, after(["s"], help).showsHelp, after(["s"], help).sort], [true, false, undefined]);
  assertEquals([after(["q"]).isDone, after(["q"], help).isDone], ["quit", "quit"]);
  for (const before of [INITIAL_STATE, help, after(["/", "a"])]) {
    assertEquals(after(["ctrl-c"], before).isDone, "interrupted");
  }
});

test("live: no key means two things", () => {
  const keys = KEYS.flatMap((row) => row.keys);
  assertEquals(new Set(keys).size, keys.length);
});
