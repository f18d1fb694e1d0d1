import type { Context } from "../context.ts";
import type { Settings } from "../flag.ts";
import type { INSPECT_FLAGS, ViewFlag } from "./flags.ts";

export type InspectSettings = Settings<typeof INSPECT_FLAGS>;

/** One use of `p2p inspect`. */
export interface Question {
  readonly context: Context;
  readonly settings: InspectSettings;
  /** What names the one of many; empty where there is one only. */
  readonly id: string;
}

/** One thing to look at or to do. */
export interface View {
  /** One line, for people. */
  readonly summary: string;
  /** What names the one of many, such as ID; undefined where there is one only. */
  readonly subject?: string;
  /** The subject may have spaces in it, quoted or not. */
  readonly isSpaced?: boolean;
  /** The flags that have a meaning here, besides those of every command. */
  readonly takes: readonly ViewFlag[];
  /** Whether `--live` shows it as it goes. */
  readonly hasLive?: boolean;
  /** The columns of its table, with what they show. */
  readonly columns?: readonly (readonly [name: string, help: string])[];
  /** Resolves with the exit code; throws what exit.ts knows, or a bug. */
  run(question: Question): Promise<number>;
}

export type ViewTable = Readonly<Record<string, View>>;
