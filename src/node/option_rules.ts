import { suggestion } from "../util/nearest.ts";

/** What is wrong with the value of the option `name`, in words; undefined if it is as it should be. */
export type Rule = (value: unknown, name: string) => string | undefined;

/** One row an option; the compiler asks for all of them. */
export type RuleTable<T> = { readonly [K in keyof T]-?: Rule };

/** Of what was received, so many characters are quoted. */
const MAX_QUOTED = 60;
const UTF8 = new TextEncoder();

/** `wanted` completes the sentence "it must be". */
export function rule(wanted: string, holds: (value: unknown) => boolean): Rule {
  return (value, name) => holds(value) ? undefined : `${name} must be ${wanted}: received ${show(value)}`;
}

export const anything: Rule = () => undefined;

export const truth = rule("true or false", (value) => typeof value === "boolean");

export const text = rule("a text that is not empty", (value) => typeof value === "string" && value !== "");

export function wholeNumber(min: number, max: number): Rule {
  const wanted = max === Number.MAX_SAFE_INTEGER
    ? `a whole number from ${min} on`
    : `a whole number from ${min} to ${max}`;
  return rule(wanted, (value) => Number.isSafeInteger(value) && isWithin(value, min, max));
}

export const aboveZero = rule("a number above 0", (value) => value !== 0 && isWithin(value, 0, Number.MAX_VALUE));

export const fromZero = rule("a number from 0 on", (value) => isWithin(value, 0, Number.MAX_VALUE));

export function oneOf(words: readonly string[]): Rule {
  return (value, name) => {
    if (typeof value === "string" && words.includes(value)) return undefined;
    const hint = typeof value === "string" ? suggestion(value, words) : "";
    return `${name} must be one of ${words.join(", ")}: received ${show(value)}${hint}`;
  };
}

/** A text that others are told: what cannot be read back as it was is refused. */
export function toldText(maxBytes: number): Rule {
  return rule(`a text of at most ${maxBytes} bytes of UTF-8`, (value) => {
    return typeof value === "string" && value.isWellFormed() && !value.startsWith("\ufeff") &&
      UTF8.encode(value).length <= maxBytes;
  });
}

/** Undefined stands for what was not said. */
export function optional(inner: Rule): Rule {
  return (value, name) => value === undefined ? undefined : inner(value, name);
}

export function list(inner: Rule, maxCount = Number.MAX_SAFE_INTEGER): Rule {
  return (value, name) => {
    if (!Array.isArray(value)) return `${name} must be a list: received ${show(value)}`;
    if (value.length > maxCount) return `${name} must be a list of at most ${maxCount}: received ${value.length}`;
    return firstOf(value.map((item, index) => () => inner(item, `${name}[${index}]`)));
  };
}

/** An object with these fields and no others. */
export function fields<T>(table: RuleTable<T>): Rule {
  return (value, name) => {
    if (!isObject(value)) return `${name} must be an object: received ${show(value)}`;
    return checkFields(value, table, `${name}.`);
  };
}

/** `prefix` stands before the name of each field. */
export function checkFields<T>(value: object, table: RuleTable<T>, prefix = ""): string | undefined {
  const names = Object.keys(table);
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(table, key));
  if (unknown !== undefined) {
    const hint = suggestion(unknown, names) || `: one of ${names.join(", ")}`;
    return `there is no option ${prefix}${clip(unknown)}${hint}`;
  }
  const rules = Object.entries<Rule>(table);
  return firstOf(rules.map(([key, check]) => () => check((value as Record<string, unknown>)[key], prefix + key)));
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What was received, short enough for one line. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(value));
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  return isObject(value) ? "an object" : String(value);
}

function clip(word: string): string {
  return word.length <= MAX_QUOTED ? word : `${word.slice(0, MAX_QUOTED)}…`;
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

function firstOf(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const complaint = check();
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}
