import type { LogRecord } from "@logtape/logtape";
import { escapeText, toSafeJson } from "../util/escape.ts";
import { bytesToHex } from "../util/hex.ts";

export type LogFormat = "text" | "json";

/** 1,024 characters of one value are shown; a peer's user agent or a payload must not fill the log. */
const MAX_VALUE_LENGTH = 1024;
/** 64 bytes of a byte string are shown: enough for two hashes. */
const MAX_SHOWN_BYTES = 64;
const LEVEL_WIDTH = 5;
/** What needs no quotes: one word without characters that end or begin a value. */
const PLAIN_VALUE = /^[^\s"'=]+$/;

/** One line: time, level, category, message, then `name=value`; errors add their stack on lines of their own. */
export function formatTextRecord(record: LogRecord): string {
  const parts = [
    new Date(record.timestamp).toISOString(),
    levelName(record).padEnd(LEVEL_WIDTH),
    categoryName(record),
    escapeText(messageOf(record)),
  ];
  const stacks: string[] = [];
  for (const [name, value] of Object.entries(record.properties)) {
    parts.push(`${escapeText(name)}=${textValue(value)}`);
    if (value instanceof Error && value.stack) stacks.push(...value.stack.split("\n").slice(1));
  }
  return [parts.join(" "), ...stacks.map((line) => `    ${escapeText(line.trim())}`)].join("\n");
}

/** One JSON object: `time`, `level`, `category`, `message`, then the fields, none of which can take their places. */
export function formatJsonRecord(record: LogRecord): string {
  const head = {
    time: new Date(record.timestamp).toISOString(),
    level: levelName(record),
    category: categoryName(record),
    message: messageOf(record),
  };
  return toSafeJson({ ...head, ...plainFields(record.properties), ...head });
}

function textValue(value: unknown): string {
  const plain = value instanceof Error ? shorten(value.message) : plainValue(value);
  if (typeof plain === "object" && plain !== null) return toSafeJson(plain);
  if (typeof plain !== "string") return String(plain);
  const escaped = escapeText(plain);
  return PLAIN_VALUE.test(escaped) ? escaped : `"${escaped.replaceAll('"', '\\"')}"`;
}

function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainValue(value)]));
}

/** What JSON can say. Integers of 64 bits become strings, bytes become hex, errors their parts. */
function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return shorten(value);
  if (value instanceof Uint8Array) return plainBytes(value);
  if (value instanceof Error) return plainError(value);
  if (typeof value === "function" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null) return value;
  return plainObject(value);
}

function plainBytes(bytes: Uint8Array): string {
  const shown = bytesToHex(bytes.subarray(0, MAX_SHOWN_BYTES));
  return bytes.length > MAX_SHOWN_BYTES ? `${shown}… (${bytes.length} bytes)` : shown;
}

function plainError(error: Error): Record<string, unknown> {
  const code = "code" in error ? { code: plainValue(error.code) } : {};
  const cause = error.cause === undefined ? {} : { cause: shorten(String(error.cause)) };
  return { name: error.name, message: shorten(error.message), ...code, ...cause, stack: error.stack };
}

/** Objects as JSON would have them, if that is short; else the beginning of it. */
function plainObject(value: object): unknown {
  try {
    const text = JSON.stringify(value, (_, inner: unknown) => isLeaf(inner) ? plainValue(inner) : inner);
    return text.length > MAX_VALUE_LENGTH ? shorten(text) : JSON.parse(text);
  } catch (error) {
    // A cycle, or a toJSON that throws: the log says so, and the program goes on.
    return `(not shown: ${error instanceof Error ? error.message : String(error)})`;
  }
}

function isLeaf(value: unknown): boolean {
  return typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Error;
}

function shorten(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}

function messageOf(record: LogRecord): string {
  return typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join("…");
}

/** Our name of the level: LogTape says `warning`. */
function levelName(record: LogRecord): string {
  return record.level === "warning" ? "warn" : record.level;
}

/** The category without our root. */
function categoryName(record: LogRecord): string {
  return escapeText(record.category[0] === "p2p" ? record.category.slice(1).join(".") : record.category.join("."));
}
