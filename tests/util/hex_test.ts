import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { bytesToHex, hexInto, hexToBytes, hexWordAt, isHexOfSize, readHex, spellHex } from "../../src/util/hex.ts";
import { fc } from "../support/properties.ts";

test("hex: bytes come back, by the runtime's own methods and by ours", () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 32, maxLength: 32 })), (bytes) => {
    const text = bytesToHex(bytes);
    const read = new Uint8Array(bytes.length);
    readHex(text.toUpperCase(), read);
    assertEquals(spellHex(bytes), text);
    assertEquals(read, bytes);
    assertEquals(hexToBytes(text), bytes);
    assertEquals(hexToBytes(text.toUpperCase()), bytes);
  }));
  assertEquals(bytesToHex(Uint8Array.of(0, 0x0a, 0xa0, 0xff)), "000aa0ff");
});

test("hex: eight digits at any place are read as a number", () => {
  fc.assert(fc.property(fc.nat(0xffff_ffff), fc.nat(5), (word, at) => {
    const digits = word.toString(16).padStart(8, "0");
    assertEquals(hexWordAt(`${"7".repeat(at)}${digits}7`, at), word);
    assertEquals(hexWordAt(digits.toUpperCase(), 0), word);
  }));
});

test("hex: what is no hex, or not of the size that was asked for, is refused", () => {
  for (const text of ["0", "0g", " 0", "0x", "é0", "00é", "\u{1f600}", "-1", "+1", "1 ", "00:0"]) {
    assertThrows(() => hexToBytes(text), SyntaxError, undefined, text);
    if (text.length % 2 === 0) assertThrows(() => readHex(text, new Uint8Array(text.length / 2)), SyntaxError);
  }
  for (const text of ["0".repeat(63) + "g", "g" + "0".repeat(63), "é" + "0".repeat(63)]) {
    assertThrows(() => readHex(text, new Uint8Array(32)), SyntaxError);
  }
  assertThrows(() => hexInto("0000", new Uint8Array(1)), SyntaxError);
  assertThrows(() => hexInto("00", new Uint8Array(2)), SyntaxError);
});

test("hex: its size is checked with its digits", () => {
  assertEquals(isHexOfSize("00Ff", 2), true);
  assertEquals(isHexOfSize("00ff", 1), false);
  assertEquals(isHexOfSize("00fg", 2), false);
});
