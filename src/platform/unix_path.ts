import { lstat, unlink } from "node:fs/promises";
import { LocalError } from "../protocol/errors.ts";
import { errorCode } from "./system_errors.ts";
import type { Endpoint, Transport } from "./types.ts";

/** 1 s. A living owner of a unix socket answers at once, as its kernel does it for it. */
const PROBE_TIMEOUT_MS = 1000;

/**
 * Listens by `open`. A process that was killed leaves the file of its unix socket behind; where nobody answers on it
 * any more, it is removed and `open` tried once more.
 */
export async function reclaimingPath<T>(
  endpoint: Endpoint,
  dial: Transport["dial"],
  open: () => T | Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const inUse = error instanceof LocalError && error.code === "address-in-use";
    if (!inUse || !("path" in endpoint) || !await isStale(endpoint.path, dial)) throw error;
    await unlink(endpoint.path);
    return open();
  }
}

async function isStale(path: string, dial: Transport["dial"]): Promise<boolean> {
  // Checked first: dialling a plain file is refused too, and it must not be removed.
  if (!(await lstat(path)).isSocket()) return false;
  try {
    (await dial({ path }, { timeoutMs: PROBE_TIMEOUT_MS })).abort();
    return false;
  } catch (error) {
    return error instanceof LocalError && errorCode(error.cause) === "ECONNREFUSED";
  }
}
