import { lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { LocalError } from "../protocol/errors.ts";
import { errorCode } from "./system_errors.ts";
import type { Endpoint } from "./types.ts";

/** 1 s. A living owner of a unix socket answers at once, as its kernel does it for it. */
const PROBE_TIMEOUT_MS = 1000;

/**
 * Listens by `open`. A process that was killed leaves the file of its unix socket behind; where nobody answers on it
 * any more, it is removed and `open` tried once more.
 */
export async function reclaimingPath<T>(endpoint: Endpoint, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const isInUse = error instanceof LocalError && error.code === "address-in-use";
    if (!isInUse || !("path" in endpoint)) throw error;
    await removeStaleSocket(endpoint.path);
    return open();
  }
}

/** Removes the socket of a process that died. Rejects with LocalError where somebody answers, or it is no socket. */
export async function removeStaleSocket(path: string): Promise<void> {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  // Checked first: dialling a plain file is refused too, and it must not be removed.
  if (entry && !entry.isSocket()) {
    throw new LocalError("address-in-use", `Cannot listen on ${path}: it is a file, not a socket`);
  }
  if (entry && await isAnswered(path)) {
    throw new LocalError("address-in-use", `Cannot listen on ${path}: another process answers there`);
  }
  if (entry) unlinkSync(path);
}

/** Only a refusal shows that nobody is there: an owner who is busy does not answer either. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(true));
    socket.on("connect", () => settle(true));
    socket.on("error", (error) => settle(errorCode(error) !== "ECONNREFUSED"));
  });
}
