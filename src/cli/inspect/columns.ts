import { formatDuration, formatSize, MS_PER_SECOND, parseDuration, parseSize } from "../../util/units.ts";

/** What a column's number counts, which says how it is shown and which units it is compared in. */
export type Unit = "count" | "ms" | "seconds" | "bytes" | "rate" | "bytes-rate" | "share";

/** What another version of this program may have answered: it may lack anything that came later, or went. */
export type Told<T> = T extends readonly (infer Item)[] ? readonly Told<Item>[]
  : T extends object ? { readonly [K in keyof T]?: Told<T[K]> }
  : T;

/** One column of a table whose rows can be sorted, chosen and left out by it. */
export interface DataColumn<Row> {
  /** Its title, and what the user calls it. */
  readonly name: string;
  readonly help: string;
  /** What is compared; null or undefined where there is nothing, which is neither more nor less than anything else. */
  readonly value: (row: Row) => string | number | null | undefined;
  /** Of a number. */
  readonly unit?: Unit;
  /** The greater, the sooner it makes way where a terminal is too narrow; undefined: shown only if asked for. */
  readonly rank?: number;
  /** Unless it is asked for, left out where no row has a value. */
  readonly mayBeEmpty?: boolean;
  /** On a terminal, longer texts are cut. */
  readonly maxWidth?: number;
}

const PERCENT = 100;
const SHORT_DIGITS = 1;
const SHORT_BELOW = 100;
const SHARE_DIGITS_BELOW = 10;

interface UnitRules {
  readonly show: (value: number) => string;
  /** A value that the user typed, in what the column counts; undefined if it is none. */
  readonly read: (text: string) => number | undefined;
}

const UNITS: { readonly [U in Unit]: UnitRules } = {
  count: { show: String, read: readNumber },
  ms: { show: showMs, read: (text) => readNumber(text) ?? parseDuration(text) },
  seconds: {
    show: (value) => value < 1 ? "0s" : formatDuration(value * MS_PER_SECOND),
    read: (text) => perSecond(parseDuration(text)),
  },
  bytes: { show: formatSize, read: (text) => parseSize(text) },
  rate: { show: showRate, read: readNumber },
  "bytes-rate": { show: (value) => value === 0 ? "0" : `${formatSize(Math.round(value))}/s`, read: readRate },
  share: {
    show: (value) =>
      `${(value * PERCENT).toFixed(value > 0 && value * PERCENT < SHARE_DIGITS_BELOW ? SHORT_DIGITS : 0)} %`,
    read: readShare,
  },
};

/** As it stands in the table, before it is escaped. */
export function showCell<Row>(column: DataColumn<Row>, row: Row): string {
  const value = column.value(row);
  if (value === null || value === undefined || value === "") return "-";
  return typeof value === "number" ? UNITS[column.unit ?? "count"].show(value) : value;
}

/** What the user typed to compare a number of the column with; undefined if it is none. */
export function readComparand<Row>(column: DataColumn<Row>, text: string): number | undefined {
  return UNITS[column.unit ?? "count"].read(text);
}

function readNumber(text: string): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function readRate(text: string): number | undefined {
  return parseSize(text.replace(/\/s$/, ""));
}

function readShare(text: string): number | undefined {
  const number = readNumber(text.replace(/ ?%$/, ""));
  return number === undefined ? undefined : number / PERCENT;
}

function perSecond(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MS_PER_SECOND;
}

function showMs(value: number): string {
  return `${value < SHORT_BELOW ? value.toFixed(SHORT_DIGITS) : Math.round(value)} ms`;
}

function showRate(value: number): string {
  return `${value === 0 || value >= SHORT_BELOW ? Math.round(value) : value.toFixed(SHORT_DIGITS)}/s`;
}
