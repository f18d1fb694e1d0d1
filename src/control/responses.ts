import { toSafeJson } from "../util/escape.ts";
import type { ControlResponse } from "./http_types.ts";

export const STATUS = {
  ok: 200,
  badRequest: 400,
  unauthorised: 401,
  forbidden: 403,
  notFound: 404,
  wrongMethod: 405,
  conflict: 409,
  badGateway: 502,
  unready: 503,
} as const;

export const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" };

export function ok(value: unknown): ControlResponse {
  return json(STATUS.ok, value);
}

export function refuse(status: number, error: string): ControlResponse {
  return json(status, { error });
}

export function json(status: number, value: unknown): ControlResponse {
  return { status, headers: JSON_HEADERS, body: toSafeJson(value) + "\n" };
}
