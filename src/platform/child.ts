import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { LocalError } from "../protocol/errors.ts";
import { bun, deno } from "./runtimes.ts";

/** This program, running a second time as another process. */
export interface Child {
  /** The first line on its stderr that matches. Rejects with LocalError if it ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Asks it to end; resolves when it has. Idempotent. */
  stop(): Promise<void>;
}

/** A child that is spoken to: lines go to its stdin and come from its stdout. */
export interface TalkingChild {
  /** Undefined if it could not be started: `ended` tells why. */
  readonly pid: number | undefined;
  send(line: string): void;
  /** Ends its stdin, which asks it to go; one that is too busy to see that is told by a signal. */
  stop(): Promise<void>;
  /** Resolves with why it is gone, and its last words. */
  readonly ended: Promise<string>;
}

/** How to start a program: what stands before its own arguments. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** Runtimes that can run the program from its sources. */
export const SOURCE_RUNTIMES = ["deno", "bun", "node"] as const;
export type SourceRuntime = (typeof SOURCE_RUNTIMES)[number];

/** Lines that are kept for whoever asks later: what a node prints at its start, and its last words. */
const KEPT_LINES = 200;
/** Time to end by itself: an orderly end is also what lets a profiler write down what it saw. */
const GRACE_MS = 500;
/** Paths in the file system that Bun builds into an executable. */
const BUNDLED = /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/;
const ENTRY = join("src", "cli", "main.ts");

/** Starts this program with other arguments. Its stdin and stdout are closed. */
export function spawnSelf(args: readonly string[]): Child {
  const { file, args: own } = ownProgram();
  const child = spawn(file, [...own, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const watchers = new Set<() => void>();
  const tellWatchers = () => [...watchers].forEach((look) => look());
  const lines = keepLines(child, tellWatchers);
  let failure: string | undefined;
  const ended = untilEnded(child).then((reason) => {
    failure = reason;
    tellWatchers();
  });

  return {
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
          if (!found && failure === undefined) return;
          watchers.delete(look);
          if (found) return resolve(found);
          reject(new LocalError("stopped", `Cannot go on: a process of ours is gone: ${lastWords(failure!, lines)}`));
        };
        watchers.add(look);
        look();
      }),
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** Starts a program that answers on its stdout. It sees its stdin end when we are gone, however we went. */
export function spawnTalking(program: Program, args: readonly string[], onLine: (line: string) => void): TalkingChild {
  const child = spawn(program.file, [...program.args, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const lines = keepLines(child, () => {});
  createInterface({ input: child.stdout }).on("line", onLine);
  // A write to a child that is gone: `ended` tells.
  child.stdin.on("error", () => {});
  const ended = untilEnded(child).then((reason) => lastWords(reason, lines));
  return {
    pid: child.pid,
    send: (line) => void child.stdin.write(line + "\n"),
    ended,
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGTERM"), GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** For the child's part in it: calls `onLine` for each line on stdin, then `onEnd` once. */
export function listenToParent(onLine: (line: string) => void, onEnd: () => void): void {
  createInterface({ input: process.stdin }).on("line", onLine).on("close", onEnd);
}

/** This program as it was started. */
export function ownProgram(): Program {
  return { file: process.execPath, args: ownArguments() };
}

/** This program from its sources under a runtime. Throws LocalError where the sources or the runtime are missing. */
export function sourceProgram(runtime: SourceRuntime): Program {
  const script = process.argv[1] ?? "";
  const roots = [dirname(dirname(dirname(script))), dirname(dirname(process.execPath)), process.cwd()];
  const root = roots.find((path) => existsSync(join(path, ENTRY)) && existsSync(join(path, "node_modules")));
  if (root === undefined) {
    const text =
      `Cannot run under ${runtime}: the sources (${ENTRY}, node_modules) are neither beside this program nor here`;
    throw new LocalError("bad-argument", text);
  }
  const before = runtime === "deno" ? ["run", "--allow-all", "--no-check"] : [];
  return { file: findExecutable(runtime, root), args: [...before, join(root, ENTRY)] };
}

/** The project's own copy of a runtime, or the one in PATH. */
function findExecutable(name: string, root: string): string {
  const folders = [join(root, "node_modules", ".bin"), ...(process.env["PATH"] ?? "").split(delimiter)];
  const file = process.platform === "win32" ? `${name}.exe` : name;
  const folder = folders.find((path) => path !== "" && existsSync(join(path, file)));
  if (folder !== undefined) return join(folder, file);
  throw new LocalError("bad-argument", `Cannot run under ${name}: there is no ${file} in PATH`);
}

/** What stands between the executable and the program's own arguments: nothing once it is compiled. */
function ownArguments(): readonly string[] {
  const script = process.argv[1] ?? "";
  if (bun) return BUNDLED.test(script) ? [] : [script];
  if (!deno) return [...process.execArgv, script];
  return deno.build.standalone ? [] : ["run", "--allow-all", script];
}

/** The last lines of a child's stderr; `onLine` is called for each. */
function keepLines(child: ChildProcess, onLine: () => void): readonly string[] {
  const lines: string[] = [];
  createInterface({ input: child.stderr! }).on("line", (line) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    onLine();
  });
  return lines;
}

/** Resolves with why the process is gone. */
function untilEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
}

function lastWords(reason: string, lines: readonly string[]): string {
  return `${reason}; it said last: ${lines.at(-1) ?? "nothing"}`;
}

/** A new empty folder that is the owner's alone, and the way to remove it with all that is in it. */
export function createTemporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "p2p-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
