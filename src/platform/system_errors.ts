import { LocalError, type LocalErrorCode } from "../protocol/errors.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { formatDuration } from "../util/units.ts";
import type { Endpoint } from "./types.ts";

const MAX_PORT = 65_535;

/** What the system's error codes mean to somebody who dials. */
const DIAL_REASONS: { readonly [code: string]: readonly [LocalErrorCode, string] } = {
  ECONNREFUSED: ["unreachable", "connection refused"],
  EHOSTUNREACH: ["unreachable", "no route to the host"],
  ENETUNREACH: ["unreachable", "no route to the network"],
  ENOTFOUND: ["unreachable", "no such host"],
  ENOENT: ["unreachable", "no such socket"],
  ETIMEDOUT: ["timeout", "no answer in time"],
  EADDRNOTAVAIL: ["unreachable", "no local address or port is left"],
  EACCES: ["unreachable", "permission denied"],
  EMFILE: ["unreachable", "too many open files"],
};

/** How the system says that the remote cut a connection: to who reads, to who writes, to who asks for its address. */
const CUTS: readonly string[] = ["ECONNRESET", "ECONNABORTED", "EPIPE", "ENOTCONN"];
/** Of a connection. */
export const CUT = "the remote cut the connection";

/** What they mean to somebody who has asked. */
const ASK_REASONS: typeof DIAL_REASONS = {
  ECONNRESET: ["unreachable", "the connection was cut"],
};

/** What they mean to somebody who listens. */
const LISTEN_REASONS: { readonly [code: string]: readonly [LocalErrorCode, string] } = {
  EADDRINUSE: ["address-in-use", "the address is already in use"],
  EADDRNOTAVAIL: ["bad-argument", "the address does not belong to this machine"],
  EACCES: ["bad-argument", "permission denied"],
  ENOENT: ["bad-argument", "the directory does not exist"],
  ENOTFOUND: ["bad-argument", "no such host"],
};

export function dialError(endpoint: Endpoint, error: unknown): LocalError {
  return explain(`Cannot dial ${formatEndpoint(endpoint)}`, DIAL_REASONS, "unreachable", error);
}

/** Of a question over HTTP. Whoever resets a connection, or says what is no HTTP, has been reached. */
export function askError(endpoint: Endpoint, error: unknown): LocalError {
  const code = errorCode(error) ?? "";
  if (code in DIAL_REASONS) return dialError(endpoint, error);
  return explain(`Cannot ask ${formatEndpoint(endpoint)}`, ASK_REASONS, "unreachable", error);
}

/** For a question that has waited long enough, whether or not there is a connection. */
export function noAnswer(endpoint: Endpoint, timeoutMs: number): LocalError {
  const reason = `no answer within ${formatDuration(timeoutMs)}`;
  return new LocalError("timeout", `Cannot ask ${formatEndpoint(endpoint)}: ${reason}`);
}

/**
 * Whether a remote that was there cut the connection: who is not there refuses it. On Linux a dial says so where that
 * happens before the runtime looks at its socket.
 */
export function isCut(error: unknown): boolean {
  return CUTS.includes(errorCode(error) ?? "");
}

/** The same words on each runtime for what ends a connection that was there. */
export function lossError(error: Error): Error {
  return isCut(error) ? new Error(CUT, { cause: error }) : error;
}

export function listenError(endpoint: Endpoint, error: unknown): LocalError {
  return explain(`Cannot listen on ${formatEndpoint(endpoint)}`, LISTEN_REASONS, "bad-argument", error);
}

/** Throws unless the endpoint's port is one. The runtimes disagree on what they do with others. */
export function checkPort(action: "dial" | "listen on", endpoint: Endpoint): void {
  if ("path" in endpoint) return;
  const least = action === "dial" ? 1 : 0;
  if (Number.isInteger(endpoint.port) && endpoint.port >= least && endpoint.port <= MAX_PORT) return;
  const reason = `the port must be ${least} to ${MAX_PORT}: received ${endpoint.port}`;
  throw new LocalError("bad-argument", `Cannot ${action} ${formatEndpoint(endpoint)}: ${reason}`);
}

/** The system's name of an error, such as ECONNREFUSED. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

function explain(
  action: string,
  reasons: typeof DIAL_REASONS,
  otherwise: LocalErrorCode,
  error: unknown,
): LocalError {
  if (error instanceof LocalError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [code, reason] = reasons[errorCode(error) ?? ""] ?? [otherwise, text];
  return new LocalError(code, `${action}: ${reason}`, { cause: error });
}
