import type { ControlRequest } from "./http_types.ts";

/** A request whose target, path and query, is still in one piece. */
export interface RawRequest extends Omit<ControlRequest, "path" | "query"> {
  readonly target: string;
}

/** Splits the target of a request into path and query. */
export function toControlRequest({ target, ...rest }: RawRequest): ControlRequest {
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  return { ...rest, path, query: new URLSearchParams(at < 0 ? "" : target.slice(at + 1)) };
}
