import process from "node:process";
import { configureSync, getLogger, type LogLevel as TapeLevel, type LogRecord } from "@logtape/logtape";
import type { LogFields, Logger, LogLevel } from "../util/env.ts";
import { formatJsonRecord, formatTextRecord, type LogFormat } from "./log_format.ts";

/** Root of our categories; the embedding program configures LogTape for it, or for parts below it. */
const ROOT_CATEGORY = "p2p";

export type LogThreshold = LogLevel | "off";

export interface LoggingOptions {
  /** Threshold of every category that `categories` does not name. */
  readonly level: LogThreshold;
  /** Thresholds by category, such as `{"peer": "debug", "sync.headers": "off"}`; each holds for what is below it too. */
  readonly categories?: Readonly<Record<string, LogThreshold>>;
  readonly format?: LogFormat;
  /** Takes one line, with its newline; by default it goes to stderr. */
  readonly write?: (line: string) => void;
}

const TAPE_LEVELS: { readonly [L in LogLevel]: TapeLevel } & { readonly off: null } = {
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
  off: null,
};

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const RANKS: { readonly [L in LogLevel]: number } = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * How often this process was configured by us; 0 while the embedding program configures LogTape by itself. LogTape takes
 * about 75 ns to say that a record is not wanted, too much for a hot path: what it says is kept until the next time.
 */
let configurations = 0;

/** Says which records of this process are written, how and where. The last call counts. */
export function configureLogging(options: LoggingOptions): void {
  configurations++;
  const format = formatOf(options.format);
  const write = options.write ?? ((line) => void process.stderr.write(line));
  const thresholds = Object.entries(options.categories ?? {});
  configureSync({
    reset: true,
    sinks: {
      lines: (record: LogRecord) => write(`${format(record)}\n`),
    },
    loggers: [
      { category: ROOT_CATEGORY, sinks: ["lines"], lowestLevel: TAPE_LEVELS[options.level] },
      // What LogTape says about itself: a sink that threw.
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "warning" },
      ...thresholds.map(([category, level]) => ({
        category: categoryPath(category),
        sinks: ["lines" as const],
        // Else a category could not be more talkative than the one above it.
        parentSinks: "override" as const,
        lowestLevel: TAPE_LEVELS[level],
      })),
    ],
  });
}

/** What the log says about itself, as a line of it. */
export function formatOwnLine(format: LogFormat, message: string, properties: LogFields): string {
  const head = { category: [ROOT_CATEGORY, "log"], level: "warning", timestamp: Date.now() } as const;
  return `${formatOf(format)({ ...head, message: [message], rawMessage: message, properties })}\n`;
}

/** The logger of one dotted category. Does nothing until somebody configures LogTape. */
export function createLogger(category: string): Logger {
  const tape = getLogger(categoryPath(category));
  let asked = 0;
  let least = 0;

  function enabled(level: LogLevel): boolean {
    if (configurations === 0) return isWanted(level);
    if (asked !== configurations) {
      asked = configurations;
      const first = LEVELS.findIndex(isWanted);
      least = first < 0 ? LEVELS.length : first;
    }
    return RANKS[level] >= least;
  }

  function isWanted(level: LogLevel): boolean {
    return tape.isEnabledFor(TAPE_LEVELS[level]);
  }

  return {
    enabled,
    debug: (message, fields) => enabled("debug") ? tape.debug(message, tapeFields(fields)) : undefined,
    info: (message, fields) => enabled("info") ? tape.info(message, tapeFields(fields)) : undefined,
    warn: (message, fields) => enabled("warn") ? tape.warn(message, tapeFields(fields)) : undefined,
    error: (message, fields) => enabled("error") ? tape.error(message, tapeFields(fields)) : undefined,
  };
}

const NO_FIELDS = {};

function formatOf(format: LogFormat | undefined): (record: LogRecord) => string {
  return format === "json" ? formatJsonRecord : formatTextRecord;
}

function tapeFields(fields: LogFields | undefined): Record<string, unknown> {
  return fields ?? NO_FIELDS;
}

function categoryPath(category: string): string[] {
  return [ROOT_CATEGORY, ...category.split(".")];
}
