/** A running timer. Cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  /** It will not fire any more. */
  cancel(): void;
}

/** Severity of a log record, in rising order. `off` is only a threshold. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Who writes records: each part of the program has a category of its own, and `--log` takes no others. */
export const LOG_CATEGORIES = [
  "addresses",
  "bench",
  "bus",
  "chain",
  "control",
  "discovery",
  "doctor",
  "inventory",
  "miner",
  "net",
  "node",
  "notify",
  "peer",
  "platform",
  "prober",
  "relay",
  "requests",
  "shard",
  "sync",
  "topics",
] as const;
/** One of them; see `LOG_CATEGORIES`. */
export type LogCategory = (typeof LOG_CATEGORIES)[number];

/** Writes records of one category. Ask `enabled` before building an expensive record on a hot path. */
export interface Logger {
  /** Whether records of this level are written at all. */
  enabled(level: LogLevel): boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** What a record is about, by name. Values of strangers are escaped where the record is written. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * All that is not deterministic. Everything below `node/` takes time, chance and scheduling from here, so that the
 * same chunks, ticks and random numbers give the same frames on a real machine and in a simulation.
 */
export interface Env {
  /** Milliseconds since an arbitrary start; never goes back. Cached for one turn of the loop: reading it is free. */
  now(): number;
  /** The same, read anew each time, which costs something: to measure how long we ourselves take. Stands still in a simulation. */
  clock(): number;
  /** Milliseconds since the Unix epoch by the machine's clock, which may jump. */
  wallClock(): number;
  /** Runs `task` once, `delayMs` from now. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` at the end of the present turn, before any further I/O (a microtask). */
  soon(task: () => void): void;
  /** Runs `task` in a turn of its own, after I/O that is already waiting. */
  nextTurn(task: () => void): void;
  /** `sizeBytes` random bytes: unpredictable on a real machine, seeded in a simulation. */
  randomBytes(sizeBytes: number): Uint8Array;
  /** A number in [0, 1). */
  random(): number;
  logger(category: LogCategory): Logger;
}

/** Drops every record. */
export const silentLogger: Logger = {
  enabled: () => false,
  debug() {},
  info() {},
  warn() {},
  error() {},
};
