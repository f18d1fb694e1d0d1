import type { AnyCommand } from "./command.ts";
import { EXIT_MEANINGS } from "./exit.ts";
import { environmentName, type Flag } from "./flag.ts";

const INDENT = "  ";

/** What `p2p --help` shows. */
export function generalHelp(commands: readonly AnyCommand[]): string {
  return sections([
    ["", ["p2p: a peer-to-peer node"]],
    ["Usage", ["p2p COMMAND [FLAG …]"]],
    ["Commands", columns(commands.map(({ name, summary }) => [name, summary]))],
    ["Flags", columns([["-h, --help", "show what a command takes"], ["-V, --version", "show the version"]])],
    ["Examples", columns(commands.map(({ examples }) => examples[0]!))],
    ["", ["p2p COMMAND --help tells the rest."]],
  ]);
}

/** What `p2p COMMAND --help` shows: everything, derived from the command's tables. */
export function commandHelp(command: AnyCommand): string {
  const flags = Object.entries(command.flags);
  const settings = flags.filter(([, flag]) => flag.isSetting);
  return sections([
    ["", [`p2p ${command.name}: ${command.summary}`]],
    ["Usage", command.usage.map((form) => `p2p ${command.name} ${form}`)],
    ...choices(command),
    ["Examples", columns(command.examples)],
    ["Flags", columns(flags.map(([name, flag]) => [spell(name, flag), describe(flag)]))],
    [
      "Environment",
      columns([
        ...settings.map(([name]) => [environmentName(name), `as --${name}`] as const),
        [environmentName("config"), "as --config"],
        ["NO_COLOR, FORCE_COLOR", "no colour, colour; --color comes first"],
      ]),
    ],
    ["Exit codes", columns(command.exitCodes.map((code) => [String(code), EXIT_MEANINGS[code]!]))],
  ]);
}

/** What the words of the command may be, a section a positional. */
function choices({ positionals }: AnyCommand): [title: string, lines: readonly string[]][] {
  return positionals.flatMap(({ name, choices }): [string, readonly string[]][] => {
    return choices ? [[name, columns(choices.map(({ word, summary }) => [word, summary]))]] : [];
  });
}

export function spell(name: string, flag: Flag): string {
  const short = flag.short ? `-${flag.short}, ` : "";
  if (flag.bareValue !== undefined) return `${short}--${name}[=${flag.placeholder}]`;
  return `${short}--${name}${flag.placeholder ? ` ${flag.placeholder}` : ""}`;
}

export function describe(flag: Flag): string {
  const repeatable = flag.kind === "list" ? "; repeatable" : "";
  const fallback = flag.fallbackText === undefined ? "" : ` (${flag.fallbackText})`;
  return `${flag.help}${repeatable}${fallback}`;
}

function columns(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}${INDENT}${right}`);
}

function sections(parts: readonly (readonly [title: string, lines: readonly string[]])[]): string {
  return parts.map(([title, lines]) =>
    title === "" ? lines.join("\n") : `${title}:\n${lines.map((line) => INDENT + line).join("\n")}`
  ).join("\n\n") + "\n";
}
