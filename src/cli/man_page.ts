import { toOneLine } from "../util/escape.ts";
import { wrapText } from "../util/text_width.ts";
import { VERSION } from "../util/version.ts";
import type { AnyCommand } from "./command.ts";
import { EXIT_MEANINGS } from "./exit.ts";
import { environmentName, type FlagTable } from "./flag.ts";
import { COMMON_FLAGS } from "./flags.ts";
import { describe, spell } from "./help.ts";

type Entry = readonly [term: string, text: string];

const LINE_CHARACTERS = 78;

const FILES: readonly Entry[] = [
  ["$XDG_CONFIG_HOME/p2p/config.toml", "settings; ~/.config/p2p/config.toml without that variable"],
  ["$XDG_DATA_HOME/p2p/NETWORK", "what a node knows; ~/.local/share/p2p/NETWORK without that variable"],
  ["…/p2p.sock", "the control API of the node of a data directory"],
];

/** The manual page in the man(7) language, written from the tables that the parser reads too. */
export function manPage(commands: readonly AnyCommand[]): string {
  const lines = [
    `.TH P2P 1 "" "p2p ${escapeRoff(VERSION)}" "User Commands"`,
    ".SH NAME",
    "p2p \\- a peer\\-to\\-peer node",
    ".SH SYNOPSIS",
    ...commands.flatMap(({ name, usage }) => usage.flatMap((form) => [".br", ...command(`p2p ${name}`, form)])).slice(
      1,
    ),
    ".SH DESCRIPTION",
    ...text(
      "One executable runs a node, talks to a peer, looks into a running node, and measures. Data goes to standard output, " +
        "everything else to standard error. What a peer said is escaped before it is shown.",
    ),
    ".SH COMMANDS",
    ...commands.flatMap(describeCommand),
    ".SH COMMON OPTIONS",
    ...flagEntries(COMMON_FLAGS),
    ".SH ENVIRONMENT",
    ...text("Every setting of p2p node and p2p inspect is read from a variable too; flags come first."),
    ...environmentEntries(commands).flatMap(entry),
    ".SH FILES",
    ...FILES.flatMap(entry),
    ".SH EXIT STATUS",
    ...Object.entries(EXIT_MEANINGS).map(([code, meaning]) => [code, meaning] as const).flatMap(entry),
    ".SH EXAMPLES",
    ...commands.flatMap(({ examples }) => examples).flatMap(([line, what]) => entry([line, what])),
  ];
  return lines.join("\n") + "\n";
}

function describeCommand({ name, summary, positionals, flags }: AnyCommand): string[] {
  const own = Object.fromEntries(Object.entries(flags).filter(([flag]) => !(flag in COMMON_FLAGS)));
  return [
    `.SS ${escapeRoff(`p2p ${name}`)}`,
    ...text(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...positionals.flatMap(({ name: title, choices }) => choices ? choiceLines(title, choices) : []),
    ...flagEntries(own),
  ];
}

function choiceLines(title: string, choices: NonNullable<AnyCommand["positionals"][number]["choices"]>): string[] {
  return [
    ".P",
    ...text(`${title} is one of:`),
    ...choices.flatMap(({ word, summary, columns }) =>
      entry([word, columns ? `${summary}. Columns: ${columns.map(([column]) => column).join(", ")}.` : summary])
    ),
  ];
}

function flagEntries(flags: FlagTable): string[] {
  return Object.entries(flags).flatMap(([name, flag]) => entry([spell(name, flag), describe(flag)]));
}

function environmentEntries(commands: readonly AnyCommand[]): readonly Entry[] {
  const names = commands.flatMap(({ flags }) => Object.entries(flags).filter(([, { isSetting }]) => isSetting));
  const settings = [...new Set(names.map(([name]) => name))].map((
    name,
  ): Entry => [environmentName(name), `as --${name}`]);
  return [
    ...settings,
    [environmentName("config"), "as --config"],
    ["NO_COLOR, FORCE_COLOR", "no colour, colour; --color comes first"],
    ["NOTIFY_SOCKET", "where systemd listens for the word that a node is ready"],
  ];
}

function text(sentence: string): string[] {
  return fill(escapeRoff(sentence));
}

function entry([term, text]: Entry): string[] {
  return [".TP", `\\fB${escapeRoff(term)}\\fR`, ...fill(escapeRoff(text))];
}

function command(words: string, form: string): string[] {
  return fill(`\\fB${escapeRoff(words)}\\fR ${escapeRoff(form)}`);
}

/** Lines of a width that the language's checkers like. One that begins with a dot or a quote would be a request. */
function fill(text: string): string[] {
  return wrapText(text, LINE_CHARACTERS).map((line) => /^[.']/.test(line) ? `\\&${line}` : line);
}

/** Backslashes, dashes that must stay dashes, and whatever is not ASCII. */
function escapeRoff(text: string): string {
  const plain = toOneLine(text).replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...");
  return plain.replace(/[^\x20-\x7e]/gu, (point) => {
    return `\\[u${point.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}
