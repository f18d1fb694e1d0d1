/** What ECMAScript 2026 has for hex, which not every supported runtime has yet. */
interface HexMethods {
  toHex?(this: Uint8Array): string;
  setFromHex?(this: Uint8Array, text: string): unknown;
}

const { toHex, setFromHex } = Uint8Array.prototype as HexMethods;
const HEX_DIGIT_BITS = 4;
const WORD_DIGITS = 8;
const BYTE_VALUES = 256;
const NO_DIGIT = 0xff;
const DIGITS = new TextEncoder().encode("0123456789abcdef");
/** The two digits of each byte, and the value of each digit by its character code. */
const HIGH_DIGITS = new Uint8Array(BYTE_VALUES).map((_, byte) => DIGITS[byte >>> HEX_DIGIT_BITS]!);
const LOW_DIGITS = new Uint8Array(BYTE_VALUES).map((_, byte) => DIGITS[byte % DIGITS.length]!);
const DIGIT_VALUES = digitValues();
/** Digits on their way between bytes and text: the codecs of text are faster than strings put together by digits. */
const FEW_DIGITS = new Uint8Array(64);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Lower-case hex, two digits a byte. */
export const bytesToHex: (bytes: Uint8Array) => string = toHex ? (bytes) => toHex.call(bytes) : spellHex;

/** The bytes of an even number of hex digits in either case. Throws SyntaxError on anything else. */
export function hexToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >>> 1);
  hexInto(text, bytes);
  return bytes;
}

/** Fills `bytes` from exactly twice as many hex digits in either case. Throws SyntaxError on anything else. */
export function hexInto(text: string, bytes: Uint8Array): void {
  if (text.length !== 2 * bytes.length) throw new SyntaxError(`${text.length} digits of hex for ${bytes.length} bytes`);
  if (setFromHex) setFromHex.call(bytes, text);
  else readHex(text, bytes);
}

/** Whether `text` consists of exactly `sizeBytes` bytes in hex. */
export function isHexOfSize(text: string, sizeBytes: number): boolean {
  return text.length === 2 * sizeBytes && /^[0-9a-f]*$/i.test(text);
}

/** The number that the eight digits from `at` on spell. The text must be known to be hex: nothing is checked. */
export function hexWordAt(text: string, at: number): number {
  let word = 0;
  for (let i = at; i < at + WORD_DIGITS; i++) {
    word = (word << HEX_DIGIT_BITS) | DIGIT_VALUES[text.charCodeAt(i)]!;
  }
  return word >>> 0;
}

/** For runtimes without `toHex`. */
export function spellHex(bytes: Uint8Array): string {
  const size = 2 * bytes.length;
  const digits = size > FEW_DIGITS.length ? new Uint8Array(size) : FEW_DIGITS;
  for (let i = 0; i < bytes.length; i++) {
    digits[2 * i] = HIGH_DIGITS[bytes[i]!]!;
    digits[2 * i + 1] = LOW_DIGITS[bytes[i]!]!;
  }
  return decoder.decode(size === digits.length ? digits : digits.subarray(0, size));
}

/** For runtimes without `setFromHex`. */
export function readHex(text: string, bytes: Uint8Array): void {
  const digits = text.length > FEW_DIGITS.length ? new Uint8Array(text.length) : FEW_DIGITS;
  const { read } = encoder.encodeInto(text, digits);
  let all = 0;
  for (let i = 0; i < bytes.length; i++) {
    const high = DIGIT_VALUES[digits[2 * i]!]!;
    const low = DIGIT_VALUES[digits[2 * i + 1]!]!;
    all |= high | low;
    bytes[i] = (high << HEX_DIGIT_BITS) | low;
  }
  // The first byte of a letter outside of ASCII lies where a digit should, and is none.
  if (all === NO_DIGIT || read !== text.length) throw new SyntaxError("not hex");
}

function digitValues(): Uint8Array {
  const values = new Uint8Array(BYTE_VALUES).fill(NO_DIGIT);
  for (const [value, digit] of [...DIGITS].entries()) {
    values[digit] = value;
    values[String.fromCharCode(digit).toUpperCase().charCodeAt(0)] = value;
  }
  return values;
}
