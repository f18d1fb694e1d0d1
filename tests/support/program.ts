import type { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { PATIENCE_MS, within } from "./wait.ts";

/** How a process ended: one of both is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** How to start a program: the file, and the arguments that come first. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to the test's own environment; undefined removes. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Time to end after a polite request, before the process is killed, in milliseconds. */
const GRACE_MS = 5000;
/** Characters of output that an error quotes. */
const TAIL_LENGTH = 2000;

/** A process that the test started. Its output is kept, and lines can be awaited as events. */
export class Program {
  readonly exited: Promise<Exit>;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #exit: Exit | undefined;

  constructor(command: Command, args: readonly string[], options: ProgramOptions = {}) {
    const { file } = command;
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...options.env };
    this.#child = spawn(file, [...command.args, ...args], { env, cwd: options.cwd, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout!.on("data", (chunk: Buffer) => this.#heard("stdout", chunk));
    this.#child.stderr!.on("data", (chunk: Buffer) => this.#heard("stderr", chunk));
    this.exited = new Promise((resolve, reject) => {
      this.#child.on("error", (error) => {
        this.stderr += `${error.message}\n`;
        reject(error);
      });
      this.#child.on("close", (code, signal) => {
        this.#exit = { code, signal };
        for (const look of this.#watchers) look();
        resolve(this.#exit);
      });
    });
    // Whoever awaits `exited` learns of the failure; until then it must not count as unhandled.
    this.exited.catch(() => {});
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#child.spawnfile} did not start`);
    return pid;
  }

  /** Whether the process still runs. */
  get isAlive(): boolean {
    return this.#exit === undefined;
  }

  /** The first match in the output, on either stream, as soon as it is there. */
  async line(pattern: RegExp, timeoutMs = PATIENCE_MS): Promise<RegExpExecArray> {
    try {
      return await within(`output ${pattern}`, this.#match(pattern), timeoutMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.tail()}`, { cause: error });
    }
  }

  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    if (this.isAlive) process.kill(this.pid, name);
  }

  /** Sends the signal and waits for the end. */
  async end(name: "SIGINT" | "SIGTERM" | "SIGKILL" = "SIGTERM", timeoutMs = GRACE_MS): Promise<Exit> {
    this.signal(name);
    return await within(`end of process ${this.pid} after ${name}\n${this.tail()}`, this.exited, timeoutMs);
  }

  /** Ends the process, by force if need be. For clean-up: says nothing of how it went. */
  async cleanUp(): Promise<void> {
    if (!this.isAlive) return;
    await this.end("SIGTERM").catch(() => this.end("SIGKILL"));
  }

  /** The last of its output, for error messages. */
  tail(): string {
    return `${this.stdout.slice(-TAIL_LENGTH)}${this.stderr.slice(-TAIL_LENGTH)}`;
  }

  #match(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(this.stderr) ?? pattern.exec(this.stdout);
        if (!found && this.isAlive) return;
        this.#watchers.delete(look);
        if (found) resolve(found);
        else reject(new Error(`ended (${JSON.stringify(this.#exit)}) without ${pattern}`));
      };
      this.#watchers.add(look);
      look();
    });
  }

  #heard(stream: "stdout" | "stderr", chunk: Buffer): void {
    this[stream] += chunk.toString();
    for (const look of this.#watchers) look();
  }
}

/** Runs a program to its end. */
export async function run(
  command: Command,
  args: readonly string[],
  options?: ProgramOptions & { readonly timeoutMs?: number },
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = new Program(command, args, options);
  try {
    const { code } = await within(`end of ${args.join(" ")}`, program.exited, options?.timeoutMs);
    return { code, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.cleanUp();
  }
}
