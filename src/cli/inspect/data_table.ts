import { escapeText } from "../../util/escape.ts";
import { fitText, textWidth } from "../../util/text_width.ts";
import type { Output } from "../context.ts";
import { COLUMN_GAP, printColumns } from "../tables.ts";
import { type DataColumn, showCell } from "./columns.ts";
import { chooseColumns } from "./selection.ts";

/** A column with its cells as they will stand there. */
interface Strip<Row> {
  readonly column: DataColumn<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

/** A table as wide as the place allows, and the columns that it had no place for. */
export interface FittedTable<Row> {
  readonly strips: readonly Strip<Row>[];
  readonly left: readonly string[];
}

/**
 * Prints rows, and says on `err` which columns a narrow terminal had no place for. `chosen`: columns that the user wants,
 * by name, separated by commas; they are shown however wide.
 */
export function printTable<Row>(
  rows: readonly Row[],
  columns: readonly DataColumn<Row>[],
  chosen: string | undefined,
  { out, err }: { readonly out: Output; readonly err: Output },
): void {
  const wanted = chooseColumns(columns, chosen, rows);
  const isNarrow = out.stream.isTerminal && chosen === undefined;
  const { strips, left } = fitTable(rows, wanted, isNarrow ? out.stream.columns : Infinity, out.stream.isTerminal);
  printColumns(
    strips.map(({ column, cells }) => ({ title: column.name, cells, isNumber: column.unit !== undefined })),
    out,
  );
  if (left.length > 0) err.line(`no room for ${left.join(", ")}: --columns chooses, --json shows all`);
}

/** Leaves out columns, the least important first, until the rest fits. `isCut`: whether long texts are cut. */
export function fitTable<Row>(
  rows: readonly Row[],
  columns: readonly DataColumn<Row>[],
  width: number,
  isCut: boolean,
): FittedTable<Row> {
  let strips = columns.map((column) => makeStrip(rows, column, isCut));
  const left: string[] = [];
  while (strips.length > 1 && totalWidth(strips) > width) {
    const least = strips.reduce((worst, strip) => rankOf(strip) >= rankOf(worst) ? strip : worst);
    left.unshift(least.column.name);
    strips = strips.filter((strip) => strip !== least);
  }
  return { strips, left };
}

function makeStrip<Row>(rows: readonly Row[], column: DataColumn<Row>, isCut: boolean): Strip<Row> {
  const cells = rows.map((row) => {
    const cell = escapeText(showCell(column, row));
    return isCut && column.maxWidth !== undefined ? fitText(cell, column.maxWidth) : cell;
  });
  const width = cells.reduce((most, cell) => Math.max(most, textWidth(cell)), column.name.length);
  return { column, cells, width };
}

function totalWidth<Row>(strips: readonly Strip<Row>[]): number {
  return strips.reduce((sum, { width }) => sum + width, 0) + COLUMN_GAP * (strips.length - 1);
}

function rankOf<Row>({ column }: Strip<Row>): number {
  return column.rank ?? 0;
}
