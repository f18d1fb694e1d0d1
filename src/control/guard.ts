import { isLoopback, parseHostPort } from "../util/endpoint.ts";
import type { ControlRequest, ControlResponse } from "./http_types.ts";
import { refuse, STATUS } from "./responses.ts";

/** Who may ask what. */
export interface ControlPolicy {
  /** What a request over a port has to show before it may change anything; undefined: none may. */
  readonly token?: string;
  /** Other machines can reach us: then whatever is asked needs the token. */
  readonly isPublic?: boolean;
}

/** What a health check or a browser that has no token yet may see all the same: nothing of the node's is in there. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/", "/livez", "/readyz"]);
const NO_CHANGES = "over a port the node is changed with a token only: start it with --control-token-file FILE, " +
  "or ask over its unix socket (without --control)";
/** RFC 9110, section 11.1: the name of the scheme is written in any case. */
const BEARER = /^bearer +(.*)$/i;
const CHANGES_NOTHING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Why a request is not served at all; undefined if it is. A unix socket has the permissions of its file. */
export function checkAccess(request: ControlRequest, policy: ControlPolicy): ControlResponse | undefined {
  if (request.isLocalSocket) return undefined;
  if (!policy.isPublic && !isMeantForUs(request)) {
    return refuse(STATUS.forbidden, "this Host is not served here: use 127.0.0.1 or localhost");
  }
  if (!policy.isPublic || OPEN_PATHS.has(request.path)) return undefined;
  return checkToken(request, policy.token);
}

/**
 * Why a request may not change anything, or follow events; undefined if it may. On a port, a browser says which page it
 * acts for (Origin), and changes need the token: everybody who has an account on this machine can reach the port.
 */
export function checkAuthority(request: ControlRequest, policy: ControlPolicy): ControlResponse | undefined {
  if (request.isLocalSocket) return undefined;
  if (request.origin !== undefined && !isOriginOf(request.origin, request.host, policy)) {
    return refuse(STATUS.forbidden, "this Origin may not do that: only pages of the control API itself may");
  }
  if (CHANGES_NOTHING.has(request.method)) return undefined;
  return policy.token === undefined ? refuse(STATUS.forbidden, NO_CHANGES) : checkToken(request, policy.token);
}

/**
 * Whether the Host header names this machine. A page on the web can make its own name resolve to 127.0.0.1 and would
 * then read the answers (DNS rebinding); its name still stands in the header.
 */
function isMeantForUs(request: ControlRequest): boolean {
  return request.host !== undefined && isOurHost(request.host);
}

function checkToken({ authorization = "" }: ControlRequest, token: string | undefined): ControlResponse | undefined {
  if (token === undefined) return undefined;
  const shown = BEARER.exec(authorization)?.[1];
  if (shown !== undefined && equalInConstantTime(shown, token)) return undefined;
  return refuse(STATUS.unauthorised, "the token of --control-token-file is needed: Authorization: Bearer TOKEN");
}

/** A page of another port of this machine is another origin: it may be anybody's who has an account here. */
function isOriginOf(origin: string, host: string | undefined, { isPublic = false }: ControlPolicy): boolean {
  return host !== undefined && origin === `http://${host}` && (isPublic || isOurHost(host));
}
function isOurHost(text: string): boolean {
  try {
    const { host } = parseHostPort(text, 0);
    return host === "localhost" || isLoopback(host);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return false;
  }
}

/** Looks at every character whatever the first difference: the time tells nothing but the length. */
function equalInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < right.length; i++) {
    difference |= left.charCodeAt(i % Math.max(1, left.length)) ^ right.charCodeAt(i);
  }
  return difference === 0;
}
