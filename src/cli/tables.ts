import Table from "cli-table3";
import { escapeText } from "../util/escape.ts";
import type { Output } from "./context.ts";
import type { Json } from "./render_message.ts";

/** One column: its title and what of a row stands in it. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly isNumber?: boolean;
}

/** Space between columns and nothing else: easy to read, and to cut. */
const NO_BORDERS = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .map((name) => [name, ""]),
);

/** Prints rows below titles. Cells are escaped. */
export function printRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], out: Output): void {
  const table = new Table({
    head: columns.map(({ title }) => out.colors.bold(title)),
    colAligns: columns.map(({ isNumber }) => isNumber ? "right" : "left"),
    chars: { ...NO_BORDERS, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map((row) => columns.map(({ cell }) => escapeText(cell(row)))));
  for (const line of table.toString().split("\n")) out.line(line.trimEnd());
}

/** Prints one record, a field a line; the fields of a nested record under `outer.inner`. */
export function printRecord(record: { readonly [key: string]: Json }, out: Output): void {
  const fields = flatten(record, "");
  const width = Math.max(0, ...fields.map(([name]) => name.length));
  for (const [name, value] of fields) out.line(`${out.colors.bold(name.padEnd(width))}  ${escapeText(value)}`);
}

function flatten(record: { readonly [key: string]: Json }, prefix: string): [name: string, value: string][] {
  return Object.entries(record).flatMap(([key, value]): [string, string][] => {
    const name = `${prefix}${key}`;
    if (isRecord(value)) return flatten(value, `${name}.`);
    if (Array.isArray(value)) {
      return [[
        name,
        value.map((item) => isRecord(item) ? inLine(item) : String(item)).join(", "),
      ]];
    }
    return [[name, value === null ? "-" : String(value)]];
  });
}

function inLine(record: { readonly [key: string]: Json }): string {
  return flatten(record, "").map(([name, value]) => `${name} ${value}`).join(" ");
}

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
