import { truth, type ValueSchema } from "./values.ts";

/**
 * One row: a flag of the command line. Help, the environment variable, the key of configuration files, --print-config
 * and the parser are all derived from it. `T` is what the command gets.
 */
export interface Flag<T = unknown> {
  readonly help: string;
  /** One letter. */
  readonly short?: string;
  readonly kind: "switch" | "count" | "value" | "list";
  /** What stands for the value in help, such as HOST:PORT; empty for switches. */
  readonly placeholder: string;
  /** Reads one value from its text. */
  readonly schema: ValueSchema<unknown>;
  /** The value where nobody gave one. */
  readonly fallback: T;
  /** What help shows as the default. */
  readonly fallbackText?: string;
  /** Whether the environment (`P2P_NAME`) and configuration files may set it too. */
  readonly isSetting: boolean;
  /** Flags that contradict it. */
  readonly conflicts?: readonly string[];
  /** Flags without any of which it does nothing: whoever types it alone has misunderstood it. */
  readonly needs?: readonly string[];
  /** Flags beside which it does nothing: `NAME`, or `NAME=VALUE` for one value of it. */
  readonly idleBeside?: readonly string[];
  /** Flags with any of which it does something even so. */
  readonly idleUnless?: readonly string[];
  /** Said when a switch is given a value. */
  readonly valueHint?: string;
  /** Values that are worth offering, though there may be others. */
  readonly words?: readonly string[];
  /** For a flag whose value may be left out: what it then is. It takes the next word only if that is a legal value. */
  readonly bareValue?: string;
}

export type FlagTable = Readonly<Record<string, Flag>>;

/** What a command gets: one value a flag. */
export type Settings<F extends FlagTable> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

/** One setting as it was decided. */
export interface Resolved {
  readonly flag: Flag;
  /** What the command gets. */
  readonly value: unknown;
  /** As it was written; undefined where nobody gave it. */
  readonly texts: readonly string[] | undefined;
  /** For people: `--listen`, `P2P_LISTEN`, `config.toml:3`, `default`. */
  readonly source: string;
}

type Extras = Partial<
  Pick<
    Flag,
    | "short"
    | "fallbackText"
    | "isSetting"
    | "conflicts"
    | "needs"
    | "idleBeside"
    | "idleUnless"
    | "valueHint"
    | "bareValue"
    | "words"
  >
>;

const base = { placeholder: "", schema: truth, isSetting: false };

/** A flag without a value. */
export function switchFlag(help: string, extras: Extras = {}): Flag<boolean> {
  return { ...base, kind: "switch", help, fallback: false, ...extras };
}

/** A switch whose repetitions are counted. */
export function countFlag(help: string, extras: Extras = {}): Flag<number> {
  return { ...base, kind: "count", help, fallback: 0, ...extras };
}

/** A flag with one value; undefined unless given. */
export function valueFlag<T>(
  schema: ValueSchema<T>,
  placeholder: string,
  help: string,
  extras?: Extras,
): Flag<T | undefined> {
  return { ...base, kind: "value", schema, placeholder, help, fallback: undefined, ...extras };
}

/** A flag with one value and a default. */
export function defaultFlag<T>(
  schema: ValueSchema<T>,
  placeholder: string,
  fallback: T,
  help: string,
  extras?: Extras,
): Flag<T> {
  return { ...base, kind: "value", schema, placeholder, help, fallback, fallbackText: String(fallback), ...extras };
}

/** A flag that may be given many times. */
export function listFlag<T>(
  schema: ValueSchema<T>,
  placeholder: string,
  help: string,
  extras?: Extras,
): Flag<readonly T[]> {
  return { ...base, kind: "list", schema, placeholder, help, fallback: [], ...extras };
}

/** Whether words after the flag may be its value. */
export function takesValue(flag: Flag): boolean {
  return flag.kind === "value" || flag.kind === "list";
}

/** `P2P_MAX_INBOUND` for `max-inbound`. */
export function environmentName(name: string): string {
  return `P2P_${name.replaceAll("-", "_").toUpperCase()}`;
}
