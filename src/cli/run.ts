import { toOneLine } from "../util/escape.ts";
import { VERSION } from "../util/version.ts";
import type { AnyCommand } from "./command.ts";
import { resolveSettings, type Surroundings } from "./config.ts";
import type { Resolved } from "./flag.ts";
import type { Host } from "../platform/host.ts";
import { type ColorChoice, type Context, createOutput } from "./context.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { type LogThreshold, shiftLevel } from "./log_levels.ts";
import { type Invocation, parse } from "./parse.ts";

/** Of what was received and is quoted in a refusal: half a screen. */
const MAX_REFUSAL_CHARACTERS = 1_000;

/** Reads the command line, runs what it asks for, and resolves with the exit code. Never rejects. */
export async function run(
  host: Host,
  commands: readonly AnyCommand[],
  around: Pick<Surroundings, "readText" | "networks" | "networkName">,
): Promise<number> {
  let isDebug = false;
  try {
    const invocation = parse(host.argv, commands);
    if (invocation.kind !== "run") return inform(host, commands, invocation);
    const { command, words, given } = invocation;
    const resolved = await resolveSettings(command, commands, given, { ...around, environment: host.environment });
    const settings = Object.fromEntries([...resolved].map(([name, { value }]) => [name, value]));
    const context = createContext(host, resolved);
    isDebug = context.log.level === "debug";
    return await command.run(context, settings, words);
  } catch (error) {
    host.stderr.write(describeError(error, isDebug));
    return exitCodeOf(error) ?? EXIT.internal;
  }
}

/** One line; for a bug also its stack, if that is wanted. */
export function describeError(error: unknown, withStack: boolean): string {
  const message = error instanceof Error ? error.message : String(error);
  if (exitCodeOf(error) !== undefined) return `p2p: ${toOneLine(clip(message))}\n`;
  const stack = withStack && error instanceof Error && error.stack ? `${error.stack}\n` : "";
  return `p2p: internal error: ${toOneLine(message)}${withStack ? "" : " (-v shows where)"}\n${stack}`;
}

/** The beginning says what is wrong, the end what would be right; a word of a megabyte between them helps nobody. */
function clip(message: string): string {
  if (message.length <= MAX_REFUSAL_CHARACTERS) return message;
  const half = MAX_REFUSAL_CHARACTERS / 2;
  return `${message.slice(0, half)} … ${message.slice(-half)}`;
}

function inform(
  host: Host,
  commands: readonly AnyCommand[],
  invocation: Exclude<Invocation, { kind: "run" }>,
): number {
  if (invocation.kind === "version") {
    host.stdout.write(`p2p ${VERSION}\n${host.runtime}\n`);
    return EXIT.done;
  }
  if (invocation.kind === "help") {
    host.stdout.write(invocation.command ? commandHelp(invocation.command) : generalHelp(commands));
    return EXIT.done;
  }
  host.stderr.write(generalHelp(commands));
  return EXIT.usage;
}

/** The settings here are those of COMMON_FLAGS, which every command has. */
function createContext(host: Host, resolved: ReadonlyMap<string, Resolved>): Context {
  const value = <T>(name: string): T => resolved.get(name)?.value as T;
  const color = value<boolean>("no-color") ? "never" : value<ColorChoice>("color");
  const steps = value<number>("verbose") - value<number>("quiet");
  const format = value<"text" | "json" | undefined>("log-format") ?? (host.stderr.isTerminal ? "text" : "json");
  return {
    host,
    out: createOutput(host.stdout, color, host.environment),
    err: createOutput(host.stderr, color, host.environment),
    log: {
      level: shiftLevel(value<LogThreshold>("log-level"), steps),
      categories: value<Context["log"]["categories"] | undefined>("log") ?? [],
      format,
    },
    resolved,
  };
}
