import { suggestion } from "../../util/nearest.ts";
import { UsageError } from "../exit.ts";
import { type DataColumn, readComparand } from "./columns.ts";

/** Which rows of a table are shown, and in which order, as the user typed it. */
export interface Selection {
  /** `COLUMN`, `COLUMN:asc` or `COLUMN:desc`. */
  readonly sort: string | undefined;
  /** Conditions such as `ping>100`; a row has to meet all of them. */
  readonly filter: readonly string[];
}

type Test = (value: string | number) => boolean;

interface Operator {
  readonly sign: string;
  /** For columns of numbers. */
  readonly number?: (comparand: number) => Test;
  readonly text?: (comparand: string) => Test;
}

/** Longer signs first: `>=` begins with `>`. */
const OPERATORS: readonly Operator[] = [
  { sign: ">=", number: (right) => (left) => Number(left) >= right },
  { sign: "<=", number: (right) => (left) => Number(left) <= right },
  { sign: "!=", number: (right) => (left) => left !== right, text: (right) => (left) => left !== right },
  { sign: "!~", text: (right) => (left) => !contains(left, right) },
  { sign: ">", number: (right) => (left) => Number(left) > right },
  { sign: "<", number: (right) => (left) => Number(left) < right },
  { sign: "=", number: (right) => (left) => left === right, text: (right) => (left) => left === right },
  { sign: "~", text: (right) => (left) => contains(left, right) },
];

const NUMBER_SIGNS = OPERATORS.filter(({ number }) => number).map(({ sign }) => sign).join(" ");
const TEXT_SIGNS = OPERATORS.filter(({ text }) => text).map(({ sign }) => sign).join(" ");

/** Throws UsageError where the user's words do not fit the columns: nothing need be asked then. */
export function checkSelection<Row>(
  columns: readonly DataColumn<Row>[],
  selection: Selection & { readonly columns: string | undefined },
): void {
  selectRows([], columns, selection);
  chooseColumns(columns, selection.columns, []);
}

/** The columns of a table of these rows by default, or those that were asked for. Throws UsageError. */
export function chooseColumns<Row>(
  columns: readonly DataColumn<Row>[],
  chosen: string | undefined,
  rows: readonly Row[],
): readonly DataColumn<Row>[] {
  if (chosen === undefined) return columns.filter((column) => isShown(column, rows));
  if (chosen === "all") return columns;
  return chosen.split(",").map((name) => findColumn(name.trim(), columns, "columns"));
}

function isShown<Row>({ rank, mayBeEmpty, value }: DataColumn<Row>, rows: readonly Row[]): boolean {
  return rank !== undefined && (!mayBeEmpty || rows.some((row) => (value(row) ?? null) !== null));
}

/** The rows that meet every condition, in the order asked for. Throws UsageError. */
export function selectRows<Row>(
  rows: readonly Row[],
  columns: readonly DataColumn<Row>[],
  { sort, filter }: Selection,
): readonly Row[] {
  const chosen = rows.filter(readConditions(filter, columns));
  return sort === undefined ? chosen : chosen.toSorted(readOrder(sort, columns));
}

/** Whether a row meets every condition. Throws UsageError. */
export function readConditions<Row>(
  conditions: readonly string[],
  columns: readonly DataColumn<Row>[],
): (row: Row) => boolean {
  const tests = conditions.map((condition) => readCondition(condition, columns));
  return (row) => tests.every((holds) => holds(row));
}

/** The column of a name. Throws UsageError with the names that there are. */
function findColumn<Row>(name: string, columns: readonly DataColumn<Row>[], flag: string): DataColumn<Row> {
  const found = columns.find((column) => column.name === name);
  if (found) return found;
  const names = columns.map((column) => column.name);
  throw new UsageError(
    `--${flag}: no column ${JSON.stringify(name)}${suggestion(name, names) || `; there is: ${names.join(", ")}`}`,
  );
}

function readCondition<Row>(condition: string, columns: readonly DataColumn<Row>[]): (row: Row) => boolean {
  const [, name, sign, typed] = /^\s*([^\s<>=!~]+)\s*(>=|<=|!=|!~|>|<|=|~)\s*(.*?)\s*$/.exec(condition) ?? [];
  const operator = OPERATORS.find((candidate) => candidate.sign === sign);
  if (name === undefined || typed === undefined || !operator) {
    throw new UsageError(
      `--filter: must read COLUMN=VALUE, or with ${NUMBER_SIGNS} ~ !~: received ${quote(condition)}`,
    );
  }
  const column = findColumn(name, columns, "filter");
  const test = column.unit === undefined
    ? readTextTest(operator, typed, column)
    : readNumberTest(operator, typed, column);
  return (row) => {
    const value = column.value(row);
    // Nothing is not less than 100, and does not contain anything; but it is not equal to anything either.
    return value === null || value === undefined ? sign === "!=" || sign === "!~" : test(value);
  };
}

function readNumberTest<Row>({ sign, number }: Operator, typed: string, column: DataColumn<Row>): Test {
  const comparand = readComparand(column, typed);
  if (!number) {
    throw new UsageError(`--filter: ${column.name} is a number, compared by ${NUMBER_SIGNS}: received ${sign}`);
  }
  if (comparand === undefined) throw new UsageError(`--filter: ${column.name} is a number: received ${quote(typed)}`);
  return number(comparand);
}

function readTextTest<Row>({ sign, text }: Operator, typed: string, column: DataColumn<Row>): Test {
  if (!text) throw new UsageError(`--filter: ${column.name} is a text, compared by ${TEXT_SIGNS}: received ${sign}`);
  return text(typed);
}

function readOrder<Row>(sort: string, columns: readonly DataColumn<Row>[]): (left: Row, right: Row) => number {
  const [name = "", direction = "asc", ...rest] = sort.split(":");
  if (rest.length > 0 || (direction !== "asc" && direction !== "desc")) {
    throw new UsageError(`--sort: must read COLUMN, COLUMN:asc or COLUMN:desc: received ${quote(sort)}`);
  }
  const { value } = findColumn(name, columns, "sort");
  const sign = direction === "desc" ? -1 : 1;
  return (left, right) => {
    const [first, second] = [value(left) ?? null, value(right) ?? null];
    // What is not known stands last, whichever way the rest is sorted.
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return sign * compare(first, second);
  };
}

function compare(left: string | number, right: string | number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function contains(left: string | number, right: string): boolean {
  return String(left).toLowerCase().includes(right.toLowerCase());
}

function quote(text: string): string {
  return JSON.stringify(text);
}
