import { LocalError } from "../protocol/errors.ts";
import { ByteReader, ByteWriter, MalformedBytes } from "../util/bytes.ts";
import { type Hash, HASH_SIZE_BYTES, hashFromBytes, hashToBytes } from "../util/hash.ts";
import type { CborValue } from "./cbor.ts";

/**
 * One field of a structured payload, both ways. `toCbor` throws LocalError for a value that a receiver would refuse,
 * `fromCbor` MalformedBytes; `name` is for their texts. Each value has one spelling and each spelling one value.
 */
export interface Field<V> {
  /** Size of the longest spelling, and the CBOR items in it: what a receiver must be ready for, and no more. */
  readonly maxBytes: number;
  readonly maxItems: number;
  /** What it is made of, for whoever wants to tell its parts apart (native_trace.ts); undefined for a single value. */
  readonly shape?: FieldShape;
  toCbor(value: V, name: string): CborValue;
  fromCbor(item: CborValue, name: string): V;
}

/** The parts of a field: named ones, any number of the same kind, or records packed into one byte string. */
export type FieldShape =
  | { readonly kind: "record"; readonly parts: readonly (readonly [name: string, field: AnyField])[] }
  | { readonly kind: "list"; readonly entry: AnyField }
  | {
    readonly kind: "packed";
    readonly sizeBytes: number;
    readonly isSingle: boolean;
    read(reader: ByteReader): unknown;
  };

/** A field of which one no longer needs to know the type of its values. */
export type AnyField = Pick<Field<never>, "maxBytes" | "maxItems" | "shape"> & {
  fromCbor(item: CborValue, name: string): unknown;
};

export type FieldsOf<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** One byte says the kind, the others hold the integer. */
const LONGEST_UINT8 = 2;
const LONGEST_UINT16 = 3;
const LONGEST_UINT32 = 5;
const LONGEST_UINT64 = 9;
/** Largest integer or length that the first byte holds itself. */
const MAX_IN_FIRST_BYTE = 23;
const MAX_UINT8 = 0xff;
const MAX_UINT16 = 0xffff;
const MAX_UINT32 = 0xffff_ffffn;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;
const BYTE_ORDER_MARK = "\ufeff";
const UTF8 = new TextEncoder();

export const uint8: Field<number> = unsigned(MAX_UINT8, LONGEST_UINT8);
export const uint16: Field<number> = unsigned(MAX_UINT16, LONGEST_UINT16);
export const uint32: Field<number> = unsigned(Number(MAX_UINT32), LONGEST_UINT32);

function unsigned(max: number, maxBytes: number): Field<number> {
  return {
    maxBytes,
    maxItems: 1,
    toCbor(value, name) {
      if (!Number.isInteger(value) || value < 0 || value > max) throw refusal(name, `not from 0 to ${max}`, value);
      return value;
    },
    fromCbor(item, name) {
      if (typeof item !== "number" || item > max) throw new MalformedBytes(`${name} is no integer from 0 to ${max}`);
      return item;
    },
  };
}

export const uint64: Field<bigint> = {
  maxBytes: LONGEST_UINT64,
  maxItems: 1,
  toCbor(value, name) {
    if (value < 0n || value > MAX_UINT64) throw refusal(name, "not an unsigned integer of 64 bits", value);
    // cbor-x spells every bigint with 8 bytes, which is not the shortest form of a small one.
    return value <= MAX_UINT32 ? Number(value) : value;
  },
  fromCbor(item, name) {
    if (typeof item === "bigint") return item;
    if (typeof item !== "number") throw new MalformedBytes(`${name} is no integer`);
    return BigInt(item);
  },
};

/** Throws LocalError for what 64 bits cannot say. */
export function checkUint64(value: bigint, name: string): void {
  if (value < 0n || value > MAX_UINT64) throw refusal(name, "not an unsigned integer of 64 bits", value);
}

export const boolean: Field<boolean> = {
  maxBytes: 1,
  maxItems: 1,
  toCbor: (value) => value,
  fromCbor(item, name) {
    if (typeof item !== "boolean") throw new MalformedBytes(`${name} is no boolean`);
    return item;
  },
};

/** null where the field was left out. */
export const optionalBoolean: Field<boolean | undefined> = {
  maxBytes: 1,
  maxItems: 1,
  toCbor: (value) => value ?? null,
  fromCbor: (item, name) => item === null ? undefined : boolean.fromCbor(item, name),
};

/** UTF-8 of at most `maxTextBytes` bytes. */
export function text(maxTextBytes: number): Field<string> {
  return {
    maxBytes: headBytes(maxTextBytes) + maxTextBytes,
    maxItems: 1,
    toCbor(value, name) {
      if (!value.isWellFormed()) throw refusal(name, "half of a surrogate pair", JSON.stringify(value));
      if (value.startsWith(BYTE_ORDER_MARK)) {
        throw refusal(name, "begins with a byte order mark", JSON.stringify(value));
      }
      const sizeBytes = UTF8.encode(value).length;
      if (sizeBytes > maxTextBytes) throw refusal(name, `longer than ${maxTextBytes} bytes`, `${sizeBytes} bytes`);
      return value;
    },
    fromCbor(item, name) {
      if (typeof item !== "string") throw new MalformedBytes(`${name} is no text`);
      if (UTF8.encode(item).length > maxTextBytes) throw new MalformedBytes(`${name} exceeds ${maxTextBytes} bytes`);
      return item;
    },
  };
}

/** A byte string of `min` to `max` bytes, whatever they mean. */
export function bytes(max: number, min = 0): Field<Uint8Array> {
  return {
    maxBytes: headBytes(max) + max,
    maxItems: 1,
    toCbor(value, name) {
      if (value.length < min || value.length > max) {
        throw refusal(name, `not from ${min} to ${max} bytes`, `${value.length} bytes`);
      }
      return value;
    },
    // cbor-x answers views of what it was given, which is the connection's read buffer.
    fromCbor: (item, name) => byteString(item, name, min, max).slice(),
  };
}

export const hash: Field<Hash> = {
  maxBytes: headBytes(HASH_SIZE_BYTES) + HASH_SIZE_BYTES,
  maxItems: 1,
  toCbor: (value) => hashToBytes(value),
  fromCbor: (item, name) => hashFromBytes(byteString(item, name, HASH_SIZE_BYTES, HASH_SIZE_BYTES)),
};

/** How one of many equal things is packed into a fixed number of bytes. */
export interface PackedRecord<R> {
  readonly sizeBytes: number;
  write(writer: ByteWriter, record: R): void;
  read(reader: ByteReader): R;
}

/** Up to `maxRecords` records in one byte string, so that thousands of them cost one CBOR item. */
export function packed<R>(record: PackedRecord<R>, maxRecords: number): Field<readonly R[]> {
  const maxBytes = maxRecords * record.sizeBytes;
  return {
    maxBytes: headBytes(maxBytes) + maxBytes,
    maxItems: 1,
    shape: { kind: "packed", isSingle: false, ...record },
    toCbor(records, name) {
      if (records.length > maxRecords) throw refusal(name, `more than ${maxRecords} records`, records.length);
      const writer = new ByteWriter(records.length * record.sizeBytes);
      for (const each of records) record.write(writer, each);
      return writer.finish();
    },
    fromCbor(item, name) {
      const whole = byteString(item, name, 0, maxBytes);
      if (whole.length % record.sizeBytes !== 0) throw new MalformedBytes(`${name} ends within a record`);
      const reader = new ByteReader(whole);
      const records: R[] = [];
      while (reader.remaining > 0) records.push(record.read(reader));
      return records;
    },
  };
}

/** A single packed record as a byte string of its own. */
export function single<R>(record: PackedRecord<R>): Field<R> {
  const field = packed(record, 1);
  return {
    maxBytes: field.maxBytes,
    maxItems: 1,
    shape: { kind: "packed", isSingle: true, ...record },
    toCbor: (value, name) => field.toCbor([value], name),
    fromCbor(item, name) {
      return record.read(new ByteReader(byteString(item, name, record.sizeBytes, record.sizeBytes)));
    },
  };
}

/** An array of up to `maxEntries` entries, which take at most `maxBytes` bytes together. */
export function list<V>(
  entry: Field<V>,
  maxEntries: number,
  maxBytes = maxEntries * entry.maxBytes,
): Field<readonly V[]> {
  return {
    maxBytes: headBytes(maxEntries) + maxBytes,
    maxItems: 1 + maxEntries * entry.maxItems,
    shape: { kind: "list", entry },
    toCbor(values, name) {
      if (values.length > maxEntries) throw refusal(name, `more than ${maxEntries} entries`, values.length);
      return values.map((value) => entry.toCbor(value, name));
    },
    fromCbor(item, name) {
      const items = array(item, name);
      if (items.length > maxEntries) throw new MalformedBytes(`${name} has more than ${maxEntries} entries`);
      return items.map((each) => entry.fromCbor(each, name));
    },
  };
}

/** A plain object as an array of its fields in the order in which `fields` names them. */
export function record<T extends object>(fields: FieldsOf<T>): Field<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const inOrder = names.map((name) => fields[name] as Field<T[keyof T & string]>);
  return {
    maxBytes: headBytes(names.length) + inOrder.reduce((sum, field) => sum + field.maxBytes, 0),
    maxItems: 1 + inOrder.reduce((sum, field) => sum + field.maxItems, 0),
    shape: { kind: "record", parts: names.map((name, i) => [name, inOrder[i]!]) },
    toCbor: (value) => names.map((name, i) => inOrder[i]!.toCbor(value[name], name)),
    fromCbor(item, name) {
      const items = array(item, name);
      if (items.length !== names.length) throw new MalformedBytes(`${name} has ${items.length} fields`);
      const value: Partial<T> = {};
      for (let i = 0; i < names.length; i++) value[names[i]!] = inOrder[i]!.fromCbor(items[i]!, names[i]!);
      return value as T;
    },
  };
}

/** A field whose values must also obey a rule; `problem` says in words which one is broken. */
export function checked<V>(field: Field<V>, problem: (value: V) => string | undefined): Field<V> {
  return {
    maxBytes: field.maxBytes,
    maxItems: field.maxItems,
    ...(field.shape && { shape: field.shape }),
    toCbor(value, name) {
      const broken = problem(value);
      if (broken !== undefined) throw new LocalError("bad-argument", `Cannot encode ${name}: ${broken}`);
      return field.toCbor(value, name);
    },
    fromCbor(item, name) {
      const value = field.fromCbor(item, name);
      const broken = problem(value);
      if (broken !== undefined) throw new MalformedBytes(`${name}: ${broken}`);
      return value;
    },
  };
}

/** Bytes before the content of a string or array of this length, in shortest form. */
function headBytes(length: number): number {
  if (length <= MAX_IN_FIRST_BYTE) return 1;
  if (length <= MAX_UINT8) return LONGEST_UINT8;
  return length <= MAX_UINT16 ? LONGEST_UINT16 : LONGEST_UINT32;
}

function byteString(item: CborValue, name: string, min: number, max: number): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new MalformedBytes(`${name} is no byte string`);
  if (item.length < min || item.length > max) throw new MalformedBytes(`${name} has ${item.length} bytes`);
  return item;
}

function array(item: CborValue, name: string): readonly CborValue[] {
  if (!Array.isArray(item)) throw new MalformedBytes(`${name} is no array`);
  return item;
}

function refusal(name: string, why: string, value: unknown): LocalError {
  return new LocalError("bad-argument", `Cannot encode ${name}: ${why}: received ${value}`);
}
