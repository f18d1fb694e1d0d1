import type { Buffer } from "node:buffer";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import type { TestOptions } from "./binary.ts";
import type { Command, Exit } from "./program.ts";
import { PATIENCE_MS, within } from "./wait.ts";

/** A real terminal comes from `script` of util-linux, which every Debian has. */
const HAS_SCRIPT = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

/** For tests that need a terminal. */
export const ON_TERMINAL: TestOptions = { skip: HAS_SCRIPT ? false : "no script(1) here", timeout: 2 * PATIENCE_MS };

export interface PtyOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program on a terminal of its own. What it writes is kept; keys are typed as bytes. */
export class Pty {
  output = "";
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor({ file, args }: Command, words: readonly string[], { columns, rows, env = {} }: PtyOptions) {
    const line = [file, ...args, ...words].map(quote).join(" ");
    const script = `stty cols ${columns} rows ${rows}; echo "pid $$ "; exec ${line}`;
    this.#child = spawn("script", ["-qefc", script, "/dev/null"], {
      env: { ...process.env, SHELL: "/bin/sh", TERM: "xterm-256color", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout!.on("data", (chunk: Buffer) => {
      this.output += chunk.toString();
      for (const look of this.#watchers) look();
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => resolve({ code, signal }));
    });
    this.exited.catch(() => {});
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** Of the program itself, once it said so. */
  get pid(): number {
    return Number(/^pid (\d+) /m.exec(this.output)?.[1]);
  }

  /** The first match in what comes after `from` characters of output. */
  async shows(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    let look = (): void => {};
    const found = new Promise<RegExpExecArray>((resolve) => {
      look = () => {
        const match = pattern.exec(this.output.slice(from));
        if (match) resolve(match);
      };
    });
    this.#watchers.add(look);
    look();
    try {
      return await within(`${pattern} on the terminal`, found, PATIENCE_MS);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${JSON.stringify(this.output.slice(-2_000))}`, { cause: error });
    } finally {
      this.#watchers.delete(look);
    }
  }

  async ended(): Promise<number | null> {
    return (await within("the end of the program", this.exited, PATIENCE_MS)).code;
  }

  cleanUp(): void {
    this.#child.kill("SIGKILL");
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
