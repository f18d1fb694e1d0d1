import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/cli/exit.ts";
import type { DataColumn } from "../../../src/cli/inspect/columns.ts";
import { checkSelection, chooseColumns, selectRows } from "../../../src/cli/inspect/selection.ts";

interface Row {
  readonly name: string;
  readonly ping: number | null;
  readonly size: number;
  readonly age: number;
}

const COLUMNS: readonly DataColumn<Row>[] = [
  { name: "name", help: "", rank: 0, value: ({ name }) => name },
  { name: "ping", help: "", rank: 1, unit: "ms", value: ({ ping }) => ping },
  { name: "size", help: "", rank: 2, unit: "bytes", value: ({ size }) => size },
  { name: "age", help: "", unit: "seconds", value: ({ age }) => age },
];

const ROWS: readonly Row[] = [
  { name: "btcd", ping: 120, size: 2_048, age: 30 },
  { name: "Satoshi", ping: null, size: 10, age: 7_200 },
  { name: "btcd", ping: 7, size: 1_000, age: 5 },
];

function names(sort: string | undefined, ...filter: string[]): string {
  return selectRows(ROWS, COLUMNS, { sort, filter }).map((row) => ROWS.indexOf(row)).join("");
}

test("selection: all rows in their order unless something else is asked for", () => {
  assertEquals(names(undefined), "012");
});

test("selection: sorted by text or number, upwards or down, unknown values last", () => {
  assertEquals([names("name"), names("name:desc"), names("ping"), names("ping:desc")], ["102", "021", "201", "021"]);
});

test("selection: compared with units, every condition has to hold", () => {
  const cases: readonly (readonly [conditions: string[], rows: string])[] = [
    [["ping>100"], "0"],
    [["ping <= 0.12s"], "02"],
    [["ping=7"], "2"],
    [["ping!=7"], "01"],
    [["size>=1k"], "02"],
    [["size>1.5KiB"], "0"],
    [["age>1h"], "1"],
    [["age<10"], "2"],
    [["name=btcd"], "02"],
    [["name!=btcd"], "1"],
    [["name~TOSH"], "1"],
    [["name!~btc"], "1"],
    [["name=btcd", "ping<50"], "2"],
    [["name="], ""],
  ];
  for (const [conditions, rows] of cases) assertEquals(names(undefined, ...conditions), rows, conditions.join(" "));
});

test("selection: a column that may be empty is there where a row has a value, or where it is asked for", () => {
  const columns = COLUMNS.map((column) => column.name === "ping" ? { ...column, mayBeEmpty: true } : column);
  const chosen = (rows: readonly Row[], words?: string) =>
    chooseColumns(columns, words, rows).map(({ name }) => name).join(" ");
  assertEquals(chosen(ROWS), "name ping size");
  assertEquals(chosen(ROWS.slice(1, 2)), "name size");
  assertEquals(chooseColumns(COLUMNS, undefined, ROWS.slice(1, 2)).length, 3, "others are there even so");
  assertEquals(chosen([], "ping,age"), "ping age");
});

test("selection: what makes no sense is refused with what would", () => {
  const wrong: readonly (readonly [sort: string | undefined, filter: string[], says: string])[] = [
    [undefined, ["pong>1"], "did you mean ping?"],
    [undefined, ["ping"], "COLUMN=VALUE"],
    [undefined, ["ping>fast"], "ping is a number"],
    [undefined, ["ping~1"], "ping is a number"],
    [undefined, ["name>b"], "name is a text"],
    [undefined, ["=1"], "COLUMN=VALUE"],
    ["ping:up", [], "COLUMN:desc"],
    ["sise", [], "did you mean size?"],
  ];
  for (const [sort, filter, says] of wrong) {
    assertThrows(() => checkSelection(COLUMNS, { sort, filter, columns: undefined }), UsageError, says);
  }
  assertThrows(
    () => checkSelection(COLUMNS, { sort: undefined, filter: [], columns: "name,x" }),
    UsageError,
    "columns",
  );
});

test("selection: nothing typed is evaluated", () => {
  assertEquals(names(undefined, "name=${process.exit(1)}"), "");
  assertEquals(names(undefined, "name~.*"), "");
  assertThrows(() => names(undefined, "constructor=1"), UsageError);
});
