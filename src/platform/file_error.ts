import { LocalError } from "../protocol/errors.ts";

const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "it exists already",
  EISDIR: "it is a directory",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on the disk",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};

/** What `work` returns; throws LocalError where the file system refuses. `task` completes the sentence "Cannot …". */
export function attempt<T>(task: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explainFileError(task, error);
  }
}

/** The LocalError for a failed call to the file system; any other error comes back as it is, because it is a bug. */
export function explainFileError(task: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof LocalError) return error;
  const { code } = error as Error & { readonly code?: unknown };
  if (typeof code !== "string") return error;
  const meaning = MEANINGS[code] ?? error.message;
  return new LocalError(code === "ENOSPC" ? "store-full" : "bad-file", `Cannot ${task}: ${meaning}`, { cause: error });
}
