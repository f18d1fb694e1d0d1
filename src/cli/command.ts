import type { Flag, FlagTable, Settings } from "./flag.ts";
import type { Context } from "./context.ts";

/** A word that a positional may be, and what it makes of the command. */
export interface Choice {
  readonly word: string;
  /** One line. */
  readonly summary: string;
  /** Flags that have a meaning with it, besides those of every command. */
  readonly takes: readonly string[];
  /** The columns of its table. */
  readonly columns?: readonly (readonly [name: string, help: string])[];
}

/** A word on the command line that is no flag. */
export interface Positional {
  readonly name: string;
  readonly isRequired: boolean;
  /** Further words may follow it; the command judges them. Only of the last one. */
  readonly isMany?: boolean;
  /** What it may be. */
  readonly choices?: readonly Choice[];
  /** It may be the path of a file. */
  readonly isFile?: boolean;
}

/** One command: what help says about it, what it takes, and what it does. */
export interface Command<F extends FlagTable = FlagTable> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What it takes, without the program's and its own name; one entry a form. */
  readonly usage: readonly string[];
  readonly positionals: readonly Positional[];
  readonly flags: F;
  /** Command lines that work as they stand, and what they do. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  readonly exitCodes: readonly number[];
  /** Resolves with the exit code; throws what exit.ts knows, or a bug. */
  run(context: Context, settings: Settings<F>, words: readonly string[]): Promise<number>;
}

/** A command of which one no longer needs to know the types of its flags. */
export interface AnyCommand extends Omit<Command, "run"> {
  run(context: Context, settings: Readonly<Record<string, unknown>>, words: readonly string[]): Promise<number>;
}

/** Checks a command's types where it is written and hides them from the table it goes into. */
export function defineCommand<F extends FlagTable>(command: Command<F>): AnyCommand {
  return {
    ...command,
    // resolveSettings fills one value a flag, each made by the flag's own schema.
    run: (context, settings, words) => command.run(context, settings as Settings<F>, words),
  };
}

/** The row of a flag that exists. */
export function flagOf(command: AnyCommand, name: string): Flag | undefined {
  return Object.hasOwn(command.flags, name) ? command.flags[name] : undefined;
}
