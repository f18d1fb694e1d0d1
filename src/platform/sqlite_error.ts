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

/**
 * The LocalError for what the file system or the file did to SQLite; any other error comes back as it is, because it is
 * a bug. `task` completes the sentence "Cannot …".
 */
export function explainSqliteError(task: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = CAUSES.find(({ says }) => error.message.startsWith(says));
  return cause ? new LocalError(cause.code, `Cannot ${task}: ${cause.meaning}`, { cause: error }) : error;
}
