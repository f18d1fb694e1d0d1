import process from "node:process";
import { isatty } from "node:tty";
import { createTransport as createBunTransport } from "./bun.ts";
import { createTransport as createDenoTransport } from "./deno.ts";
import { createTransport as createNodeTransport } from "./nodejs.ts";
import { openOutput, type OutputStream } from "./output.ts";
import { bun, collectGarbage, deno } from "./runtimes.ts";
import type { Transport } from "./types.ts";
import type { Logger } from "../util/env.ts";

export type RuntimeName = "bun" | "deno" | "nodejs";
export type StopSignal = "SIGINT" | "SIGTERM";

/** What a process takes: now, of it what its program holds, and at most so far. */
export interface ProcessMemory {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly peakBytes: number;
}

/** The process that a program lives in, on any of the runtimes. */
export interface Host {
  readonly runtimeName: RuntimeName;
  /** Such as `bun 1.4.5 linux-x64`. */
  readonly runtime: string;
  readonly pid: number;
  /** Without the program's own name. */
  readonly argv: readonly string[];
  /** What was started: the runtime, or the compiled program. */
  readonly executable: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: { readonly isTerminal: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls `listener` for each signal until the handle is disposed; the process no longer dies of it by itself. */
  onSignal(listener: (signal: StopSignal) => void): Disposable;
  /** Calls `listener` with what nobody caught, until the handle is disposed; the process no longer dies of it. */
  onUncaught(listener: (error: unknown) => void): Disposable;
  /** Memory that the process occupies, and the part of it that holds live JavaScript objects. */
  memory(): ProcessMemory;
  /** Collects garbage now, where the runtime lets a program ask for it: Bun does, Node when started with `--expose-gc`. */
  collectGarbage(): void;
  /** Processor time that the process used so far, in all its threads. */
  cpuMs(): number;
  /** The code with which the process ends once it has nothing left to do. */
  setExitCode(code: number): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

/** argv begins with the runtime and the script, also in a compiled program, where both are made up. */
const ARGUMENTS_START = 2;
/** Asked by its number: merely naming process.stdin opens it. */
const STDIN_FD = 0;
const STDOUT_FD = 1;
const STDERR_FD = 2;
const MICROSECONDS_PER_MS = 1000;
const BYTES_PER_KIB = 1024;
const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

/** The fastest byte streams of this runtime. `logger` hears of connections that could not be accepted. */
export function createTransport(logger?: Logger): Transport {
  if (bun) return createBunTransport();
  return deno ? createDenoTransport(logger) : createNodeTransport(logger);
}

/** The process that this program runs in. */
export function currentHost(): Host {
  const runtimeName = bun ? "bun" : deno ? "deno" : "nodejs";
  const version = bun?.version ?? deno?.version.deno ?? process.versions.node;
  return {
    runtimeName,
    runtime: `${runtimeName} ${version} ${process.platform}-${process.arch}`,
    pid: process.pid,
    argv: process.argv.slice(ARGUMENTS_START),
    executable: process.execPath,
    environment: process.env,
    stdin: { isTerminal: isatty(STDIN_FD) },
    stdout: openOutput(STDOUT_FD, process.stdout, "end"),
    stderr: openOutput(STDERR_FD, process.stderr, "resume"),
    onSignal: (listener) => subscribe(STOP_SIGNALS, listener),
    onUncaught: (listener) => subscribe(["uncaughtException", "unhandledRejection"], listener),
    memory() {
      const { rss, heapUsed } = process.memoryUsage();
      return { residentBytes: rss, heapBytes: heapUsed, peakBytes: process.resourceUsage().maxRSS * BYTES_PER_KIB };
    },
    collectGarbage() {
      if (bun) bun.gc(true);
      else collectGarbage?.();
    },
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / MICROSECONDS_PER_MS;
    },
    setExitCode(code) {
      process.exitCode = code;
    },
    exit: (code) => process.exit(code),
  };
}

function subscribe<T>(names: readonly string[], listener: (value: T) => void): Disposable {
  const forward = (value: T) => listener(value);
  for (const name of names) process.on(name, forward);
  return {
    [Symbol.dispose]() {
      for (const name of names) process.off(name, forward);
    },
  };
}
