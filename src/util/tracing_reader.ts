import { ByteReader } from "./bytes.ts";
import type { Hash } from "./hash.ts";

/** How the bytes of a field were read. */
export type FieldKind =
  | "uint8"
  | "uint16"
  | "uint16be"
  | "uint24"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "varint"
  | "hash"
  | "bytes"
  | "cbor"
  | "cbor-array"
  | "cbor-head";

/** One read, as its reader named it. */
export interface TracedField {
  /** Its name within what it is a part of, such as `items[3].hash`. */
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly kind: FieldKind;
  /** What was read; the bytes as they are where the reader did not look into them. */
  readonly value: number | bigint | string | boolean | null | Uint8Array;
}

/** Reads like any other, and keeps an account of what was read, where, and under which name. */
export class TracingReader extends ByteReader {
  /** In the order of reading. Readers of parts of the same bytes may share one account. */
  readonly fields: TracedField[];
  readonly #groups: string[];
  /** Reads of which another read consists are no fields of their own. */
  #isWithin = false;

  constructor(
    bytes: Uint8Array,
    offset = 0,
    end = bytes.length,
    fields: TracedField[] = [],
    groups: readonly string[] = [],
  ) {
    super(bytes, offset, end);
    this.fields = fields;
    this.#groups = [...groups];
  }

  /** A reader of the next bytes and no more, with the same account. */
  part(sizeBytes: number): TracingReader {
    const start = this.offset;
    super.skip(sizeBytes);
    return new TracingReader(this.bytes, start, start + sizeBytes, this.fields, this.#groups);
  }

  override enter(name: string, index?: number): void {
    this.#groups.push(index === undefined ? name : `${name}[${index}]`);
  }

  override leave(): void {
    this.#groups.pop();
  }

  override renameLast(name: string): void {
    const last = this.fields.pop();
    if (last) this.fields.push({ ...last, path: this.#pathOf(name) });
  }

  override uint8(name?: string): number {
    return this.#note("uint8", name, () => super.uint8());
  }

  override uint16(name?: string): number {
    return this.#note("uint16", name, () => super.uint16());
  }

  override uint16BigEndian(name?: string): number {
    return this.#note("uint16be", name, () => super.uint16BigEndian());
  }

  override uint32(name?: string): number {
    return this.#note("uint32", name, () => super.uint32());
  }

  override int32(name?: string): number {
    return this.#note("int32", name, () => super.int32());
  }

  override uint64(name?: string): bigint {
    return this.#note("uint64", name, () => super.uint64());
  }

  override int64(name?: string): bigint {
    return this.#note("int64", name, () => super.int64());
  }

  override varInt(name?: string): number {
    return this.#note("varint", name, () => super.varInt());
  }

  override varUint64(name?: string): bigint {
    return this.#note("varint", name, () => super.varUint64());
  }

  override view(sizeBytes: number, name?: string): Uint8Array {
    return this.#note("bytes", name, () => super.view(sizeBytes));
  }

  override copy(sizeBytes: number, name?: string): Uint8Array {
    return this.#note("bytes", name, () => super.copy(sizeBytes));
  }

  override hash(name?: string): Hash {
    return this.#note("hash", name, () => super.hash());
  }

  override skip(sizeBytes: number, name?: string): void {
    this.view(sizeBytes, name);
  }

  /** Notes the next bytes as a field whose value was found by other means. */
  noteNext(sizeBytes: number, kind: FieldKind, value: TracedField["value"]): void {
    const { offset } = this;
    super.skip(sizeBytes);
    this.fields.push({ path: this.#pathOf(undefined) || "body", offset, sizeBytes, kind, value });
  }

  #note<T extends TracedField["value"]>(kind: FieldKind, name: string | undefined, read: () => T): T {
    if (this.#isWithin) return read();
    const { offset } = this;
    this.#isWithin = true;
    try {
      const value = read();
      // Nothing was there: the rest of a message that has none.
      if (this.offset > offset) {
        this.fields.push({ path: this.#pathOf(name), offset, sizeBytes: this.offset - offset, kind, value });
      }
      return value;
    } finally {
      this.#isWithin = false;
    }
  }

  #pathOf(name: string | undefined): string {
    const names = name === undefined ? this.#groups : [...this.#groups, name];
    return names.join(".").replaceAll(".[", "[");
  }
}
