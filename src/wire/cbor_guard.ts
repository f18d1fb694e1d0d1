import { MalformedBytes } from "../util/bytes.ts";

/** Arrays within arrays that a payload may have. Ours need four; the rest is room for messages to come. */
export const MAX_CBOR_DEPTH = 16;

/** Major types of RFC 8949, section 3.1, by the first three bits of an item. */
const UNSIGNED = 0;
const BYTE_STRING = 2;
const TEXT_STRING = 3;
const ARRAY = 4;
const SIMPLE = 7;
/** Names for the refusals, by major type. */
const MAJOR_NAMES = ["unsigned", "a negative integer", "bytes", "text", "an array", "a map", "a tag", "a simple value"];

const MAJOR_SHIFT = 5;
const INFO_MASK = 0x1f;
/** Below it the low five bits of the first byte are the argument itself; from it on they choose a row of the table. */
const FIRST_LONG_ARGUMENT = 24;
/** Bytes that the argument takes, and the least argument that needs so many: any below was not in its shortest form. */
const LONG_ARGUMENTS: readonly { readonly sizeBytes: number; readonly least: number }[] = [
  { sizeBytes: 1, least: 24 },
  { sizeBytes: 2, least: 0x100 },
  { sizeBytes: 4, least: 0x1_0000 },
  { sizeBytes: 8, least: 0x1_0000_0000 },
];
const BYTE_RADIX = 0x100;

/** The whole initial byte of the only simple values allowed: false, true and null are neighbours. */
const FALSE = 0xf4;
const NULL = 0xf6;

const BYTE_ORDER_MARK = 0xfeff;
/** Keeps the mark, so that it can be seen and refused; throws TypeError at the first byte that is not UTF-8. */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Where one item lies: its head, then its content if it is a string, or its items if it is an array. */
export interface CborSpan {
  readonly offset: number;
  /** One past the head. */
  readonly contentStart: number;
  /** One past the content of a string; of an array, where its first item begins. */
  readonly end: number;
  readonly isArray: boolean;
}

/**
 * Refuses bytes that are not exactly one item of our subset of CBOR (RFC 8949), before a general decoder sees them:
 * unsigned integers up to 64 bits, byte strings, UTF-8 text, arrays, false, true, null; each length and integer in its
 * shortest form; nothing after the item. So a value has one spelling only, and what makes general decoders block or
 * swell (tags, maps, indefinite lengths, floats, deep nesting, counts without items) never reaches one.
 *
 * Looks at each byte of `bytes` from `start` to `end` at most once, does not recurse, allocates at most a number a
 * level. Throws MalformedBytes. `note` hears of each item in its turn, an array before what is in it.
 */
export function checkCbor(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxItems: number,
  note?: (item: CborSpan) => void,
): void {
  new Scan(bytes, start, end, maxItems, note).run();
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;
  /** Items that may still be promised. */
  #budget: number;
  /** Items that the innermost open array still wants, and those that wait in the arrays around it. */
  #wanted = 1;
  readonly #outer: number[] = [];
  readonly #note: ((item: CborSpan) => void) | undefined;

  constructor(bytes: Uint8Array, start: number, end: number, maxItems: number, note?: (item: CborSpan) => void) {
    this.#note = note;
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
    this.#budget = maxItems - 1;
  }

  run(): void {
    while (this.#closeFinished()) {
      this.#wanted -= 1;
      this.#item();
    }
    if (this.#offset !== this.#end) throw new MalformedBytes(`${this.#end - this.#offset} bytes after the CBOR item`);
  }

  /** Leaves arrays that have all their items. False: the outermost item is complete. */
  #closeFinished(): boolean {
    while (this.#wanted === 0) {
      const outer = this.#outer.pop();
      if (outer === undefined) return false;
      this.#wanted = outer;
    }
    return true;
  }

  #item(): void {
    const start = this.#offset;
    const head = this.#byte();
    const major = head >> MAJOR_SHIFT;
    if (major === SIMPLE) {
      if (head < FALSE || head > NULL) throw new MalformedBytes(`CBOR simple value or float 0x${head.toString(16)}`);
      return this.#note?.({ offset: start, contentStart: this.#offset, end: this.#offset, isArray: false });
    }
    if (major !== UNSIGNED && (major < BYTE_STRING || major > ARRAY)) {
      throw new MalformedBytes(`${MAJOR_NAMES[major]} in CBOR`);
    }
    const argument = this.#argument(head & INFO_MASK);
    const contentStart = this.#offset;
    if (major === UNSIGNED) return this.#note?.({ offset: start, contentStart, end: contentStart, isArray: false });
    // An array's items take a byte each at least, so one bound serves strings and arrays alike.
    if (argument > this.#end - this.#offset) {
      throw new MalformedBytes(`${argument} of ${MAJOR_NAMES[major]} wanted, ${this.#end - this.#offset} bytes left`);
    }
    if (major === ARRAY) {
      this.#open(argument);
      return this.#note?.({ offset: start, contentStart, end: contentStart, isArray: true });
    }
    if (major === TEXT_STRING) checkText(this.#bytes.subarray(this.#offset, this.#offset + argument));
    this.#offset += argument;
    this.#note?.({ offset: start, contentStart, end: this.#offset, isArray: false });
  }

  #open(count: number): void {
    if (count > this.#budget) throw new MalformedBytes("too many CBOR items");
    if (this.#outer.length === MAX_CBOR_DEPTH) throw new MalformedBytes("CBOR nested too deeply");
    this.#budget -= count;
    this.#outer.push(this.#wanted);
    this.#wanted = count;
  }

  /** The number behind an initial byte. Above 2^53 it is rounded, which only tells that it is too large a length. */
  #argument(info: number): number {
    if (info < FIRST_LONG_ARGUMENT) return info;
    const form = LONG_ARGUMENTS[info - FIRST_LONG_ARGUMENT];
    if (form === undefined) throw new MalformedBytes("an indefinite or reserved CBOR length");
    let value = 0;
    for (let i = 0; i < form.sizeBytes; i++) value = value * BYTE_RADIX + this.#byte();
    if (value < form.least) throw new MalformedBytes("a CBOR number not in its shortest form");
    return value;
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw new MalformedBytes("CBOR ends within an item");
    return this.#bytes[this.#offset++]!;
  }
}

function checkText(bytes: Uint8Array): void {
  let text: string;
  try {
    text = STRICT_UTF8.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new MalformedBytes("text that is not UTF-8");
  }
  // Decoders differ on whether the mark belongs to the text; cbor-x drops it from long texts and keeps it in short ones.
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) throw new MalformedBytes("text that begins with a byte order mark");
}
