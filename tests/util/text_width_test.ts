import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { fitText, padText, textWidth, wrapText } from "../../src/util/text_width.ts";

test("text width: letters, marks and full-width signs as a terminal shows them", () => {
  assertEquals(["", "abc", "é", "e\u0301", "中文", "한", "🚀", "…"].map(textWidth), [0, 3, 1, 1, 4, 2, 2, 1]);
});

test("text width: what is too long is cut and says so, never beyond its place", () => {
  assertEquals(fitText("abcdef", 6), "abcdef");
  assertEquals(fitText("abcdefg", 6), "abcde…");
  assertEquals(fitText("中文中文", 6), "中文…");
  assertEquals([fitText("abc", 1), fitText("abc", 0)], ["…", ""]);
});

test("text width: filled up on the side that is free", () => {
  assertEquals([padText("中", 4, "left"), padText("7", 3, "right"), padText("long", 2, "left")], [
    "中  ",
    "  7",
    "long",
  ]);
});

test("text width: lines are broken between words", () => {
  assertEquals(wrapText("one two three", 7), ["one two", "three"]);
  assertEquals(wrapText("中文 中文 ab", 7), ["中文", "中文 ab"]);
  assertEquals([wrapText("endless", 3), wrapText("", 3)], [["endless"], [""]]);
});
