import { addressFromIpv6, formatAddress, IPV6_FORM_BYTES, NETWORK_NAMES } from "../../protocol/addresses.ts";
import { serviceNames } from "../../protocol/service_flags.ts";
import { SHORT_ID_BYTES } from "../../protocol/wire_limits.ts";
import { bytesToHex } from "../../util/hex.ts";
import { HASH_SIZE_BYTES, hashFromBytes, ZERO_HASH } from "../../util/hash.ts";
import { ByteReader } from "../../util/bytes.ts";
import type { TracedField } from "../../util/tracing_reader.ts";
import { kindName, statusName } from "../render_message.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

type FieldValue = TracedField["value"];

/** The other fields of the same message, by path. */
export type Siblings = ReadonlyMap<string, TracedField>;

const HEX = 16;
const UINT32_DIGITS = 8;
const COIN = 100_000_000n;
const COIN_DIGITS = 8;
/** Below it a lock time counts blocks, from it on seconds (Bitcoin's consensus). */
const LOCK_TIME_THRESHOLD = 500_000_000;
const FINAL_SEQUENCE = 0xffff_ffff;
/** The largest time that a date can hold, in seconds. */
const LAST_DATE_SECONDS = 8_640_000_000_000n;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a value says, where its name tells more than how it was read. */
const MEANINGS: Readonly<Record<string, (value: FieldValue, field: TracedField, siblings: Siblings) => string>> = {
  command: (value) => textOf(value)?.replace(/\0+$/, "") ?? "no text",
  length: (value) => value instanceof Uint8Array ? String(littleEndian(value)) : plain(value),
  services: (value) => serviceNames(BigInt(value as number | bigint)).join(", ") || "none",
  time: dateOf,
  kind: (value) => kindName(value as number),
  networkId: (value) => NETWORK_NAMES.get(value as number) ?? `network ${plain(value)}`,
  address: addressOf,
  bytes: addressOf,
  relay: (value) => yesNo(value),
  highBandwidth: (value) => yesNo(value),
  draining: (value) => yesNo(value),
  marker: () => "of a transaction with witnesses (BIP144)",
  outpoint: outpointOf,
  value: (value) => value instanceof Uint8Array ? coins(new ByteReader(value).uint64()) : plain(value),
  sequence: (value) => sequenceOf(new ByteReader(value as Uint8Array).uint32()),
  lockTime: (value) => lockTimeOf(new ByteReader(value as Uint8Array).uint32()),
  version: versionOf,
  bits: (value) => `0x${hexOf(value as number)}`,
  feeRate: (value) => `${plain(value)} satoshi per 1,000 virtual bytes`,
  shortIds: (value) =>
    value instanceof Uint8Array ? `${value.length / SHORT_ID_BYTES} of ${SHORT_ID_BYTES} bytes` : plain(value),
  status: (value) => statusName(value as number),
  text: (value) => textOf(value) ?? "no UTF-8",
  payload: (value) => textOf(value) ?? sizeOf(value),
  later: (value) => `of a later version of the protocol: ${sizeOf(value)}`,
};

/** What a field says, in words. */
export function meaningOf(field: TracedField, siblings: Siblings): string {
  const { kind, value } = field;
  if (kind === "cbor-array") return `array of ${plain(value)}`;
  if (kind === "cbor-head") return `byte string of ${plain(value)}`;
  const name = field.path.replace(/\[\d+\]$/, "").split(".").at(-1)!;
  const meaning = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined;
  return meaning ? meaning(value, field, siblings) : plain(value);
}

function plain(value: FieldValue): string {
  if (value === null) return "left open";
  if (!(value instanceof Uint8Array)) return String(value);
  return value.length === HASH_SIZE_BYTES ? hashFromBytes(value) : sizeOf(value);
}

function sizeOf(value: FieldValue): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : plain(value);
}

function textOf(value: FieldValue): string | undefined {
  if (!(value instanceof Uint8Array)) return plain(value);
  try {
    return utf8.decode(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte) => sum * (1 << (HEX / 2)) + byte, 0);
}

function yesNo(value: FieldValue): string {
  if (value === null) return "left open";
  return value ? "yes" : "no";
}

function dateOf(value: FieldValue): string {
  const seconds = BigInt(value as number | bigint);
  if (seconds < 0n || seconds > LAST_DATE_SECONDS) return plain(value);
  return `${plain(value)}, ${isoDate(Number(seconds))}`;
}

function isoDate(seconds: number): string {
  return new Date(seconds * MS_PER_SECOND).toISOString().replace(".000Z", "Z");
}

/** Of a version or addr message always in the IPv6 form; elsewhere its network stands before it. */
function addressOf(value: FieldValue, field: TracedField, siblings: Siblings): string {
  if (!(value instanceof Uint8Array)) return plain(value);
  const networkId = siblings.get(field.path.replace(/[^.]+$/, "networkId"))?.value;
  if (typeof networkId === "number") return formatAddress({ networkId, bytes: value });
  const isIpv6Form = field.path.endsWith("address") && value.length === IPV6_FORM_BYTES;
  return isIpv6Form ? formatAddress(addressFromIpv6(value)) : sizeOf(value);
}

function outpointOf(value: FieldValue): string {
  const reader = new ByteReader(value as Uint8Array);
  const hash = reader.hash();
  const index = reader.uint32();
  return hash === ZERO_HASH ? "none: a coinbase" : `${hash}:${index}`;
}

function coins(satoshi: bigint): string {
  const rest = String(satoshi % COIN).padStart(COIN_DIGITS, "0");
  return `${satoshi / COIN}.${rest} coins`;
}

function sequenceOf(sequence: number): string {
  return sequence === FINAL_SEQUENCE ? "final" : `0x${hexOf(sequence)}`;
}

function lockTimeOf(lockTime: number): string {
  if (lockTime === 0) return "none";
  return lockTime < LOCK_TIME_THRESHOLD ? `block ${lockTime}` : isoDate(lockTime);
}

/** A transaction's is read as bytes, a block's as a number that is a set of bits. */
function versionOf(value: FieldValue, field: TracedField): string {
  if (value instanceof Uint8Array) return String(new ByteReader(value).int32());
  return field.kind === "int32" ? `0x${hexOf(value as number)}` : plain(value);
}

function hexOf(number: number): string {
  return (number >>> 0).toString(HEX).padStart(UINT32_DIGITS, "0");
}

/** A field's value as JSON holds it: bytes in hex, 64-bit numbers as text. */
export function valueToJson(value: FieldValue): string | number | boolean | null {
  if (value instanceof Uint8Array) return bytesToHex(value);
  return typeof value === "bigint" ? String(value) : value;
}
