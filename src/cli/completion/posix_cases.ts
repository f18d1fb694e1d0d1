import {
  commonValueFlags,
  type CompletedCommand,
  type CompletedFlag,
  quote,
  valueFlags,
  type Values,
} from "./model.ts";

/** One arm of a `case "$command:$word…"`, in bash and zsh alike. */
export interface Arm {
  readonly pattern: string;
  readonly action: string;
}

/** Arms over `command:word`, most particular first: the flags that have a meaning there. */
export function flagArms(
  commands: readonly CompletedCommand[],
  show: (flags: readonly CompletedFlag[]) => string,
): readonly Arm[] {
  return commands.flatMap(({ name, flags, words }) => [
    ...words.map(([word]) => ({
      pattern: `${name}:${word}`,
      action: show(flags.filter(({ only }) => only === undefined || only.includes(word))),
    })),
    { pattern: `${name}:*`, action: show(flags) },
  ]);
}

/** Arms over `command:word:--flag`, most particular first: what may be its value. */
export function valueArms(
  commands: readonly CompletedCommand[],
  show: (values: Values) => string,
): readonly Arm[] {
  return commands.flatMap(({ name, flags }) =>
    flags.flatMap((flag): Arm[] => {
      if (!flag.values) return [];
      const { words, paths, isList } = flag.values;
      const byWord = flag.valuesBy.map(([word, columns]) => {
        const action = show({ words: columns, paths: undefined, isList });
        return { pattern: `${name}:${word}:--${flag.name}`, action };
      });
      if (words.length === 0 && paths === undefined) return byWord;
      return [...byWord, { pattern: `${name}:*:--${flag.name}`, action: show(flag.values) }];
    })
  );
}

/** The patterns of `command:--flag` for flags whose value follows as a word of its own; before the command it is empty. */
export function valuePatterns(commands: readonly CompletedCommand[]): string {
  const common = commonValueFlags(commands).map((flag) => `:${flag}`);
  return [...common, ...commands.flatMap((command) => valueFlags(command).map((flag) => `${command.name}:${flag}`))]
    .join("|");
}

export function writeArms(arms: readonly Arm[], indent: string): string {
  return arms.map(({ pattern, action }) => `${indent}${pattern}) ${action} ;;`).join("\n");
}

export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(" ");
}
