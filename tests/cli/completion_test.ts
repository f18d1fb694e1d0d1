import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { describeCommands } from "../../src/cli/completion/model.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { manPage } from "../../src/cli/man_page.ts";
import type { TestOptions } from "../support/binary.ts";
import { ON_TERMINAL, Pty } from "../support/pty.ts";
import { poll } from "../support/wait.ts";

const MODEL = describeCommands(COMMANDS);
const TIMEOUT_MS = 30_000;
const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof SHELLS;

function needs(file: string): TestOptions {
  const isThere = spawnSync(file, ["--version"]).status === 0 || spawnSync(file, ["-h"]).error === undefined;
  return { skip: isThere ? false : `no ${file} here`, timeout: TIMEOUT_MS };
}

/** What a shell offers for a line that ends where the cursor is. */
type Offer = (line: string) => string[];

function inFolder(act: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    writeFileSync(join(folder, "some.toml"), "");
    act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls the completion function as bash does; the words come as it splits them, by default at `=` and `:`. */
const BASH = `
source "$1"; shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
compopt() { [[ $1 == -o ]] && COMPREPLY+=("<$2>"); }
_p2p
(( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"
exit 0
`;

/** Words as bash makes them; where the line ends with what it splits at, that is the word at the cursor. */
function splitForBash(line: string): string[] {
  return line.split(" ").flatMap((word) => word === "" ? [""] : word.split(/(=|:+)/).filter((part) => part !== ""));
}

function offerIn(shell: "bash" | "fish", folder: string): Offer {
  const script = join(folder, `p2p.${shell}`);
  writeFileSync(script, SHELLS[shell](MODEL));
  return (line) => {
    const args = shell === "bash"
      ? ["--norc", "-c", BASH, "bash", script, ...splitForBash(line)]
      : ["--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, script, line];
    const { stdout, stderr } = spawnSync(shell, args, { encoding: "utf8", cwd: folder });
    assertEquals(stderr, "", line);
    return stdout.split("\n").filter((word) => word !== "").map((word) => word.split("\t")[0]!);
  };
}

/** Lines, and what each of bash and fish must offer among others, or alone. */
const CASES: readonly (readonly [line: string, among: readonly string[], alone?: boolean])[] = [
  ["p2p ", ["node", "connect", "inspect", "bench", "completion", "man"]],
  ["p2p ins", ["inspect"], true],
  ["p2p node --dedupe ", ["count", "drop", "off"], true],
  ["p2p node --dedupe=d", ["drop"]],
  ["p2p node --max-in", ["--max-inbound"], true],
  ["p2p node --network sig", ["signet"]],
  ["p2p node --network main --mi", ["--mine"], true],
  ["p2p -v inspect pe", ["peers", "peer"]],
  ["p2p inspect --network main pe", ["peers", "peer"]],
  ["p2p inspect peers --sort mailb", ["mailbox"], true],
  ["p2p inspect bans --sort le", ["left"], true],
  ["p2p inspect bans --ti", [], true],
  ["p2p inspect chain --ti", ["--tips"], true],
  ["p2p inspect events --channels inv", ["inventory"], true],
  ["p2p inspect events --channels sync,inv", ["sync,inventory"], true],
  ["p2p inspect events --channels sync,data,control,", ["sync,data,control,inventory"], true],
  ["p2p inspect peers --columns id,mailb", ["id,mailbox"], true],
  ["p2p inspect peers --columns=id,mailb", ["id,mailbox"], true],
  ["p2p inspect bans --columns left,address,le", [], true],
  ["p2p inspect events --types chain:t", ["chain:tip"], true],
  ["p2p inspect events --types peer:connected,chain:t", ["peer:connected,chain:tip"], true],
  ["p2p inspect --control 127.0.0.1:9464 pe", ["peers", "peer"]],
  ["p2p inspect --control [::1]:9464 pe", ["peers", "peer"]],
  ["p2p connect 127.0.0.1:1 --expect headers --ndj", ["--ndjson"], true],
  ["p2p bench fan", ["fanout"], true],
  ["p2p bench queue --cou", ["--count"], true],
  ["p2p bench queue --pee", [], true],
  ["p2p node --seed --min", ["--mine"], true],
  ["p2p --log-level debug node --dedupe ", ["count", "drop", "off"], true],
  ["p2p completion z", ["zsh"], true],
  ["p2p node x y", [], true],
];

/** The whole value that stands there once this was taken. */
function wholeWord(shell: "bash" | "fish", line: string, offered: string): string {
  const typed = line.slice(line.lastIndexOf(" ") + 1);
  const kept = shell === "bash" ? typed.slice(0, Math.max(typed.lastIndexOf("="), typed.lastIndexOf(":")) + 1) : "";
  return `${kept}${offered}`.replace(/^--[a-z]+=/, "");
}

for (const shell of ["bash", "fish"] as const) {
  test(`completion: ${shell} offers what the tables say`, needs(shell), () =>
    inFolder((folder) => {
      const offer = offerIn(shell, folder);
      for (const [line, among, alone = false] of CASES) {
        const offered = offer(line).map((word) => wholeWord(shell, line, word));
        if (alone) assertEquals(offered.sort(), [...among].sort(), line);
        else for (const word of among) assert(offered.includes(word), `${line}: ${word} in ${offered.join(" ")}`);
      }
    }));

  test(`completion: ${shell} runs nothing that was typed`, needs(shell), () =>
    inFolder((folder) => {
      const offer = offerIn(shell, folder);
      const mark = join(folder, "mark");
      for (
        const evil of [
          `$(touch ${mark})`,
          `\`touch ${mark}\``,
          `';touch ${mark};'`,
          `x[$(touch ${mark})]`,
          "*",
          "$HOME",
        ]
      ) {
        const word = evil.replaceAll(" ", "${IFS}");
        for (
          const line of [
            `p2p ${word}`,
            `p2p ${word} --`,
            `p2p inspect ${word}`,
            `p2p inspect ${word} --sort `,
            `p2p node --dedupe ${word}`,
          ]
        ) {
          offer(line);
        }
      }
      assertEquals(existsSync(mark), false);
    }));
}

test("completion: bash leaves paths to the shell", needs("bash"), () =>
  inFolder((folder) => {
    const offer = offerIn("bash", folder);
    assertEquals(offer("p2p node --export so"), ["<default>"]);
    assertEquals(offer("p2p node --data-dir x"), ["<dirnames>"]);
    assertEquals(offer("p2p node --network s"), ["signet", "<default>"]);
    assertEquals(offer("p2p inspect tra"), ["<default>"]);
  }));

test(
  "completion: fish offers files where one is meant",
  needs("fish"),
  () => inFolder((folder) => assertEquals(offerIn("fish", folder)("p2p node --import so"), ["some.toml"])),
);

/** Lines typed at the prompt of zsh, each with a tab at its end, and what stands there afterwards. */
const ZSH_CASES: readonly (readonly [typed: string, becomes: string])[] = [
  ["p2p insp", "p2p inspect "],
  ["p2p inspect topo", "p2p inspect topology "],
  ["p2p inspect peers --so", "p2p inspect peers --sort "],
  ["p2p inspect peers --sort mailb", "p2p inspect peers --sort mailbox "],
  ["p2p node --dedupe=d", "p2p node --dedupe=drop "],
  ["p2p inspect peers --columns id,mailb", "p2p inspect peers --columns id,mailbox,"],
  ["p2p inspect peers --columns=id,mailb", "p2p inspect peers --columns=id,mailbox,"],
  ["p2p inspect events --types peer:connected,chain:ti", "p2p inspect events --types peer:connected,chain:tip,"],
  ["p2p inspect bans --columns left,le", "p2p inspect bans --columns left,le"],
  ["p2p inspect bans --ti", "p2p inspect bans --ti"],
  ["p2p node --import so", "p2p node --import some.toml "],
];

test(
  "completion: zsh completes at its prompt, and runs nothing that was typed",
  { ...needs("zsh"), skip: needs("zsh").skip || ON_TERMINAL.skip },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "p2p-"));
    writeFileSync(join(folder, "_p2p"), zshCompletion(MODEL));
    writeFileSync(join(folder, "some.toml"), "");
    const [mark, log] = [join(folder, "mark"), join(folder, "lines")];
    const setUp = `cd ${folder}; fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D; ` +
      `tell() { print -r -- "$BUFFER" >> lines; BUFFER= }; zle -N tell; bindkey '^X' tell; print set-up-is-done`;
    const pty = new Pty({ file: "zsh", args: ["-f", "-i"] }, [], { columns: 250, rows: 50 });
    try {
      pty.type(`${setUp}\r`);
      await pty.shows(/\nset-up-is-done/);
      const cases = [...ZSH_CASES, [`p2p inspect $(touch ${mark}) --so`, `p2p inspect $(touch ${mark}) --sort `]];
      for (const [typed] of cases) pty.type(`${typed}\t\x18`);
      const read = () => Promise.resolve(existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(0, -1) : []);
      const lines = await poll("what zsh made of the lines", read, (found) => found.length === cases.length);
      assertEquals(lines, cases.map(([, becomes]) => becomes));
      assertEquals(existsSync(mark), false);
    } finally {
      pty.cleanUp();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

for (const [shell, write] of Object.entries(SHELLS) as [Shell, (typeof SHELLS)[Shell]][]) {
  test(
    `completion: the script for ${shell} has every command and flag, and its shell can read it`,
    needs(shell),
    () =>
      inFolder((folder) => {
        const script = write(MODEL);
        const path = join(folder, "script");
        writeFileSync(path, script);
        for (const { name, flags } of MODEL) {
          assertStringIncludes(script, name);
          for (const flag of flags) {
            assertStringIncludes(script, shell === "fish" ? `-l ${flag.name} ` : `--${flag.name}`);
          }
        }
        const { status, stderr } = spawnSync(shell, ["-n", path], { encoding: "utf8" });
        assertEquals([status, stderr], [0, ""]);
      }),
  );
}

test("man page: has every command, flag and exit code", () => {
  const page = manPage(COMMANDS);
  for (const { name, flags } of COMMANDS) {
    assertStringIncludes(page, `.SS p2p ${name}\n`);
    for (const flag of Object.keys(flags)) assertStringIncludes(page, `\\-\\-${flag.replaceAll("-", "\\-")}`);
  }
  // deno-lint-ignore no-control-regex
  assertEquals(/[^\x00-\x7f]/.test(page), false);
});

test("man page: mandoc and groff have nothing against it", needs("mandoc"), () =>
  inFolder((folder) => {
    const path = join(folder, "p2p.1");
    writeFileSync(path, manPage(COMMANDS));
    const lint = spawnSync("mandoc", ["-Tlint", path], { encoding: "utf8" });
    // A page without a date is the same page on every day.
    assertEquals(lint.stdout.split("\n").filter((line) => !/missing date|^$/.test(line)), []);
    if (spawnSync("man", ["--version"]).status !== 0) return;
    const { stdout, stderr } = spawnSync("man", ["--warnings", "-l", path], {
      encoding: "utf8",
      env: { ...process.env, MANWIDTH: "100" },
    });
    assertEquals(stderr, "");
    assertStringIncludes(stdout, "--max-inbound N");
    assertEquals(readFileSync(path, "utf8").includes("\t"), false);
  }));
