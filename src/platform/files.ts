import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { explainFileError } from "./file_error.ts";
import { errorCode } from "./system_errors.ts";

/** The text of a file, or undefined if there is none. Rejects with LocalError where it cannot be read. */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw explainFileError(`read ${path}`, error);
  }
}

/** Size of a file in bytes. Throws LocalError where there is none. */
export function fileSize(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw explainFileError(`read ${path}`, error);
  }
}
