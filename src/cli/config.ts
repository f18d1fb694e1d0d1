import { type ConfigFile, type Given, type Layer, readConfigFile } from "./config_file.ts";
import type { AnyCommand } from "./command.ts";
import { CONFIG_FLAGS } from "./flags.ts";
import { UsageError } from "./exit.ts";
import { environmentName, type Flag, type FlagTable, type Resolved } from "./flag.ts";
import { readValue } from "./values.ts";

/** Where settings come from besides the command line. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or undefined if there is none. */
  readText(path: string): Promise<string | undefined>;
  /** The networks that have names of their own. */
  readonly networks: readonly string[];
  /** The name of the network that `--network` chose: itself, or what its file says. */
  networkName(choice: string): Promise<string>;
}

/**
 * Decides each flag of a command: flags > `P2P_*` environment > `--config` > the user's configuration file > defaults.
 * Within a file the network's section comes before the rest. Throws UsageError.
 */
export async function resolveSettings(
  command: AnyCommand,
  commands: readonly AnyCommand[],
  given: ReadonlyMap<string, readonly string[]>,
  around: Surroundings,
): Promise<ReadonlyMap<string, Resolved>> {
  const settings = settingsOf(commands);
  const flags = layerOfFlags(given);
  const environment = layerOfEnvironment({ ...settings, ...CONFIG_FLAGS }, around.environment);
  const files = await readFiles(flags.get("config") ?? environment.get("config"), settings, around);
  const choice = findGiven("network", [flags, environment, ...files.map(({ top }) => top)])?.given.texts.at(-1);
  const network = files.length === 0 ? "" : await around.networkName(choice ?? fallbackNetwork(settings));
  const layers = [flags, environment, ...files.flatMap((file) => [file.sections.get(network) ?? new Map(), file.top])];
  const found = new Map(Object.entries(command.flags).map(([name, flag]) => [name, decide(name, flag, layers)]));
  settleConflicts(found);
  refuseIdle(found);
  return new Map([...found].map(([name, decision]) => [name, decision.resolved]));
}

/** Every flag, of any command, that configuration may set. */
export function settingsOf(commands: readonly AnyCommand[]): FlagTable {
  return Object.fromEntries(
    commands.flatMap(({ flags }) => Object.entries(flags).filter(([, flag]) => flag.isSetting)),
  );
}

/** Where a user's own configuration lies (XDG base directories: a relative path counts as none). */
export function userConfigPath(environment: Surroundings["environment"]): string | undefined {
  const { XDG_CONFIG_HOME: base, HOME: home } = environment;
  if (base?.startsWith("/")) return `${base}/p2p/config.toml`;
  return home ? `${home}/.config/p2p/config.toml` : undefined;
}

interface Decision {
  resolved: Resolved;
  /** Which layer it is from; the number of layers if nobody gave it. */
  readonly rank: number;
}

function decide(name: string, flag: Flag, layers: readonly Layer[]): Decision {
  const found = findGiven(name, layers);
  if (!found) return { resolved: fallbackOf(flag), rank: layers.length };
  const { texts, source } = found.given;
  const values = texts.map((text) => {
    const read = readValue(flag.schema, text);
    if ("why" in read) throw new UsageError(`${source}: ${read.why}: received ${JSON.stringify(text)}`);
    return read.value;
  });
  const value = flag.kind === "list" ? values : flag.kind === "count" ? values.length : values.at(-1);
  return { resolved: { flag, value, texts, source }, rank: found.rank };
}

function findGiven(name: string, layers: readonly Layer[]): { given: Given; rank: number } | undefined {
  const rank = layers.findIndex((layer) => layer.has(name));
  return rank < 0 ? undefined : { given: layers[rank]!.get(name)!, rank };
}

/** Of two settings that contradict each other the one from the higher layer stands; in one layer they are an error. */
function settleConflicts(found: ReadonlyMap<string, Decision>): void {
  for (const [name, decision] of found) {
    const { flag, texts, value } = decision.resolved;
    if (texts === undefined || value === false) continue;
    for (const other of flag.conflicts ?? []) {
      const rival = found.get(other);
      if (!rival || rival.resolved.texts === undefined || rival.resolved.value === false) continue;
      if (rival.rank === decision.rank) throw new UsageError(`${name} and ${other} contradict each other`);
      const loser = rival.rank > decision.rank ? rival : decision;
      loser.resolved = fallbackOf(loser.resolved.flag);
    }
  }
}

/**
 * What does nothing here is refused where it was typed for this run. Files and the environment are written once, for
 * runs of all kinds: what one of them has no use for does no harm there.
 */
function refuseIdle(found: ReadonlyMap<string, Decision>): void {
  const isOn = (condition: string) => {
    const [name, wanted] = condition.split("=") as [string, string | undefined];
    const { texts, value } = found.get(name)!.resolved;
    return texts !== undefined && (wanted === undefined ? value !== false : value === wanted);
  };
  for (const [name, { resolved: { flag, texts, source } }] of found) {
    if (texts === undefined || source !== `--${name}`) continue;
    if (flag.needs && !flag.needs.some(isOn)) {
      const others = flag.needs.map((other) => `--${other}`).join(" or ");
      throw new UsageError(`--${name} does nothing without ${others}`);
    }
    const idler = flag.idleUnless?.some(isOn) ? undefined : flag.idleBeside?.find(isOn);
    if (idler !== undefined) throw new UsageError(`--${name} does nothing beside --${idler.replace("=", " ")}`);
  }
}

function fallbackOf(flag: Flag): Resolved {
  return { flag, value: flag.fallback, texts: undefined, source: "default" };
}

function fallbackNetwork(settings: FlagTable): string {
  return String(settings["network"]?.fallback ?? "");
}

function layerOfFlags(given: ReadonlyMap<string, readonly string[]>): Layer {
  return new Map([...given].map(([name, texts]) => [name, { texts, source: `--${name}` }]));
}

/** An empty variable counts as none; the items of a list are separated by commas. */
function layerOfEnvironment(settings: FlagTable, environment: Surroundings["environment"]): Layer {
  return new Map(
    Object.entries(settings).flatMap(([name, flag]) => {
      const source = environmentName(name);
      const text = environment[source];
      if (!text) return [];
      const texts = flag.kind === "list" ? text.split(",").map((part) => part.trim()) : [text];
      return [[name, { texts, source }] as const];
    }),
  );
}

async function readFiles(
  chosen: Given | undefined,
  settings: FlagTable,
  around: Surroundings,
): Promise<readonly ConfigFile[]> {
  const files: ConfigFile[] = [];
  const path = chosen?.texts.at(-1);
  if (chosen && path !== undefined) {
    const toml = await around.readText(path);
    if (toml === undefined) throw new UsageError(`${chosen.source}: no such file: ${path}`);
    files.push(readConfigFile(path, toml, settings, around.networks));
  }
  const ownPath = userConfigPath(around.environment);
  const own = ownPath === undefined ? undefined : await around.readText(ownPath);
  if (own !== undefined) files.push(readConfigFile(ownPath!, own, settings, around.networks));
  return files;
}
