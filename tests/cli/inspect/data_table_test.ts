import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createOutput } from "../../../src/cli/context.ts";
import type { DataColumn } from "../../../src/cli/inspect/columns.ts";
import { printTable } from "../../../src/cli/inspect/data_table.ts";
import type { OutputStream } from "../../../src/platform/output.ts";
import { recordStream } from "../recorded_stream.ts";

interface Row {
  readonly id: number;
  readonly agent: string;
  readonly ping: number | null;
}

const COLUMNS: readonly DataColumn<Row>[] = [
  { name: "id", help: "", unit: "count", rank: 0, value: ({ id }) => id },
  { name: "agent", help: "", rank: 2, maxWidth: 8, value: ({ agent }) => agent },
  { name: "ping", help: "", unit: "ms", rank: 1, value: ({ ping }) => ping },
  { name: "double", help: "", unit: "count", value: ({ id }) => 2 * id },
];

const ROWS: readonly Row[] = [{ id: 1, agent: "/a:1/", ping: 12.34 }, { id: 22, agent: "/quite-long:1/", ping: null }];

function print(rows: readonly Row[], chosen?: string, terminal?: { readonly columns: number }) {
  const [stdout, stderr] = [recordStream(), recordStream()];
  const stream = terminal ? asTerminal(stdout, terminal.columns) : stdout;
  const [out, err] = [createOutput(stream, "never", {}), createOutput(stderr, "never", {})];
  printTable(rows, COLUMNS, chosen, { out, err });
  return { lines: stdout.text.split("\n").slice(0, -1), notes: stderr.text };
}

function asTerminal(stream: OutputStream, columns: number): OutputStream {
  return { ...stream, isTerminal: true, columns, write: (text) => stream.write(text) };
}

test("table: a pipe gets every column of the default view in full", () => {
  assertEquals(print(ROWS), {
    lines: ["id  agent              ping", " 1  /a:1/           12.3 ms", "22  /quite-long:1/        -"],
    notes: "",
  });
});

test("table: a terminal gets long texts cut, and the least important columns make way", () => {
  assertEquals(print(ROWS, undefined, { columns: 80 }).lines[2], "22  /quite-…        -");
  const narrow = print(ROWS, undefined, { columns: 14 });
  assertEquals(narrow.lines, ["id     ping", " 1  12.3 ms", "22        -"]);
  assertEquals(narrow.notes, "no room for agent: --columns chooses, --json shows all\n");
});

test("table: columns that were asked for stand there, in that order, however narrow", () => {
  assertEquals(print(ROWS, "double,id", { columns: 3 }).lines, ["double  id", "     2   1", "    44  22"]);
  assertEquals(print(ROWS, "all").lines[0], "id  agent              ping  double");
});

test("table: nothing of a stranger's text acts on the terminal", () => {
  const evil = { id: 1, agent: "\x1b[2J\x1b]0;owned\x07\u202e\n\r", ping: 1 };
  const { lines } = print([evil]);
  assertEquals(lines.length, 2);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x1f\x7f\u202e]/.test(lines.join("")), false);
  assertEquals(lines[1]!.includes("\\x1b[2J\\x1b]0;owned\\x07\\u{202e}\\x0a\\x0d"), true);
});

test("table: no rows leave the titles", () => {
  assertEquals(print([]).lines, ["id  agent  ping"]);
});
