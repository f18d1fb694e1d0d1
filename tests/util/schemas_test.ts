import { test } from "node:test";
import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { describeIssue, fields, oneOf, wholeNumber } from "../../src/util/schemas.ts";

const count = wholeNumber(1, 9);
const SHOP = fields({
  count,
  colour: v.optional(oneOf(["red", "green"])),
  shelves: v.optional(
    v.pipe(v.array(fields({ count, label: v.optional(v.any()) }), "a list"), v.maxLength(2, "short")),
  ),
  owner: v.optional(v.unknown()),
});

function complaint(value: unknown): string | undefined {
  const { issues } = v.safeParse(SHOP, value, { abortEarly: true });
  return issues && describeIssue(issues[0], "the shop", "field");
}

test("schemas: what is as it should be has no issue, wherever its fields are from", () => {
  assertEquals(complaint({ count: 9, colour: "red", shelves: [{ count: 1 }], owner: new Map() }), undefined);
  class Kiosk {
    get count(): number {
      return 1;
    }
  }
  assertEquals(complaint(new Kiosk()), undefined);
  assertEquals(complaint(Object.create({ count: 10 })), "count must be a whole number from 1 to 9: received 10");
});

test("schemas: an issue says where, what it must be, and what was received", () => {
  const cases: readonly (readonly [value: unknown, text: string])[] = [
    [null, "the shop must be an object: received null"],
    [[], "the shop must be an object: received a list"],
    [{ count: 1.5 }, "count must be a whole number from 1 to 9: received 1.5"],
    [{ count: () => 1 }, "count must be a whole number from 1 to 9: received a function"],
    [{ count: "1".repeat(99) }, `count must be a whole number from 1 to 9: received "${"1".repeat(60)}…"`],
    [{ count: 1, colour: "gren" }, 'colour must be one of red, green (did you mean green?): received "gren"'],
    [{ count: 1, colour: 7 }, "colour must be one of red, green: received 7"],
    [
      { count: 1, shelves: [{ count: 1 }, { count: 0 }] },
      "shelves[1].count must be a whole number from 1 to 9: received 0",
    ],
    [{ count: 1, shelves: [{ count: 1 }, []] }, "shelves[1] must be an object: received a list"],
    [{ count: 1, shelves: Array(3).fill({ count: 1 }) }, "shelves must be short: received 3"],
  ];
  for (const [value, text] of cases) assertEquals(complaint(value), text);
});

test("schemas: a field that is missing is told with what it must be, whether undefined or not there", () => {
  const wanted = "must be a whole number from 1 to 9: received nothing";
  assertEquals(complaint({}), `count ${wanted}`);
  assertEquals(complaint({ count: undefined }), `count ${wanted}`);
  assertEquals(complaint({ count: 1, shelves: [{}] }), `shelves[0].count ${wanted}`);
  const { issues } = v.safeParse(fields({ anything: v.any() }), {});
  assertEquals(describeIssue(issues![0], "it", "field"), "anything must be given: received nothing");
});

test("schemas: a field that there is not comes first, with the one that was meant or all there are", () => {
  assertEquals(complaint({ cuont: 1 }), "there is no field cuont (did you mean count?)");
  assertEquals(complaint({ count: 0, size: 1 }), "there is no field size: one of count, colour, shelves, owner");
  assertEquals(
    complaint({ count: 1, shelves: [{ lable: 1 }] }),
    "there is no field shelves[0].lable (did you mean label?)",
  );
  assertEquals(complaint({ ["x".repeat(99)]: 1 })?.slice(0, 81), `there is no field ${"x".repeat(60)}…: `);
  assertEquals(complaint(JSON.parse('{"count":1,"__proto__":2}'))?.slice(0, 27), "there is no field __proto__");
});
