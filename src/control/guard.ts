import { isLoopback, parseHostPort } from "../util/endpoint.ts";
import type { ControlRequest, ControlResponse } from "./http_types.ts";
import { refuse, STATUS } from "./responses.ts";

/**
 * Whether the Host header names this machine. A page on the web can make its own name resolve to 127.0.0.1 and would
 * then read the answers (DNS rebinding); its name still stands in the header.
 */
export function isMeantForUs(request: ControlRequest): boolean {
  return request.isLocalSocket || (request.host !== undefined && isOurHost(request.host));
}

/**
 * Why a request may not change anything; undefined if it may. A unix socket has the permissions of its file. On a port,
 * a browser says which page it acts for (Origin), and a token is asked for where one is configured.
 */
export function checkAuthority(request: ControlRequest, token: string | undefined): ControlResponse | undefined {
  if (request.isLocalSocket) return undefined;
  if (request.origin !== undefined && !isOriginOf(request.origin, request.host)) {
    return refuse(STATUS.forbidden, "this Origin may not change anything: only pages of the control API itself may");
  }
  if (token === undefined || equalInConstantTime(request.authorization ?? "", `Bearer ${token}`)) return undefined;
  return refuse(STATUS.unauthorised, "the token of --control-token-file is needed: Authorization: Bearer TOKEN");
}

/** A page of another port of this machine is another origin: it may be anybody's who has an account here. */
function isOriginOf(origin: string, host: string | undefined): boolean {
  return host !== undefined && origin === `http://${host}` && isOurHost(host);
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
