import { MAX_TIMEOUT_MS } from "./app_params.ts";
import { LocalError } from "./errors.ts";

/** Throws LocalError for a time that could not end what waits for it, or would never. `what`: what cannot be done. */
export function checkTimeout(what: string, timeoutMs: number): void {
  // Written so that NaN and what is no number at all fail too.
  if (typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return;
  const why = `a time is more than 0 and at most ${MAX_TIMEOUT_MS} milliseconds: received ${String(timeoutMs)}`;
  throw new LocalError("bad-argument", `Cannot ${what}: ${why}`);
}

/** Throws LocalError for what is no bytes; programs without types hand over texts, and nothing at all. */
export function checkBytes(what: string, payload: unknown): void {
  if (payload instanceof Uint8Array) return;
  const received = payload === null ? "null" : typeof payload;
  throw new LocalError("bad-argument", `Cannot ${what}: a payload is a Uint8Array: received ${received}`);
}
