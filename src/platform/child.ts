import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** Lines that are kept for whoever asks later: what a node prints at its start, and its last words. */
const KEPT_LINES = 200;
/** Paths in the file system that Bun builds into an executable. */
const BUNDLED = /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/;

/** Starts this program with other arguments. Its stdin and stdout are closed. */
export function spawnSelf(args: readonly string[]): Child {
  const child = spawn(process.execPath, [...ownArguments(), ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let failure: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => end(error.message));
    child.on("close", (code, signal) => end(`it ended with ${signal ?? `exit code ${code}`}`));

    function end(reason: string): void {
      failure ??= reason;
      tellWatchers();
      resolve();
    }
  });
  createInterface({ input: child.stderr! }).on("line", (line) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    tellWatchers();
  });

  function tellWatchers(): void {
    for (const look of [...watchers]) look();
  }

  return {
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
          if (!found && failure === undefined) return;
          watchers.delete(look);
          if (found) return resolve(found);
          const why = `${failure}; it said last: ${lines.at(-1) ?? "nothing"}`;
          reject(new LocalError("stopped", `Cannot go on: a process of ours is gone: ${why}`));
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

/** What stands between the executable and the program's own arguments: nothing once it is compiled. */
function ownArguments(): readonly string[] {
  const script = process.argv[1] ?? "";
  if (bun) return BUNDLED.test(script) ? [] : [script];
  if (!deno) return [...process.execArgv, script];
  return deno.build.standalone ? [] : ["run", "--allow-all", script];
}

/** A new empty folder that is the owner's alone, and the way to remove it with all that is in it. */
export function createTemporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "p2p-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
