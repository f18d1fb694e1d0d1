import { toOneLine } from "../../util/escape.ts";
import type { AnyCommand } from "../command.ts";
import { COMMON_FLAGS } from "../flags.ts";
import { type Flag, takesValue } from "../flag.ts";
import { wordsOf } from "../values.ts";

/** What may stand where a value is expected. */
export interface Values {
  readonly words: readonly string[];
  readonly paths: "files" | "directories" | undefined;
  /** Whether several words may stand there, with commas between them. */
  readonly isList: boolean;
}

export interface CompletedFlag {
  readonly name: string;
  readonly letter: string | undefined;
  readonly help: string;
  /** Undefined: it takes no value, or its value has to be attached by `=`. */
  readonly values: Values | undefined;
  /** First words of the command with which it has a meaning; undefined: whatever they are, or none. */
  readonly only: readonly string[] | undefined;
  /** Values that depend on the first word. */
  readonly valuesBy: readonly (readonly [word: string, values: readonly string[]])[];
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What its first word may be. */
  readonly words: readonly (readonly [word: string, help: string])[];
  readonly isFile: boolean;
}

/** What a completion script knows, whatever the shell: all of it from the tables that the parser reads too. */
export function describeCommands(commands: readonly AnyCommand[]): readonly CompletedCommand[] {
  return commands.map((command) => {
    const [first] = command.positionals;
    return {
      name: command.name,
      summary: command.summary,
      flags: Object.entries(command.flags).map(([name, flag]) => describeFlag(name, flag, command)),
      words: (first?.choices ?? []).map(({ word, summary }) => [word, summary] as const),
      isFile: first?.isFile ?? false,
    };
  });
}

/** Flags of a command before whose value a word is no word of the command, with their dashes. */
export function valueFlags({ flags }: CompletedCommand): readonly string[] {
  return flags.filter(({ values }) => values).map(({ name }) => `--${name}`);
}

/** Those of every command, which may stand before it. */
export function commonValueFlags(commands: readonly CompletedCommand[]): readonly string[] {
  const [first, ...others] = commands.map(valueFlags);
  return (first ?? []).filter((flag) => others.every((flags) => flags.includes(flag)));
}

/** A text between single quotes, for shells in which nothing but that quote ends it. */
export function quote(text: string): string {
  return `'${toOneLine(text).replaceAll("'", `'\\''`)}'`;
}

function describeFlag(name: string, flag: Flag, { positionals }: AnyCommand): CompletedFlag {
  const choices = positionals[0]?.choices ?? [];
  const takers = choices.filter(({ takes }) => takes.includes(name));
  const isEverywhere = name in COMMON_FLAGS || takers.length === choices.length;
  return {
    name,
    letter: flag.short,
    help: flag.help,
    values: takesValue(flag) && flag.bareValue === undefined ? describeValues(flag) : undefined,
    only: isEverywhere ? undefined : takers.map(({ word }) => word),
    valuesBy: COLUMN_FLAGS.includes(name)
      ? takers.flatMap(({ word, columns }) => columns ? [[word, columns.map(([column]) => column)] as const] : [])
      : [],
  };
}

/** Whose values are columns of the table that the first word names. */
const COLUMN_FLAGS: readonly string[] = ["sort", "columns", "filter"];

function describeValues({ schema, words, placeholder }: Flag): Values {
  const paths = /FILE|PATH/.test(placeholder) ? "files" : /DIR/.test(placeholder) ? "directories" : undefined;
  return { words: words ?? wordsOf(schema) ?? [], paths, isList: placeholder.includes(",…") };
}
