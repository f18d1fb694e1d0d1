import { type Hash, HASH_SIZE_BYTES, hashFromBytes } from "./hash.ts";
import { hexInto } from "./hex.ts";

/** Bytes ended before the value did, or a value was not in its only legal form. */
export class MalformedBytes extends Error {
  override readonly name = "MalformedBytes";
}

const UINT16_SIZE = 2;
const UINT32_SIZE = 4;
const UINT64_SIZE = 8;
const TWO_TO_32 = 0x1_0000_0000;
/** Prefixes of Bitcoin's CompactSize that announce 2, 4 and 8 further bytes. */
const COMPACT_16 = 0xfd;
const COMPACT_32 = 0xfe;
const COMPACT_64 = 0xff;
const MAX_UINT16 = 0xffff;
const MAX_UINT32 = 0xffff_ffff;

/**
 * Integers of 64 bits pass through here: a DataView for each reader and writer would cost more than reading a small
 * message (70-250 ns, bench/codec.ts).
 */
const eightBytes = new Uint8Array(UINT64_SIZE);
const eightBytesView = new DataView(eightBytes.buffer);

/**
 * Reads values from a byte string front to back; every read checks the bounds. Little-endian unless named otherwise.
 *
 * A read may be told the name of what it reads. It is for readers that keep an account (util/tracing_reader.ts): so the
 * one who decodes is the one who explains. This one passes over it: compiled, nothing is left (bench/codec.ts).
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#offset = offset;
    this.#end = end;
  }

  /** Position of the next read, from the start of `bytes`. */
  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  /** The reads from here to `leave` are parts of this. */
  enter(_name: string, _index?: number): void {}

  leave(): void {}

  /** What was read last turned out to be something else. */
  renameLast(_name: string): void {}

  uint8(_name?: string): number {
    return this.bytes[this.#advance(1)]!;
  }

  uint16(_name?: string): number {
    const at = this.#advance(UINT16_SIZE);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  uint16BigEndian(_name?: string): number {
    const at = this.#advance(UINT16_SIZE);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  uint32(_name?: string): number {
    return this.int32() >>> 0;
  }

  int32(_name?: string): number {
    const at = this.#advance(UINT32_SIZE);
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  uint64(_name?: string): bigint {
    return this.#nextEight().getBigUint64(0, true);
  }

  int64(_name?: string): bigint {
    return this.#nextEight().getBigInt64(0, true);
  }

  /** Bitcoin's CompactSize in its shortest form, as a count or length. Throws above 2^53 − 1 or if not shortest. */
  varInt(_name?: string): number {
    const first = this.uint8();
    if (first < COMPACT_16) return first;
    if (first === COMPACT_16) return checkShortest(this.uint16(), COMPACT_16);
    if (first === COMPACT_32) return checkShortest(this.uint32(), MAX_UINT16 + 1);
    const low = this.uint32();
    const value = this.uint32() * TWO_TO_32 + low;
    if (!Number.isSafeInteger(value)) throw new MalformedBytes("a count above 2^53");
    return checkShortest(value, MAX_UINT32 + 1);
  }

  /** CompactSize of up to 64 bits, for the few fields that are flags and not counts. */
  varUint64(_name?: string): bigint {
    if (this.remaining > 0 && this.bytes[this.#offset] === COMPACT_64) {
      this.uint8();
      const value = this.uint64();
      if (value <= BigInt(MAX_UINT32)) throw new MalformedBytes("an integer not in its shortest form");
      return value;
    }
    return BigInt(this.varInt());
  }

  /** A view of the next bytes: it lives only as long as the bytes below it. Copy what is kept. */
  view(sizeBytes: number, _name?: string): Uint8Array {
    const start = this.#advance(sizeBytes);
    return this.bytes.subarray(start, start + sizeBytes);
  }

  /** A copy of the next bytes. */
  copy(sizeBytes: number, _name?: string): Uint8Array {
    const start = this.#advance(sizeBytes);
    return this.bytes.slice(start, start + sizeBytes);
  }

  hash(_name?: string): Hash {
    return hashFromBytes(this.bytes, this.#advance(HASH_SIZE_BYTES));
  }

  skip(sizeBytes: number, _name?: string): void {
    this.#advance(sizeBytes);
  }

  /** Throws unless every byte was read. */
  expectEnd(): void {
    if (this.remaining !== 0) throw new MalformedBytes(`${this.remaining} bytes too many`);
  }

  #nextEight(): DataView {
    const at = this.#advance(UINT64_SIZE);
    for (let i = 0; i < UINT64_SIZE; i++) eightBytes[i] = this.bytes[at + i]!;
    return eightBytesView;
  }

  #advance(sizeBytes: number): number {
    const start = this.#offset;
    if (sizeBytes > this.#end - start) {
      throw new MalformedBytes(`${sizeBytes} bytes wanted, ${this.#end - start} left`);
    }
    this.#offset = start + sizeBytes;
    return start;
  }
}

function checkShortest(value: number, least: number): number {
  if (value < least) throw new MalformedBytes("an integer not in its shortest form");
  return value;
}

/** Bytes that a value takes as a CompactSize in its shortest form. */
export function varIntSize(value: number | bigint): number {
  if (value < COMPACT_16) return 1;
  if (value <= MAX_UINT16) return 1 + UINT16_SIZE;
  return value <= MAX_UINT32 ? 1 + UINT32_SIZE : 1 + UINT64_SIZE;
}

const INITIAL_CAPACITY_BYTES = 256;
/** Up to here a loop is faster than `set`, by two to four times at 16 bytes (bench/codec.ts). */
const FEW_BYTES = 32;
/** A hash in display order, on its way to the wire. */
const reversedHash = new Uint8Array(HASH_SIZE_BYTES);

const EMPTY = new Uint8Array(0);

/** Appends values to a growing byte string. Little-endian unless named otherwise. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacityBytes = INITIAL_CAPACITY_BYTES) {
    this.#bytes = capacityBytes === 0 ? EMPTY : new Uint8Array(capacityBytes);
  }

  /** Writes into `bytes` from `offset` on, where the caller made sure that there is room. */
  static into(bytes: Uint8Array, offset: number): ByteWriter {
    const writer = new ByteWriter(0);
    writer.#bytes = bytes;
    writer.#length = offset;
    return writer;
  }

  get length(): number {
    return this.#length;
  }

  uint8(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  uint16(value: number): this {
    const at = this.#grow(UINT16_SIZE);
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >>> 8;
    return this;
  }

  uint16BigEndian(value: number): this {
    const at = this.#grow(UINT16_SIZE);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(UINT32_SIZE);
    const bytes = this.#bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    return this;
  }

  int32(value: number): this {
    return this.uint32(value);
  }

  uint64(value: bigint): this {
    eightBytesView.setBigUint64(0, value, true);
    return this.#appendEight();
  }

  int64(value: bigint): this {
    return this.uint64(value);
  }

  /** Bitcoin's CompactSize in its shortest form. */
  varInt(value: number): this {
    if (value < COMPACT_16) return this.uint8(value);
    if (value <= MAX_UINT16) return this.uint8(COMPACT_16).uint16(value);
    if (value <= MAX_UINT32) return this.uint8(COMPACT_32).uint32(value);
    return this.uint8(COMPACT_64).uint64(BigInt(value));
  }

  varUint64(value: bigint): this {
    return value <= BigInt(MAX_UINT32) ? this.varInt(Number(value)) : this.uint8(COMPACT_64).uint64(value);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    if (bytes.length > FEW_BYTES) this.#bytes.set(bytes, at);
    else for (let i = 0; i < bytes.length; i++) this.#bytes[at + i] = bytes[i]!;
    return this;
  }

  hash(hash: Hash): this {
    const at = this.#grow(HASH_SIZE_BYTES);
    const bytes = this.#bytes;
    hexInto(hash, reversedHash);
    for (let i = 0; i < HASH_SIZE_BYTES; i++) bytes[at + i] = reversedHash[HASH_SIZE_BYTES - 1 - i]!;
    return this;
  }

  /** The bytes that hex digits spell, in their order. Throws SyntaxError if `digits` is no hex. */
  hex(digits: string): this {
    const at = this.#grow(digits.length >>> 1);
    hexInto(digits, this.#bytes.subarray(at, this.#length));
    return this;
  }

  /** Reserves `sizeBytes` zero bytes and returns where they start, for a header that is known only at the end. */
  reserve(sizeBytes: number): number {
    return this.#grow(sizeBytes);
  }

  /** What was written so far, without a copy. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  #appendEight(): this {
    const at = this.#grow(UINT64_SIZE);
    for (let i = 0; i < UINT64_SIZE; i++) this.#bytes[at + i] = eightBytes[i]!;
    return this;
  }

  /** Makes room and answers where it starts. It may replace `#bytes`: call it before `#bytes` is named. */
  #grow(sizeBytes: number): number {
    const at = this.#length;
    const needed = at + sizeBytes;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#length = needed;
    return at;
  }
}

/** Four bytes as a number, little-endian. They must be there: nothing is checked. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Whether both hold the same bytes. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/** One byte string of all parts in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
