import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { explainFileError } from "./file_error.ts";
import { LocalError } from "../protocol/errors.ts";
import { errorCode } from "./system_errors.ts";

/** The bits of a file's mode that let its group, and everybody, read it. */
const READABLE_BY_OTHERS = 0o044;

/** The text of a file, or undefined if there is none. Rejects with LocalError where it cannot be read. */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw explainFileError(`read ${path}`, error);
  }
}

/** Whether users of this machine besides its owner may read a file. Windows has other rules: there nobody is told. */
export function isOpenToOthers(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & READABLE_BY_OTHERS) !== 0;
}

/** Size of a file in bytes. Throws LocalError where there is none. */
export function fileSize(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw explainFileError(`read ${path}`, error);
  }
}

/** Writes a file that others read: they see the old one or the whole new one. Throws LocalError. */
export function replaceTextFile(path: string, text: string): void {
  const fresh = `${path}.${process.pid}`;
  try {
    writeFileSync(fresh, text);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw explainFileError(`write ${path}`, error);
  }
}

/** Removes a file, if it is there. Throws LocalError, also for what is no file: /dev/null is everybody's. */
export function removeFile(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      throw new LocalError("bad-file", `Cannot remove ${path}: it is no regular file`);
    }
    rmSync(path, { force: true });
  } catch (error) {
    throw explainFileError(`remove ${path}`, error);
  }
}

/** The URL of a file, whose path may be relative to where the program was started. */
export function urlOfFile(path: string): URL {
  return pathToFileURL(resolve(path));
}
