import type { Endpoint } from "../../platform/types.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import { VERSION } from "../../util/version.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { Json } from "../render_message.ts";

/** What an answer has to be for a view to show it: a list of records, or a record that has these lists and records. */
export type AnswerForm = "list" | readonly string[];

/** Throws CommandError for an answer of another form, as a node of another version may give it. */
export function checkForm(answer: Json, form: AnswerForm, endpoint: Endpoint, path: string): void {
  if (form === "list" ? Array.isArray(answer) && isStructure(answer) : hasAll(answer, form)) return;
  throw otherVersion(endpoint, `answers ${path} in another form`);
}

/** What tells that two versions meet. */
export function otherVersion(endpoint: Endpoint, what: string): CommandError {
  const why = `the node at ${formatEndpoint(endpoint)} ${what}: it is of another version than this program`;
  return new CommandError(EXIT.no, `${why} (p2p ${VERSION}; p2p inspect node tells its own)`);
}

function hasAll(answer: Json, names: readonly string[]): boolean {
  if (!isRecord(answer) || Array.isArray(answer)) return false;
  return names.every((name) => isStructure(answer[name]));
}

/** A record, or a list of records. */
function isStructure(value: Json | undefined): boolean {
  return Array.isArray(value) ? value.every((item) => isRecord(item)) : isRecord(value);
}

function isRecord(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null;
}
