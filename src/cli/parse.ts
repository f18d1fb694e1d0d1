import { cac } from "cac";
import { suggestion } from "../util/nearest.ts";
import { type AnyCommand, flagOf } from "./command.ts";
import { UsageError } from "./exit.ts";
import { type Flag, takesValue } from "./flag.ts";
import { readValue } from "./values.ts";

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: "nothing" }
  | { readonly kind: "help"; readonly command: AnyCommand | undefined }
  | { readonly kind: "version" }
  | {
    readonly kind: "run";
    readonly command: AnyCommand;
    readonly words: readonly string[];
    /** The texts that each given flag was given, in order; a switch's are "true". */
    readonly given: ReadonlyMap<string, readonly string[]>;
  };

/** One flag as it stands on the command line. */
interface Token {
  readonly name: string;
  readonly flag: Flag;
  readonly value: string;
}

interface Word {
  readonly text: string;
  /** The switch right before it, if any: the word may have been meant as its value. */
  readonly after: Token | undefined;
}

interface Line {
  readonly tokens: Token[];
  readonly words: Word[];
  /** The first word that looks like a flag and is none, and how many words came before it. */
  unknown: { readonly spelled: string; readonly wordsBefore: number } | undefined;
}

/** Reads a command line (without the program's name). Throws UsageError with one line that says what is wrong. */
export function parse(argv: readonly string[], commands: readonly AnyCommand[]): Invocation {
  const line = splitLine(argv, commands);
  if (line.unknown?.wordsBefore === 0) throw unknownFlag(line.unknown.spelled, commands, undefined);
  const matched = matchCommand(line, commands);
  const first = line.words[0];
  if (first && !matched) {
    const names = commands.map((command) => command.name);
    throw new UsageError(
      `unknown command ${quote(first.text)}${suggestion(first.text, names) || `: one of ${names.join(", ")}`}`,
    );
  }
  if (line.unknown) throw unknownFlag(line.unknown.spelled, commands, matched?.command);
  if (line.tokens.some((token) => token.name === "help")) return { kind: "help", command: matched?.command };
  if (line.tokens.some((token) => token.name === "version")) return { kind: "version" };
  if (!matched) return { kind: "nothing" };
  checkFlags(matched.command, line.tokens);
  checkWords(matched.command, line.words.slice(1));
  return { kind: "run", ...matched };
}

/**
 * Tells flags from words by the tables. cac cannot be left to do this: it takes a word that follows a switch for the
 * switch's value, and a value that begins with a dash for a flag.
 */
function splitLine(argv: readonly string[], commands: readonly AnyCommand[]): Line {
  const named = commands.find(({ name }) =>
    name === argv.find((word) => commands.some((other) => other.name === word))
  );
  // Commands may differ in what a flag is: the one that is named comes last, and so counts.
  const byName = new Map([...commands, ...named ? [named] : []].flatMap(({ flags }) => Object.entries(flags)));
  const byLetter = new Map([...byName].flatMap(([name, flag]) => flag.short ? [[flag.short, name] as const] : []));
  const line: Line = { tokens: [], words: [], unknown: undefined };
  const queue = [...argv];
  let before: Token | undefined;

  function addWord(text: string): void {
    line.words.push({ text, after: before });
    before = undefined;
  }

  function addLong(name: string, attached: string | undefined): void {
    const flag = byName.get(name);
    if (!flag) return refuse(`--${name}`);
    const value = attached ?? (takesValue(flag) ? takeValue(name, flag) : undefined);
    if (value !== undefined && !takesValue(flag)) throw new UsageError(noValueText(name, flag, value));
    before = { name, flag, value: value ?? "true" };
    line.tokens.push(before);
    if (takesValue(flag)) before = undefined;
  }

  function takeValue(name: string, flag: Flag): string {
    const next = queue[0];
    if (flag.bareValue !== undefined) {
      const isLegal = next !== undefined && "value" in readValue(flag.schema, next);
      return isLegal ? queue.shift()! : flag.bareValue;
    }
    // A number below zero is a value, if a wrong one; anything else with a dash is the next flag.
    if (next === undefined || /^-(?![\d.]|$)/.test(next)) {
      throw new UsageError(`--${name} needs a value: --${name} ${flag.placeholder}`);
    }
    return queue.shift()!;
  }

  function addLetters(text: string): void {
    const letters = [...text.slice(1)];
    if (!letters.every((letter) => byLetter.has(letter))) return refuse(text);
    for (const letter of letters) addLong(byLetter.get(letter)!, undefined);
  }

  function refuse(spelled: string): void {
    line.unknown ??= { spelled, wordsBefore: line.words.length };
  }

  while (queue.length > 0) {
    const text = queue.shift()!;
    if (text === "--") {
      queue.splice(0).forEach(addWord);
    } else if (text.startsWith("--")) {
      const at = text.indexOf("=");
      if (at < 0) addLong(text.slice("--".length), undefined);
      else addLong(text.slice("--".length, at), text.slice(at + 1));
    } else if (text.startsWith("-") && text !== "-") {
      addLetters(text);
    } else {
      addWord(text);
    }
  }
  return line;
}

/**
 * Lets cac match the command. It turns `10.1`, `0001` and `0xdead` into numbers, reads `--no-x` as x = false, and takes
 * a switch's value for a word; so every flag goes in with a marked value and without its `no-`, and comes back as it
 * was written.
 */
function matchCommand(line: Line, commands: readonly AnyCommand[]) {
  const parser = cac("p2p");
  for (const command of commands) {
    const row = parser.command(`${command.name} [...words]`, command.summary);
    for (const [name, flag] of Object.entries(command.flags)) row.option(`--${safeName(name)} <value>`, flag.help);
  }
  const flags = line.tokens.map(({ name, value }) => `--${safeName(name)}=${MARK}${value}`);
  const words = line.words.map(({ text }) => text);
  const { args, options } = parser.parse(["", "", ...flags, ...words.slice(0, 1), "--", ...words.slice(1)], {
    run: false,
  });
  const command = commands.find(({ name }) => name === parser.matchedCommandName);
  if (!command) return undefined;
  const given = new Map(
    Object.keys(command.flags).flatMap((name) => {
      const values = [options[camelCase(safeName(name))] ?? []].flat().map((value: string) => value.slice(MARK.length));
      return values.length > 0 ? [[name, values] as const] : [];
    }),
  );
  return { command, words: [...args, ...(options["--"] as string[])], given };
}

const MARK = ":";

function safeName(name: string): string {
  return name.replace(/^no-/, "not-");
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function checkFlags(command: AnyCommand, tokens: readonly Token[]): void {
  const seen = new Map<string, Token>();
  for (const token of tokens) {
    const flag = flagOf(command, token.name);
    if (!flag) {
      throw new UsageError(`--${token.name} is not a flag of p2p ${command.name}; see p2p ${command.name} --help`);
    }
    if (flag.kind === "value" && seen.has(token.name)) throw new UsageError(`--${token.name} is given twice`);
    seen.set(token.name, token);
  }
  for (const [name, { flag }] of seen) {
    const rival = flag.conflicts?.find((other) => seen.has(other));
    if (rival !== undefined) throw new UsageError(`--${name} and --${rival} contradict each other`);
  }
}

function checkWords(command: AnyCommand, words: readonly Word[]): void {
  const missing = command.positionals.slice(words.length).find(({ isRequired }) => isRequired);
  if (missing) throw new UsageError(`${missing.name} is missing: p2p ${command.name} ${command.usage[0]}`);
  const extra = words[command.positionals.length];
  if (!extra || command.positionals.at(-1)?.isMany) return;
  if (extra.after?.flag.valueHint !== undefined) {
    throw new UsageError(noValueText(extra.after.name, extra.after.flag, extra.text));
  }
  throw new UsageError(`unexpected word ${quote(extra.text)}: p2p ${command.name} takes ${describeWords(command)}`);
}

function describeWords(command: AnyCommand): string {
  if (command.positionals.length === 0) return "flags only";
  return command.positionals.map(({ name, isRequired }) => isRequired ? name : `[${name}]`).join(" ");
}

function noValueText(name: string, flag: Flag, value: string): string {
  return `--${name} takes no value${flag.valueHint ? `: ${flag.valueHint}` : ""}: received ${quote(value)}`;
}

function unknownFlag(spelled: string, commands: readonly AnyCommand[], command: AnyCommand | undefined): UsageError {
  const scope = command ? [command] : commands;
  const name = spelled.replace(/^-+/, "");
  const names = scope.flatMap(({ flags }) => Object.keys(flags)).map((known) => `--${known}`);
  return new UsageError(`unknown flag ${quote(spelled)}${suggestion(`--${name}`, names)}`);
}

/** A word of the user's own command line, safe to print and easy to see the ends of. */
function quote(text: string): string {
  return JSON.stringify(text);
}
