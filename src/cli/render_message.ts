import { formatAddress } from "../protocol/addresses.ts";
import { type InvItem, type Message, type NetAddress, RESPONSE_STATUS } from "../protocol/messages.ts";
import { serviceNames } from "../protocol/service_flags.ts";
import { formatHostPort } from "../util/endpoint.ts";
import { escapeText, toSafeJson } from "../util/escape.ts";
import { bytesToHex } from "../util/hex.ts";
import { INV_KINDS } from "./message_text.ts";

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Items of a list that one line of text shows. */
const SHOWN_ITEMS = 3;
/** Characters of one value that a line of text shows. */
const SHOWN_CHARACTERS = 200;

const KIND_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(INV_KINDS).map(([name, kind]) => [kind, name]),
);
const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(RESPONSE_STATUS).map(([name, status]) => [status, name]),
);
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A message in full, as JSON can hold it: bytes in hex (an application's also as text, if
 * they are that), 64-bit numbers as text, kinds, services and statuses by name.
 */
export function messageToJson(message: Message): { readonly type: string; readonly [key: string]: Json } {
  const { type, ...fields } = message;
  return { type, ...toJson(fields) as { readonly [key: string]: Json }, ...payloadText(message) };
}

/** What an application said, where it is text. */
function payloadText(message: Message): { readonly text?: string } {
  if (message.type === "unknown" || !("payload" in message)) return {};
  try {
    return { text: strictUtf8.decode(message.payload) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return {};
  }
}

/** A message on one line for people: long values are cut, lists show their first items and their length. */
export function messageToLine(message: Message): string {
  const { type, ...fields } = messageToJson(message);
  const shown = Object.entries(fields).filter(([key]) => key !== "payload" || !("text" in fields));
  const parts = shown.map(([key, value]) => `${key}=${shorten(value)}`);
  return [type, ...parts].join(" ");
}

function toJson(value: unknown): Json {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "boolean" || typeof value === "number" || typeof value === "string") return value;
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fieldToJson(key, field, value)]));
}

/** Fields whose meaning their type does not tell. */
function fieldToJson(key: string, field: unknown, owner: object): Json {
  if (key === "services") return serviceNames(field as bigint);
  if (key === "status") return statusName(field as number);
  if (key === "kind") return kindName((owner as InvItem).kind);
  if (key === "address") return formatAddress(field as NetAddress);
  return toJson(field);
}

/** What a response's status says. */
export function statusName(status: number): string {
  return STATUS_NAMES.get(status) ?? `status ${status}`;
}

/** What an inventory item's kind says. */
export function kindName(kind: number): string {
  return KIND_NAMES.get(kind) ?? `0x${kind.toString(HEX)}`;
}

const HEX = 16;

function shorten(value: Json): string {
  if (Array.isArray(value)) {
    const shown = value.slice(0, SHOWN_ITEMS).map(shorten).join(", ");
    return value.length > SHOWN_ITEMS ? `${value.length}×[${shown}, …]` : `[${shown}]`;
  }
  if (typeof value === "object" && value !== null) return shortenRecord(value as { readonly [key: string]: Json });
  const text = typeof value === "string" ? escapeText(value) : toSafeJson(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)` : text;
}

function shortenRecord(record: { readonly [key: string]: Json }): string {
  const { address, port, ...rest } = record;
  const where = typeof address === "string" && typeof port === "number"
    ? [formatHostPort({ host: address, port })]
    : Object.entries(record).filter(([key]) => key === "address" || key === "port").map(([, value]) => shorten(value));
  return [...where, ...Object.values(rest).map(shorten)].join(" ");
}
