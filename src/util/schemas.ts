import * as v from "valibot";
import { suggestion } from "./nearest.ts";

/** Of what was received, and of a name that there is not, so many characters are quoted. */
const MAX_QUOTED = 60;
/** What valibot expects, too, where a field should not be. */
const NO_FIELD = "never";

/**
 * What an issue says of a value, in words. The messages of the schema complete the sentence "it must be". `whole` is the
 * name of the value itself, `kind` what its fields are called.
 */
export function describeIssue(issue: v.BaseIssue<unknown>, whole: string, kind: string): string {
  const { path, message, expected, received, type, input } = issue;
  const name = path ? formatPath(path) : whole;
  if (expected === NO_FIELD) return `there is no ${kind} ${name}${message}`;
  return `${name} must be ${message}: received ${type === "max_length" ? received : show(input)}`;
}

/** An object with these fields and no others. A field that there is not is named before those that are missing. */
export function fields<E extends v.ObjectEntries>(entries: E, wanted = "an object") {
  const names = Object.keys(entries);
  return v.pipe(
    v.custom<v.InferInput<v.ObjectSchema<E, undefined>>>(isObject, wanted),
    v.rawCheck(({ dataset: { typed, value }, addIssue }) => {
      const key = typed ? Object.keys(value).find((name) => !Object.hasOwn(entries, name)) : undefined;
      if (key === undefined) return;
      const input = value as Record<string, unknown>;
      const message = suggestion(key, names) || `: one of ${names.join(", ")}`;
      const path = [{ type: "object", origin: "key", input, key, value: input[key] }] as const;
      addIssue({ expected: NO_FIELD, message, path: [...path] });
    }),
    v.object(entries, ({ path }) => wantedBy(entries[String(path?.[0].key)]!)),
  );
}

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(words: W) {
  return v.picklist(words, ({ input }) => wantedWord(words, input));
}

/** The words that there are, and the one that was meant. */
export function wantedWord(words: readonly string[], received: unknown): string {
  return `one of ${words.join(", ")}${typeof received === "string" ? suggestion(received, words) : ""}`;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  const wanted = max === Number.MAX_SAFE_INTEGER
    ? `a whole number from ${min} on`
    : `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(min, wanted), v.maxValue(max, wanted));
}

/** Lists are none. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What was received, short enough for one line. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(clip(value));
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  return isObject(value) ? "an object" : String(value);
}

/** What is said where a field is missing: what it must be. */
function wantedBy(schema: v.GenericSchema): string {
  return v.safeParse(schema, undefined).issues?.[0].message ?? "given";
}

/** As JavaScript spells it: `listen[1]`, `channelCapacities.data`. */
function formatPath(path: readonly v.IssuePathItem[]): string {
  return path.map(({ key }, index) => {
    if (typeof key === "number") return `[${key}]`;
    return index === 0 ? clip(String(key)) : `.${clip(String(key))}`;
  }).join("");
}

function clip(word: string): string {
  return word.length <= MAX_QUOTED ? word : `${word.slice(0, MAX_QUOTED)}…`;
}
