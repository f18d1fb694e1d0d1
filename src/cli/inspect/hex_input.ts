import { UsageError } from "../exit.ts";
import { hexToBytes } from "../../util/hex.ts";

/** White space, and what people put between bytes. */
const SEPARATORS = /[\s:,_-]+/g;
const SHOWN_CHARACTERS = 20;

/** The bytes that a person spelled in hex, with or without `0x` and spaces. Throws UsageError that says where it is none. */
export function readHex(text: string): Uint8Array {
  const digits = text.trim().replace(/^0x/i, "").replace(SEPARATORS, "");
  const wrong = /[^0-9a-f]/iu.exec(digits);
  if (wrong) {
    const where = digits.slice(0, wrong.index).length;
    throw new UsageError(`HEX: not hex: received ${JSON.stringify(wrong[0])} after ${where} digits`);
  }
  if (digits.length === 0) throw new UsageError("HEX: no digits");
  if (digits.length % 2 !== 0) {
    const tail = digits.slice(-SHOWN_CHARACTERS);
    throw new UsageError(
      `HEX: ${digits.length} digits, an odd number: one is missing or too many (it ends with ${tail})`,
    );
  }
  return hexToBytes(digits);
}
