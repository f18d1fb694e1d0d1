import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { nearest, suggestion } from "../util/nearest.ts";
import { UsageError } from "./exit.ts";
import type { Flag, FlagTable } from "./flag.ts";
import { readValue } from "./values.ts";

/** The texts of a setting, one or (for a list) many, and where they stand, for error messages and --print-config. */
export interface Given {
  readonly texts: readonly string[];
  readonly source: string;
}

export type Layer = ReadonlyMap<string, Given>;

/** A configuration file: keys for every network, and sections named after one network each. */
export interface ConfigFile {
  readonly top: Layer;
  readonly sections: ReadonlyMap<string, Layer>;
}

/**
 * Reads a TOML file whose keys are the names of flags. Every key is checked, those of other networks' sections too.
 * Throws UsageError naming file and line.
 */
export function readConfigFile(
  path: string,
  toml: string,
  settings: FlagTable,
  networks: readonly string[],
): ConfigFile {
  const top = new Map<string, Given>();
  const sections = new Map<string, Layer>();
  for (const [key, value] of Object.entries(parseDocument(path, toml))) {
    if (isTable(value)) sections.set(key, readSection(key, value));
    else top.set(key, readKey(key, value, undefined));
  }
  return { top, sections };

  function readSection(name: string, table: Record<string, unknown>): Layer {
    const meant = networks.includes(name) ? undefined : nearest(name, networks);
    if (meant !== undefined) refuse(lineOf(toml, undefined, name), `no network ${name} (did you mean ${meant}?)`);
    return new Map(
      Object.entries(table).map(([key, value]) => {
        if (key === "network") refuse(lineOf(toml, key, name), "network cannot be set in a network's section");
        return [key, readKey(key, value, name)] as const;
      }),
    );
  }

  function readKey(key: string, value: unknown, section: string | undefined): Given {
    const line = lineOf(toml, key, section);
    if (!Object.hasOwn(settings, key)) {
      return refuse(line, `unknown key ${JSON.stringify(key)}${suggestion(key, Object.keys(settings))}`);
    }
    const result = v.safeParse(FILE_VALUES[settings[key]!.kind], value);
    if (!result.success) return refuse(line, `${key} ${result.issues[0].message}`);
    for (const text of result.output) {
      const read = readValue(settings[key]!.schema, text);
      if ("why" in read) refuse(line, `${key}: ${read.why}: received ${JSON.stringify(text)}`);
    }
    return { texts: result.output, source: line === undefined ? path : `${path}:${line}` };
  }

  function refuse(line: number | undefined, why: string): never {
    throw new UsageError(line === undefined ? `${path}: ${why}` : `${path}:${line}: ${why}`);
  }
}

const scalar = v.pipe(
  v.union([v.string(), v.number()], "must be a text or a number"),
  v.transform((value) => String(value)),
);
const one = v.pipe(scalar, v.transform((value) => [value]));

/** What a configuration file may give a flag of each kind, as texts. */
const FILE_VALUES: { readonly [K in Flag["kind"]]: v.GenericSchema<unknown, readonly string[]> } = {
  switch: v.pipe(v.boolean("must be true or false"), v.transform((value) => [String(value)])),
  count: v.never("cannot be configured"),
  value: one,
  list: v.union([one, v.array(scalar)], "must be a text or a list of texts"),
};

function parseDocument(path: string, toml: string): Record<string, unknown> {
  try {
    return parseToml(toml);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "");
    throw new UsageError(`${path}:${error.line}: ${why}`);
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The line where a key (of a section), or the section itself, stands; undefined if it is spelled in another way. */
function lineOf(toml: string, key: string | undefined, section: string | undefined): number | undefined {
  let current: string | undefined;
  for (const [index, line] of toml.split("\n").entries()) {
    const header = /^\s*\[\s*["']?([^\]"']+?)["']?\s*\]/.exec(line);
    if (header) current = header[1];
    const name = header ? undefined : /^\s*["']?([^\s="']+)["']?\s*=/.exec(line)?.[1];
    if (current === section && name === key) return index + 1;
  }
  return undefined;
}
