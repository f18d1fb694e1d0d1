import { closeSync, openSync } from "node:fs";
import { LocalError, type LocalErrorCode } from "../protocol/errors.ts";

interface Cause {
  /** SQLite's own words for a result code. Deno does not give the code itself for most errors. */
  readonly says: string;
  readonly code: LocalErrorCode;
  readonly meaning: string;
}

/** What to do about a damaged store. */
export const DAMAGED = "the file is damaged; move it away and sync again, or put back a copy";

const CAUSES: readonly Cause[] = [
  {
    says: "database or disk is full",
    code: "store-full",
    meaning: "no space left; free some, or prune, and start again",
  },
  { says: "database disk image is malformed", code: "store-corrupt", meaning: DAMAGED },
  { says: "file is not a database", code: "store-corrupt", meaning: DAMAGED },
  { says: "malformed database schema", code: "store-corrupt", meaning: DAMAGED },
  { says: "database is locked", code: "store-locked", meaning: "in use by another process" },
  { says: "attempt to write a readonly database", code: "bad-file", meaning: "the file or its directory is read-only" },
  {
    says: "unable to open database file",
    code: "bad-file",
    meaning: "the file cannot be opened; its directory must exist and this user must be allowed to write to it",
  },
  { says: "disk I/O error", code: "bad-file", meaning: "the disk reported an error; see the system's log" },
];

/** Whose file may not be written to, in words: SQLite calls that an error of the disk, or of what it did with the file. */
const READ_ONLY: Readonly<Record<string, string>> = {
  EACCES: "the file is read-only for this user; let it write there (chmod u+w), or choose another --data-dir",
  EPERM: "the file is read-only for this user; let it write there (chattr -i), or choose another --data-dir",
  EROFS: "its file system is read-only; mount it so that it can be written to, or choose another --data-dir",
};

/** The LocalError for the first of these files that is there and may only be read; undefined if there is none. */
export function explainReadOnly(paths: readonly string[], cause: unknown): LocalError | undefined {
  for (const path of paths) {
    const meaning = READ_ONLY[refusalToWrite(path) ?? ""];
    if (meaning) return new LocalError("bad-file", `Cannot write ${path}: ${meaning}`, { cause });
  }
  return undefined;
}

/** The system's word for why it may not be opened for writing. Nobody here may hold a lock of it, which this would drop. */
function refusalToWrite(path: string): string | undefined {
  try {
    closeSync(openSync(path, "r+"));
    return undefined;
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
}

/**
 * The LocalError for what the file system or the file did to SQLite; any other error comes back as it is, because it is
 * a bug. `task` completes the sentence "Cannot …".
 */
export function explainSqliteError(task: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = CAUSES.find(({ says }) => error.message.startsWith(says));
  return cause ? new LocalError(cause.code, `Cannot ${task}: ${cause.meaning}`, { cause: error }) : error;
}
