import { test } from "node:test";
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unreachable,
} from "@std/assert";

class Point {
  readonly x = 1;
  readonly y = 2;
}

/** Each assertion once with something it accepts and once with something it refuses. */
const CASES: readonly (readonly [name: string, accepted: () => void, refused: () => void])[] = [
  ["assert", () => assert(1), () => assert(0, "zero")],
  ["assertFalse", () => assertFalse(""), () => assertFalse("x")],
  ["assertEquals of values", () => assertEquals(1n, 1n), () => assertEquals<unknown>(1, "1")],
  ["assertEquals of records", () => assertEquals({ a: [1] }, { a: [1] }), () => assertEquals({ a: [1] }, { a: [2] })],
  ["assertEquals of bytes", () => assertEquals(bytes(1, 2), bytes(1, 2)), () => assertEquals(bytes(1, 2), bytes(1, 3))],
  ["assertEquals of absent fields", () => assertEquals({}, {}), () => assertEquals<object>({ a: undefined }, {})],
  ["assertEquals of maps", () => assertEquals(map("a"), map("a")), () => assertEquals(map("a"), map("b"))],
  ["assertEquals of NaN", () => assertEquals(NaN, NaN), () => assertEquals(NaN, 0)],
  ["assertNotEquals", () => assertNotEquals([1], [2]), () => assertNotEquals([1], [1])],
  ["assertStrictEquals", () => assertStrictEquals("a", "a"), () => assertStrictEquals([], [])],
  ["assertExists", () => assertExists(0), () => assertExists(null)],
  ["assertInstanceOf", () => assertInstanceOf(new Point(), Point), () => assertInstanceOf({ x: 1, y: 2 }, Point)],
  ["assertMatch", () => assertMatch("peer 7", /\d/), () => assertMatch("peer", /\d/)],
  ["assertStringIncludes", () => assertStringIncludes("abc", "bc"), () => assertStringIncludes("abc", "bd")],
  ["assertArrayIncludes", () => assertArrayIncludes([[1], [2]], [[2]]), () => assertArrayIncludes([1, 2], [2, 3])],
  ["assertGreater", () => assertGreater(2, 1), () => assertGreater(1, 1)],
  ["assertGreaterOrEqual", () => assertGreaterOrEqual(1, 1), () => assertGreaterOrEqual(0, 1)],
  ["assertLess", () => assertLess(1n, 2n), () => assertLess(2n, 2n)],
  ["assertLessOrEqual", () => assertLessOrEqual(2, 2), () => assertLessOrEqual(3, 2)],
  ["assertAlmostEquals", () => assertAlmostEquals(1, 1 + 1e-9), () => assertAlmostEquals(1, 1.001)],
  ["assertAlmostEquals, given how close", () => assertAlmostEquals(1, 2, 1), () => assertAlmostEquals(1, 2, 0.5)],
  ["assertObjectMatch", () => assertObjectMatch({ a: 1, b: 2 }, { a: 1 }), () => assertObjectMatch({ a: 1 }, { a: 2 })],
  [
    "assertObjectMatch of a missing field",
    () => assertObjectMatch({}, {}),
    () => assertObjectMatch({ a: 1 }, { b: 1 }),
  ],
  ["assertObjectMatch at depth", () => matchAtDepth(1), () => matchAtDepth(2)],
  ["assertObjectMatch of an instance", () => matchInstance(1), () => matchInstance(2)],
  ["assertThrows", () => assertThrows(raise), () => assertThrows(() => {})],
  ["assertThrows by class", () => assertThrows(raise, RangeError), () => assertThrows(raise, TypeError)],
  ["assertThrows by text", () => assertThrows(raise, Error, "far"), () => assertThrows(raise, Error, "near")],
  ["assertThrows of an error, not a value", () => assertThrows(raise, Error), () => assertThrows(raiseText, Error)],
  ["fail", () => {}, () => fail("why")],
  ["unreachable", () => {}, () => unreachable("why")],
];

for (const [name, accepted, refused] of CASES) {
  test(`${name}: accepts and refuses`, () => {
    accepted();
    const error = assertThrows(refused, Error);
    assertEquals(error.name, "AssertionError");
  });
}

test("assertThrows: hands back what was thrown", () => {
  assertStrictEquals(assertThrows(raise, RangeError).message, "too far");
  assertStrictEquals(assertThrows(raiseText), "text");
});

test("assertThrows: the caller's note is in the report", () => {
  assertStringIncludes(assertThrows(() => assertEquals(1, 2, "the count"), Error).message, "the count");
});

test("assertRejects: hands back the error of the promise", async () => {
  const error = await assertRejects(() => Promise.reject(new TypeError("no such peer")), TypeError, "such");
  assertEquals(error.message, "no such peer");
});

test("assertRejects: refuses a promise that is kept, one of another class, and a throw before the promise", async () => {
  await assertRejects(() => assertRejects(() => Promise.resolve(1)), Error, "reject");
  await assertRejects(() => assertRejects(() => Promise.reject(new Error("no")), TypeError), Error, "TypeError");
  await assertRejects(() => assertRejects(raise), Error, "Function throws");
});

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function map(key: string): Map<string, number> {
  return new Map([[key, 1]]);
}

function matchInstance(x: number): void {
  assertObjectMatch({ at: new Point() }, { at: { x } });
}

function matchAtDepth(port: number): void {
  assertObjectMatch({ peer: { port: 1, host: "a" }, list: [{ a: 1, b: 2 }] }, { peer: { port }, list: [{ a: 1 }] });
}

function raise(): never {
  throw new RangeError("too far");
}

function raiseText(): never {
  throw "text";
}
