import { MalformedBytes } from "./bytes.ts";

interface Entry {
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** A power of two. Names in use at a time are few; one that shares a slot with another costs a decoding. */
const SLOTS = 64;
/** Spread the byte that differs between names of one length: usually the first or the last. */
const FIRST_FACTOR = 7;
const LENGTH_FACTOR = 13;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Names that come again and again, between text and UTF-8: comparing a few bytes costs a tenth of decoding them
 * (bench/codec_native.ts). It keeps the last few; strangers can replace entries and never add one.
 */
export class TextCache {
  readonly #slots: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined);
  #encoded: Entry = { text: "", bytes: new Uint8Array(0) };

  /** The text from `start` to `end`. Throws MalformedBytes if it is not UTF-8. */
  decode(bytes: Uint8Array, start: number, end: number): string {
    if (start === end) return "";
    const slot = (bytes[start]! * FIRST_FACTOR + bytes[end - 1]! + (end - start) * LENGTH_FACTOR) % SLOTS;
    const entry = this.#slots[slot];
    if (entry && holdsAt(bytes, start, end, entry.bytes)) return entry.text;
    const fresh = decodeText(bytes.slice(start, end));
    this.#slots[slot] = fresh;
    return fresh.text;
  }

  /** UTF-8 of `text`; do not change it. Half of a surrogate pair becomes U+FFFD: ask `isWellFormed` before. */
  encode(text: string): Uint8Array {
    if (text !== this.#encoded.text) this.#encoded = { text, bytes: encoder.encode(text) };
    return this.#encoded.bytes;
  }
}

function holdsAt(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

function decodeText(bytes: Uint8Array): Entry {
  try {
    return { text: decoder.decode(bytes), bytes };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new MalformedBytes("text that is not UTF-8");
  }
}
