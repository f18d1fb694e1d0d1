import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { LocalError } from "../protocol/errors.ts";
import { attempt, explainFileError } from "./file_error.ts";
import { explainSqliteError } from "./sqlite_error.ts";

/** Only its lock matters; it stays empty. Nothing else may open it: closing any handle would drop the lock (POSIX). */
const LOCK_FILE = "lock.db";
/** Process id of the last holder, for the message to the next one. Says nothing about whether the lock is held. */
const PID_FILE = "lock.pid";
/** The owner's alone: it holds the control socket, and later keys. */
const DIRECTORY_MODE = 0o700;

/** A data directory that no other process can open. */
export interface DataDir extends Disposable {
  /** Absolute. */
  readonly path: string;
  /** Lets others in. Idempotent. */
  close(): void;
}

/**
 * Makes the directory if need be and takes it for this process.
 *
 * The lock is SQLite's exclusive lock on an empty file, which is the operating system's lock on every platform (fcntl,
 * LockFileEx) without an add-on. The system drops it when the process dies, however it dies. So there are no stale
 * locks to recognise, no process ids to compare with ones that were reused, and of two processes exactly one wins.
 *
 * Throws LocalError: store-locked (with the holder's process id), bad-file, store-full.
 */
export function openDataDir(directory: string): DataDir {
  const path = resolve(directory);
  attempt(`use ${path} as the data directory`, () => makeDirectory(path));
  const lock = takeLock(path);
  const pidFile = join(path, PID_FILE);
  try {
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    lock.close();
    throw explainFileError(`write ${pidFile}`, error);
  }
  let isOpen = true;

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    // While the lock is still held: afterwards the file may already be the next holder's.
    rmSync(pidFile, { force: true });
    lock.close();
  }

  return { path, close, [Symbol.dispose]: close };
}

/** Not by mkdir's own `recursive`: on Node that never returns below a directory in which nothing can be made (/proc). */
function makeDirectory(path: string): void {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry?.isDirectory()) return;
  if (entry) {
    throw new LocalError("bad-file", `Cannot use ${path} as the data directory: it is not a directory`);
  }
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    // Another process that starts at the same moment may have been faster.
    if (!isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function takeLock(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(path, LOCK_FILE));
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    const explained = explainSqliteError(`use ${path}`, error);
    if (!(explained instanceof LocalError) || explained.code !== "store-locked") throw explained;
    throw new LocalError(
      "store-locked",
      `Cannot use ${path}: in use by ${holder(path)}; stop it or choose another --data-dir`,
      { cause: error },
    );
  }
}

/** Who holds the lock, in words: without an id when the holder has not written its own yet. */
function holder(path: string): string {
  const pid = readPid(join(path, PID_FILE));
  return pid !== undefined && isAlive(pid) ? `process ${pid} (p2p node)` : "another process";
}

function readPid(pidFile: string): number | undefined {
  try {
    const text = readFileSync(pidFile, "utf8");
    return /^[1-9]\d*\n$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    const explained = explainFileError(`read ${pidFile}`, error);
    if (explained instanceof LocalError) return undefined;
    throw explained;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is there, too. Anything else (ESRCH, a number that is no process id) means that none is.
    return (error as { readonly code?: unknown }).code === "EPERM";
  }
}
