import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { within } from "../support/wait.ts";

/** A process of the runtime that runs the tests, which talks in lines. */
export interface Child {
  readonly pid: number;
  /** The next line of its stdout; undefined once there are no more. */
  line(): Promise<string | undefined>;
  send(line: string): void;
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
}

/** Runs a script of this folder. */
export function startChild(script: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const runtimeArgs = process.versions.deno ? ["run", "-A", "--no-check"] : [];
  const child = spawn(process.execPath, [...runtimeArgs, path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = readLines(child);
  return {
    pid: child.pid!,
    line: () => within(`a line of ${script}`, lines.next()).then(({ value }) => value),
    send: (line) => void child.stdin!.write(`${line}\n`),
    kill: () => {
      child.kill("SIGKILL");
      return within(`the end of ${script}`, exited);
    },
  };
}

function readLines(child: ChildProcess): AsyncIterator<string, undefined> {
  const iterator = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return iterator as AsyncIterator<string, undefined>;
}
