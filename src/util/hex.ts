/** Uint8Array.prototype.toHex and fromHex (ECMAScript 2026), which not every supported runtime has yet. */
interface HexMethods {
  toHex?(this: Uint8Array): string;
}
interface HexConstructor {
  fromHex?(text: string): Uint8Array;
}

const nativeToHex = (Uint8Array.prototype as HexMethods).toHex;
const nativeFromHex = (Uint8Array as HexConstructor).fromHex;
const HEX_DIGIT_BITS = 4;
const BYTE_VALUES = 256;
const PAIRS = Array.from({ length: BYTE_VALUES }, (_, value) => value.toString(16).padStart(2, "0"));

/** Lower-case hex, two digits a byte. */
export const bytesToHex: (bytes: Uint8Array) => string = nativeToHex
  ? (bytes) => nativeToHex.call(bytes)
  : (bytes) => {
    let text = "";
    for (let i = 0; i < bytes.length; i++) text += PAIRS[bytes[i]!];
    return text;
  };

/** The bytes of an even number of hex digits in either case. Throws SyntaxError on anything else. */
export function hexToBytes(text: string): Uint8Array {
  if (nativeFromHex) return nativeFromHex(text);
  if (text.length % 2 !== 0) throw new SyntaxError(`hex of an odd number of digits: ${text.length}`);
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digitValue(text, 2 * i) << HEX_DIGIT_BITS) | digitValue(text, 2 * i + 1);
  }
  return bytes;
}

/** Whether `text` consists of exactly `sizeBytes` bytes in hex. */
export function isHexOfSize(text: string, sizeBytes: number): boolean {
  return text.length === 2 * sizeBytes && /^[0-9a-f]*$/i.test(text);
}

function digitValue(text: string, index: number): number {
  const value = Number.parseInt(text[index]!, 16);
  if (Number.isNaN(value)) throw new SyntaxError(`not a hex digit: ${JSON.stringify(text[index])} at ${index}`);
  return value;
}
