import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { concatBytes, MalformedBytes } from "../../src/util/bytes.ts";
import { TextCache } from "../../src/util/text_cache.ts";
import { fc } from "../support/properties.ts";

const utf8 = new TextEncoder();

test("text cache: texts come back, first and again, also those that share a slot (property)", () => {
  const cache = new TextCache();
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary", maxLength: 20 })), (texts) => {
    for (const text of [...texts, ...texts]) {
      const bytes = concatBytes([Uint8Array.of(1, 2), utf8.encode(text), Uint8Array.of(3)]);
      assertEquals(cache.decode(bytes, 2, bytes.length - 1), text);
      assertEquals(cache.encode(text), utf8.encode(text));
    }
  }));
});

test("text cache: an entry does not change with the chunk that it came from", () => {
  const cache = new TextCache();
  const chunk = utf8.encode("chat");
  cache.decode(chunk, 0, chunk.length);
  chunk[1] = "x".charCodeAt(0);
  assertEquals(cache.decode(chunk, 0, chunk.length), "cxat");
});

test("text cache: what is not UTF-8 is malformed", () => {
  const cache = new TextCache();
  assertThrows(() => cache.decode(Uint8Array.of(0x61, 0xff), 0, 2), MalformedBytes);
  assertThrows(() => cache.decode(Uint8Array.of(0xed, 0xa0, 0x80), 0, 3), MalformedBytes);
});
