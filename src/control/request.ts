import type { ControlRequest } from "./http_types.ts";

const BASE = "http://localhost";

/** Splits an HTTP request's target into path and query; a target that is no path asks for a path that does not exist. */
export function toControlRequest(
  request: {
    readonly method: string;
    readonly target: string;
    readonly host: string | undefined;
    readonly isLocalSocket: boolean;
  },
): ControlRequest {
  const { method, target, host, isLocalSocket } = request;
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  const query = new URLSearchParams(at < 0 ? "" : target.slice(at + 1));
  return { method, path, query, host, isLocalSocket };
}
