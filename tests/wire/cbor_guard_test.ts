import { test } from "node:test";
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes, assertThrows } from "@std/assert";
import { concatBytes, MalformedBytes } from "../../src/util/bytes.ts";
import { bytesToHex, hexToBytes } from "../../src/util/hex.ts";
import { checkCbor, MAX_CBOR_DEPTH } from "../../src/wire/cbor_guard.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../src/wire/cbor.ts";
import { fc } from "../support/properties.ts";

const MAX_ITEMS = 1000;

function check(bytes: Uint8Array): void {
  checkCbor(bytes, 0, bytes.length, MAX_ITEMS);
}

function refusal(bytes: Uint8Array): string {
  return assertThrows(() => check(bytes), MalformedBytes).message;
}

const ALLOWED: readonly (readonly [name: string, hex: string])[] = [
  ["0", "00"],
  ["23", "17"],
  ["24", "1818"],
  ["255", "18ff"],
  ["256", "190100"],
  ["65535", "19ffff"],
  ["65536", "1a00010000"],
  ["2^32 − 1", "1affffffff"],
  ["2^32", "1b0000000100000000"],
  ["2^64 − 1", "1bffffffffffffffff"],
  ["no bytes", "40"],
  ["bytes", "43010203"],
  ["no text", "60"],
  ["text of 1 to 4 bytes a character", "6a41c3bce282acf09f9880"],
  ["a byte order mark inside a text", "6441efbbbf"],
  ["no items", "80"],
  ["arrays and simple values", "8483f4f5f68181800040"],
  ["24 items", "9818" + "00".repeat(24)],
  ["256 bytes", "590100" + "00".repeat(256)],
];

for (const [name, hex] of ALLOWED) {
  test(`cbor guard: ${name} may pass`, () => check(hexToBytes(hex)));
}

const REFUSED: readonly (readonly [name: string, hex: string, why: string])[] = [
  ["nothing", "", "ends within"],
  ["a negative integer", "20", "a negative integer"],
  ["a map", "a0", "a map"],
  ["a map with a key twice", "a2000100ff", "a map"],
  ["a tag", "c000", "a tag"],
  ["tag 55799 in front", "d9d9f700", "a tag"],
  ["a packed table, tag 51", "d83384808080f6", "a tag"],
  ["a shared value, tag 28", "d81c80", "a tag"],
  ["a record definition, tag 105", "d8698080", "a tag"],
  ["undefined", "f7", "simple value"],
  ["simple value 0", "e0", "simple value"],
  ["simple value 32", "f820", "simple value"],
  ["false in two bytes", "f814", "simple value"],
  ["a float of 16 bits", "f93c00", "float"],
  ["a float of 32 bits", "fa3f800000", "float"],
  ["a float of 64 bits", "fb3ff0000000000000", "float"],
  ["a break alone", "ff", "simple value"],
  ["an indefinite array", "9f00ff", "indefinite"],
  ["indefinite bytes", "5f4100ff", "indefinite"],
  ["indefinite text", "7f6100ff", "indefinite"],
  ["a reserved length", "1c", "reserved"],
  ["23 in two bytes", "1817", "shortest form"],
  ["255 in three bytes", "1900ff", "shortest form"],
  ["65535 in five bytes", "1a0000ffff", "shortest form"],
  ["2^32 − 1 in nine bytes", "1b00000000ffffffff", "shortest form"],
  ["a length of 0 in two bytes", "5800", "shortest form"],
  ["a count of 1 in two bytes", "980100", "shortest form"],
  ["bytes after the item", "0000", "after the CBOR item"],
  ["an integer cut short", "19ff", "ends within"],
  ["bytes cut short", "4201", "bytes left"],
  ["text cut short", "6241", "bytes left"],
  ["an array cut short", "8200", "bytes left"],
  ["bytes of 2^64 − 1", "5bffffffffffffffff", "bytes left"],
  ["2^64 − 1 items", "9bffffffffffffffff", "bytes left"],
  ["a lone lead byte", "61c3", "UTF-8"],
  ["a lone following byte", "6180", "UTF-8"],
  ["an overlong character", "62c080", "UTF-8"],
  ["an overlong character of three bytes", "63e08080", "UTF-8"],
  ["half of a surrogate pair", "63eda080", "UTF-8"],
  ["a character above U+10FFFF", "64f4908080", "UTF-8"],
  ["byte ff in a text", "61ff", "UTF-8"],
  ["a byte order mark in front of a text", "64efbbbf41", "byte order mark"],
];

for (const [name, hex, why] of REFUSED) {
  test(`cbor guard: ${name} is refused`, () => assertStringIncludes(refusal(hexToBytes(hex)), why));
}

test("cbor guard: looks at the given range only", () => {
  const bytes = hexToBytes("ff8101ff");
  checkCbor(bytes, 1, 3, MAX_ITEMS);
  assertThrows(() => checkCbor(bytes, 1, 2, MAX_ITEMS), MalformedBytes);
  assertThrows(() => checkCbor(bytes, 1, 4, MAX_ITEMS), MalformedBytes);
});

test("cbor guard: arrays nest to the limit and not beyond", () => {
  check(hexToBytes("81".repeat(MAX_CBOR_DEPTH) + "00"));
  assertStringIncludes(refusal(hexToBytes("81".repeat(MAX_CBOR_DEPTH + 1) + "00")), "too deeply");
});

test("cbor guard: neighbours do not count as nesting", () => {
  check(hexToBytes("9864" + "8100".repeat(100)));
});

test("cbor guard: counts every item, arrays included", () => {
  const bytes = hexToBytes("83008101820203");
  checkCbor(bytes, 0, bytes.length, 7);
  assertThrows(() => checkCbor(bytes, 0, bytes.length, 6), MalformedBytes, "too many");
});

/** What each of these does to a general decoder: seconds to minutes of work, gigabytes, or an exhausted stack. */
const DANGEROUS: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["a bignum of 100 KB", concatBytes([hexToBytes("c25a000186a0"), new Uint8Array(100_000).fill(0xff)])],
  ["a bignum within an array", concatBytes([hexToBytes("81c25a000186a0"), new Uint8Array(100_000).fill(0xff)])],
  ["a typed array of 2 GB in 19 bytes", hexToBytes("d840a1666275666665721a77359400")],
  ["a packed table of 20 KB", concatBytes([hexToBytes("d83383994e20"), new Uint8Array(20_000).fill(0xe0)])],
  ["packed references of 104 KB", concatBytes([hexToBytes("9a00019640"), new Uint8Array(104_000).fill(0xe0)])],
  ["arrays nested 5,000 deep", new Uint8Array(5000).fill(0x81)],
  ["maps nested 5,000 deep", new Uint8Array(5000).fill(0xa1)],
  ["tags nested 5,000 deep", new Uint8Array(5000).fill(0xc1)],
  ["indefinite arrays nested 5,000 deep", new Uint8Array(5000).fill(0x9f)],
  ["a key that is there 10,000 times", concatBytes([hexToBytes("b92710"), new Uint8Array(20_000)])],
  ["an array of 2^32 − 1 items", hexToBytes("9affffffff00")],
  ["counts that promise more than there is, again and again", hexToBytes("98c8".repeat(5000))],
  ["more items than any message has", concatBytes([hexToBytes("9a000f4240"), new Uint8Array(1_000_000)])],
  [
    "bad UTF-8 at the end of a megabyte",
    concatBytes([hexToBytes("7a000f4240"), new Uint8Array(999_999), hexToBytes("ff")]),
  ],
];

for (const [name, bytes] of DANGEROUS) {
  test(`cbor guard: ${name}: refused, no byte looked at twice, and never shown to the decoder`, () => {
    const { counted, work } = countWork(bytes);
    assertThrows(() => checkCbor(counted, 0, bytes.length, MAX_ITEMS), MalformedBytes);
    assertLessOrEqual(work(), bytes.length);
    const error = assertThrows(() => decodeCbor(bytes, 0, bytes.length, MAX_ITEMS), MalformedBytes);
    assert(!error.message.startsWith("CBOR refused"), error.message);
  });
}

test("cbor guard: a tag is refused by its first byte, however long what it tags", () => {
  const bytes = concatBytes([hexToBytes("c25a000186a0"), new Uint8Array(100_000)]);
  const { counted, work } = countWork(bytes);
  assertThrows(() => checkCbor(counted, 0, bytes.length, MAX_ITEMS), MalformedBytes);
  assertEquals(work(), 1);
});

test("cbor guard: does not look into byte strings", () => {
  const bytes = concatBytes([hexToBytes("815a000f4240"), new Uint8Array(1_000_000)]);
  const { counted, work } = countWork(bytes);
  checkCbor(counted, 0, bytes.length, MAX_ITEMS);
  assertEquals(work(), 6);
});

test("cbor guard: looks at no byte twice, whatever the bytes (property)", () => {
  fc.assert(fc.property(almostCbor(), (bytes) => {
    const { counted, work } = countWork(bytes);
    try {
      checkCbor(counted, 0, bytes.length, MAX_ITEMS);
    } catch (error) {
      assert(error instanceof MalformedBytes, String(error));
    }
    assertLessOrEqual(work(), bytes.length);
  }));
});

test("cbor: every value of the subset comes back as it was (property)", () => {
  fc.assert(fc.property(cborValue(), (value) => {
    const bytes = Uint8Array.from(encodeCbor(value));
    assertEquals(decodeCbor(bytes, 0, bytes.length, 100_000), value);
  }));
});

test("cbor: what the guard lets pass has one spelling (property)", () => {
  let passed = 0;
  fc.assert(
    fc.property(almostCbor(), (bytes) => {
      let value: CborValue;
      try {
        value = decodeCbor(bytes, 0, bytes.length, MAX_ITEMS);
      } catch (error) {
        assert(error instanceof MalformedBytes && !error.message.startsWith("CBOR refused"), String(error));
        return;
      }
      passed += 1;
      assertEquals(bytesToHex(Uint8Array.from(encodeCbor(value))), bytesToHex(bytes));
    }),
    { numRuns: 2000 },
  );
  assert(passed > 100, `only ${passed} inputs passed`);
});

/** The bytes, and how many of them were read by index or handed out as a view. */
function countWork(bytes: Uint8Array): { counted: Uint8Array; work: () => number } {
  let reads = 0;
  const counted = new Proxy(bytes, {
    get(target, key) {
      if (key === "subarray") {
        return (start: number, end: number) => {
          reads += end - start;
          return target.subarray(start, end);
        };
      }
      if (typeof key === "string" && /^\d+$/.test(key)) reads += 1;
      return Reflect.get(target, key, target);
    },
  });
  return { counted, work: () => reads };
}

function cborValue(): fc.Arbitrary<CborValue> {
  return fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", maxDepth: 8, withCrossShrink: true },
      fc.nat({ max: 0xffff_ffff }),
      fc.nat({ max: 300 }),
      fc.bigInt({ min: 0x1_0000_0000n, max: 0xffff_ffff_ffff_ffffn }),
      fc.string({ unit: "binary", maxLength: 300 }).filter((text) => !text.startsWith("\ufeff")),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie("value"), { maxLength: 30 }),
    ),
  })).value;
}

/** Valid items with some bytes changed, cut or added; and short strings of bytes that begin items. */
function almostCbor(): fc.Arbitrary<Uint8Array> {
  const head = fc.constantFrom(
    0x00,
    0x17,
    0x18,
    0x19,
    0x1a,
    0x40,
    0x41,
    0x60,
    0x61,
    0x80,
    0x81,
    0x82,
    0x98,
    0xf4,
    0xf6,
  );
  const heads = fc.array(fc.oneof({ weight: 6, arbitrary: head }, fc.nat({ max: 255 })), { maxLength: 6 });
  const valid = cborValue().map((value) => Uint8Array.from(encodeCbor(value)));
  const changed = fc.tuple(valid, fc.nat(), fc.nat({ max: 255 })).map(([bytes, at, byte]) => {
    const copy = bytes.slice();
    copy[at % copy.length] = byte;
    return copy;
  });
  const cut = fc.tuple(valid, fc.nat()).map(([bytes, at]) => bytes.slice(0, at % bytes.length));
  return fc.oneof(heads.map((all) => Uint8Array.from(all)), valid, changed, cut);
}
