import { ByteWriter } from "../util/bytes.ts";
import { HASH_SIZE_BYTES } from "../util/hash.ts";

/** Size of a made transaction: as an ordinary payment. */
export const MADE_TRANSACTION_BYTES = 250;
/** Everything of a transaction with one input and one output but the script of the input. */
const FRAME_BYTES = 63;
const SCRIPT_BYTES = MADE_TRANSACTION_BYTES - FRAME_BYTES;
const FINAL_SEQUENCE = 0xffff_ffff;

/**
 * A payment that spends what never was: scripts and amounts are not verified. No two numbers, from 0 to 2^32 - 2, give
 * the same.
 */
export function makeTransaction(number: number): Uint8Array {
  const outpoint = new Uint8Array(HASH_SIZE_BYTES);
  // Not zero: a coinbase has an outpoint of zeros.
  new DataView(outpoint.buffer).setUint32(0, number + 1, true);
  return new ByteWriter(MADE_TRANSACTION_BYTES)
    .uint32(2)
    .varInt(1).raw(outpoint).uint32(0)
    .varInt(SCRIPT_BYTES).raw(new Uint8Array(SCRIPT_BYTES)).uint32(FINAL_SEQUENCE)
    .varInt(1).uint64(1n).varInt(0)
    .uint32(0)
    .finish();
}
