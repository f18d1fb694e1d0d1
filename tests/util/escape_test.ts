import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { escapeText, toSafeJson } from "../../src/util/escape.ts";

const HOSTILE = "\x1b]0;owned\x07\r\n\u009b31m\u202eabc\u2028\u200b\ud800";

test("escapeText: nothing that acts on a terminal or on reading order is left", () => {
  const shown = escapeText(`/Satoshi:0.21.0/${HOSTILE}`);
  assertMatch(shown, /^[\x20-\x7e]+$/);
  assertEquals(shown.startsWith("/Satoshi:0.21.0/\\x1b]0;owned\\x07\\x0d\\x0a\\x9b31m\\u{202e}abc"), true);
});

test("escapeText: ordinary text of any script stays, and a backslash cannot pose as an escape", () => {
  assertEquals(escapeText("Grüße, 世界 😀"), "Grüße, 世界 😀");
  assertEquals(escapeText("\\x1b"), "\\\\x1b");
});

test("toSafeJson: the same value, in printable characters, over as many lines as asked for", () => {
  const value = { name: HOSTILE, list: [1, "é"] };
  for (const indent of [undefined, 2]) {
    const text = toSafeJson(value, indent);
    assertEquals(JSON.parse(text), value);
    assertMatch(text, /^[\x20-\x7e\né]+$/);
  }
});
