import { Decoder, Encoder } from "cbor-x/index-no-eval";
import { MalformedBytes } from "../util/bytes.ts";
import { checkCbor } from "./cbor_guard.ts";

/** What our subset of CBOR can say. Integers are unsigned: a number up to 2^32 − 1, a bigint above. */
export type CborValue = number | bigint | string | boolean | null | Uint8Array | readonly CborValue[];

const encoder = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });
const decoder = new Decoder({ useRecords: false });

/** The only spelling of a value. A view of memory that the next call may overwrite: copy it at once. */
export function encodeCbor(value: CborValue): Uint8Array {
  return encoder.encode(value);
}

/**
 * The value that `bytes` from `start` to `end` spell, of at most `maxItems` items in all. Its byte strings are views of
 * `bytes`: copy what is kept. Throws MalformedBytes.
 */
export function decodeCbor(bytes: Uint8Array, start: number, end: number, maxItems: number): CborValue {
  checkCbor(bytes, start, end, maxItems);
  try {
    return decoder.decode(bytes.subarray(start, end)) as CborValue;
  } catch (error) {
    throw new MalformedBytes(`CBOR refused: ${error instanceof Error ? error.name : "unknown error"}`);
  }
}
