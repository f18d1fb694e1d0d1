import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { errorCode } from "./system_errors.ts";

/** One of the program's standard streams. Writing to it never throws. */
export interface OutputStream {
  readonly isTerminal: boolean;
  /** Width in characters; 80 where nobody knows. */
  readonly columns: number;
  write(text: string): void;
  /** Resolves when the system has all that was written, or takes no more. Bun loses the rest at an exit. */
  flush(): Promise<void>;
  /** Calls `listener` once the reader is gone, as in `| head`; what is written later is dropped. */
  onReaderGone(listener: () => void): void;
  /** Calls `listener` once the system refuses what is written, such as on a full disk, with the reason in words. */
  onRefused(listener: (why: string) => void): void;
  /** What stands, as lines, in the place of those that were lost, once a stream that goes on takes text again. */
  describeLoss(describe: (loss: Loss) => string): void;
}

/** What a stream could not write. */
export interface Loss {
  readonly lines: number;
  /** In words. */
  readonly why: string;
}

/**
 * What becomes of text after some was refused: a result with a hole in it is worse than one that ends (`end`); a log goes
 * on when it can (`resume`).
 */
export type AfterRefusal = "end" | "resume";

/** Takes a part of the bytes and says how many; throws what the system says. */
export type WriteBytes = (bytes: Uint8Array) => number;

const DEFAULT_COLUMNS = 80;
const NEWLINE = 10;
const REASONS: { readonly [code: string]: string } = {
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EIO: "input/output error",
  ENOSPC: "no space left on device",
};

/** The stream with this number. Files are written past the runtime, whose own streams end for good at the first error. */
export function openOutput(fd: number, stream: NodeJS.WriteStream, afterRefusal: AfterRefusal): OutputStream {
  if (!isFile(fd)) return streamOutput(stream);
  // What a runtime itself has to say, such as a warning, takes its own way to the same full disk.
  stream.on("error", () => {});
  return fileOutput((bytes) => writeSync(fd, bytes), afterRefusal);
}

/** Text that is written when the call returns, or refused by then. */
export function fileOutput(writeBytes: WriteBytes, afterRefusal: AfterRefusal): OutputStream {
  const encoder = new TextEncoder();
  const refusal = announceOnce<string>();
  let describe = ({ lines, why }: Loss) => `${lines} lines were lost: ${why}\n`;
  let lost: Loss | undefined;
  /** The system took a part of a line and refused the rest. */
  let isCut = false;

  function write(text: string): void {
    if (lost && afterRefusal === "end") return;
    const why = putAll(lost ? (isCut ? "\n" : "") + describe(lost) + text : text);
    if (why === undefined) {
      lost = undefined;
      return;
    }
    lost = { lines: (lost?.lines ?? 0) + countLines(text), why };
    refusal.announce(why);
  }

  /** Why not all of it was taken; undefined if it was. */
  function putAll(text: string): string | undefined {
    let rest = encoder.encode(text);
    try {
      while (rest.length > 0) {
        const taken = writeBytes(rest);
        if (taken > 0) isCut = rest[taken - 1] !== NEWLINE;
        rest = rest.subarray(taken);
      }
    } catch (error) {
      return explain(error);
    }
  }

  return {
    isTerminal: false,
    columns: DEFAULT_COLUMNS,
    write,
    flush: () => Promise.resolve(),
    onReaderGone() {},
    onRefused: refusal.listen,
    describeLoss: (describing) => void (describe = describing),
  };
}

/** A pipe or a terminal by the runtime's own stream. Once that has an error, it takes nothing any more. */
function streamOutput(stream: NodeJS.WriteStream): OutputStream {
  const readerGone = announceOnce<void>();
  const refusal = announceOnce<string>();
  const flushes: (() => void)[] = [];
  let pending = 0;
  let isOver = false;

  function settle(): void {
    if (pending === 0 || isOver) { for (const resolve of flushes.splice(0)) resolve(); }
  }

  function fail(error: Error): void {
    isOver = true;
    if (errorCode(error) === "EPIPE") readerGone.announce();
    else refusal.announce(explain(error));
    settle();
  }

  stream.on("error", fail);
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS;
    },
    write(text) {
      if (isOver) return;
      pending++;
      stream.write(text, (error) => {
        pending--;
        if (error) fail(error);
        else settle();
      });
    },
    flush: () =>
      new Promise((resolve) => {
        flushes.push(resolve);
        settle();
      }),
    onReaderGone: readerGone.listen,
    onRefused: refusal.listen,
    describeLoss() {},
  };
}

/** Tells whoever listens, before or after, what happened first. */
function announceOnce<T>(): { announce(value: T): void; listen(listener: (value: T) => void): void } {
  const listeners: ((value: T) => void)[] = [];
  let happened: { readonly value: T } | undefined;
  return {
    announce(value) {
      if (happened) return;
      happened = { value };
      for (const listener of listeners.splice(0)) listener(value);
    },
    listen(listener) {
      if (happened) listener(happened.value);
      else listeners.push(listener);
    },
  };
}

function isFile(fd: number): boolean {
  if (isatty(fd)) return false;
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || stat.isCharacterDevice();
  } catch (error) {
    // Closed by whoever started us: the runtime puts something in its place.
    if (errorCode(error) !== "EBADF") throw error;
    return false;
  }
}

function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** The runtimes' own words for a code differ. */
function explain(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) throw error;
  return REASONS[code] ?? (error as Error).message;
}
