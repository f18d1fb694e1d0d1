import process from "node:process";
import { isatty } from "node:tty";
import { createTransport as createBunTransport } from "./bun.ts";
import { createTransport as createDenoTransport } from "./deno.ts";
import { createTransport as createNodeTransport } from "./nodejs.ts";
import { bun, collectGarbage, deno } from "./runtimes.ts";
import type { Transport } from "./types.ts";
import type { Logger } from "../util/env.ts";

export type RuntimeName = "bun" | "deno" | "nodejs";
export type StopSignal = "SIGINT" | "SIGTERM";

/** One of the program's standard streams. */
export interface OutputStream {
  readonly isTerminal: boolean;
  /** Width in characters; 80 where nobody knows. */
  readonly columns: number;
  write(text: string): void;
  /** Resolves when the system has all that was written, or nobody reads it any more. Bun loses the rest at an exit. */
  flush(): Promise<void>;
  /** Calls `listener` once the reader is gone, as in `| head`; what is written later is dropped. */
  onReaderGone(listener: () => void): void;
}

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

const DEFAULT_COLUMNS = 80;
/** argv begins with the runtime and the script, also in a compiled program, where both are made up. */
const ARGUMENTS_START = 2;
/** Asked by its number: merely naming process.stdin opens it. */
const STDIN_FD = 0;
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
    stdout: outputStream(process.stdout),
    stderr: outputStream(process.stderr),
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

function outputStream(stream: NodeJS.WriteStream): OutputStream {
  const listeners: (() => void)[] = [];
  const flushes: (() => void)[] = [];
  let pending = 0;
  let readerGone = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    readerGone = true;
    for (const listener of listeners.splice(0)) listener();
  });
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS;
    },
    write(text) {
      if (readerGone) return;
      pending++;
      stream.write(text, () => {
        pending--;
        if (pending === 0) { for (const resolve of flushes.splice(0)) resolve(); }
      });
    },
    flush: () =>
      new Promise((resolve) => {
        if (pending === 0 || readerGone) return resolve();
        flushes.push(resolve);
        listeners.push(resolve);
      }),
    onReaderGone(listener) {
      if (readerGone) listener();
      else listeners.push(listener);
    },
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
