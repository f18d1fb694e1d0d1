import type { Endpoint } from "../platform/types.ts";
import { formatHostPort } from "../util/endpoint.ts";

/** `host:port`, `[v6]:port`, or the path of a unix socket. */
export function formatEndpoint(endpoint: Endpoint): string {
  return "path" in endpoint ? endpoint.path : formatHostPort(endpoint);
}
