import { escapeText } from "../util/escape.ts";
import { padText, textWidth } from "../util/text_width.ts";
import type { Output } from "./context.ts";
import type { Json } from "./render_message.ts";

/** One column: its title and what of a row stands in it. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly isNumber?: boolean;
}

/** A column whose cells are made: what they say may be shown as it stands. */
export interface CellColumn {
  readonly title: string;
  readonly cells: readonly string[];
  readonly isNumber: boolean;
}

/** Blanks between columns and nothing else: easy to read, and to cut. */
export const COLUMN_GAP = 2;

/** Prints rows below titles. Cells are escaped. */
export function printRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], out: Output): void {
  const made = columns.map(({ title, cell, isNumber = false }) => {
    return { title, isNumber, cells: rows.map((row) => escapeText(cell(row))) };
  });
  printColumns(made, out);
}

/** Prints columns side by side. The cells are escaped already. */
export function printColumns(columns: readonly CellColumn[], out: Output): void {
  const [titles = "", ...rows] = layOut(columns);
  // In one write: a thousand of them would take longer than the rest.
  out.line([out.colors.bold(titles), ...rows].join("\n"));
}

/** The line of titles, then one line a row; numbers stand to the right. */
export function layOut(columns: readonly CellColumn[]): string[] {
  const padded = columns.map(({ title, cells, isNumber }) => {
    const all = [title, ...cells];
    const width = all.reduce((most, cell) => Math.max(most, textWidth(cell)), 0);
    return all.map((cell) => padText(cell, width, isNumber ? "right" : "left"));
  });
  return (padded[0] ?? []).map((_, row) => padded.map((cells) => cells[row]).join(" ".repeat(COLUMN_GAP)).trimEnd());
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
