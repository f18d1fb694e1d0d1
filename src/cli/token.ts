import { isOpenToOthers, readTextFile } from "../platform/files.ts";
import type { Output } from "./context.ts";
import { UsageError } from "./exit.ts";

/** Fewer can be guessed by trying. */
const MIN_TOKEN_LENGTH = 16;

/**
 * The token in a file, without white space around it; undefined where no file is named. `err`: told where others could
 * read it too. Throws UsageError.
 */
export async function readToken(path: string | undefined, err?: Output): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const token = (await readTextFile(path))?.trim();
  if (token === undefined) throw new UsageError(`--control-token-file: no such file: ${path}`);
  if (isOpenToOthers(path)) err?.line(`warning: others on this machine can read ${path}: chmod 600 ${path}`);
  if (token.length >= MIN_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(`--control-token-file: ${path} must hold at least ${MIN_TOKEN_LENGTH} letters, digits or signs`);
}
