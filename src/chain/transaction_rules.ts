import { MAX_MONEY } from "../protocol/consensus.ts";
import { NULL_INDEX } from "../protocol/coinbase.ts";
import type { TransactionLayout } from "../protocol/transaction.ts";
import { ByteReader } from "../util/bytes.ts";
import { HASH_SIZE_BYTES } from "../util/hash.ts";
import { bytesToHex } from "../util/hex.ts";
import type { BlockFault } from "./outcomes.ts";

const OUTPOINT_BYTES = 36;
const SEQUENCE_BYTES = 4;
const TWO_TO_32 = 0x1_0000_0000;

/** Whether the only input spends nothing: so coins are made. */
export function isCoinbase(raw: Uint8Array, transaction: TransactionLayout): boolean {
  if (transaction.inputCount !== 1) return false;
  const reader = new ByteReader(raw, transaction.inputsStart);
  reader.varInt();
  return isNullOutpoint(reader);
}

/**
 * The first rule of form that a transaction breaks: outputs, amounts, and no coin spent twice. It has an input, because
 * none would read as the mark of a witness.
 */
export function transactionFault(raw: Uint8Array, transaction: TransactionLayout): BlockFault | undefined {
  const reader = new ByteReader(raw, transaction.inputsStart, transaction.outputsEnd);
  return inputFault(reader) ?? outputFault(reader);
}

function inputFault(reader: ByteReader): BlockFault | undefined {
  const count = reader.varInt();
  const spent = count > 1 ? new Set<string>() : undefined;
  for (let i = 0; i < count; i++) {
    if (spent) {
      const start = reader.offset;
      if (isNullOutpoint(reader)) return "null-input";
      spent.add(bytesToHex(reader.bytes.subarray(start, start + OUTPOINT_BYTES)));
    } else {
      reader.skip(OUTPOINT_BYTES);
    }
    reader.skip(reader.varInt());
    reader.skip(SEQUENCE_BYTES);
  }
  return spent && spent.size < count ? "duplicate-input" : undefined;
}

function outputFault(reader: ByteReader): BlockFault | undefined {
  const count = reader.varInt();
  if (count === 0) return "no-outputs";
  let total = 0;
  for (let i = 0; i < count; i++) {
    const low = reader.uint32();
    // Not exact above 2^53, but then far above the limit; a negative amount reads as a huge one.
    const value = reader.uint32() * TWO_TO_32 + low;
    total += value;
    if (value > MAX_MONEY || total > MAX_MONEY) return "bad-amount";
    reader.skip(reader.varInt());
  }
  return undefined;
}

/** Reads an outpoint; whether it is the one of a coinbase. */
function isNullOutpoint(reader: ByteReader): boolean {
  const start = reader.offset;
  reader.skip(HASH_SIZE_BYTES);
  if (reader.uint32() !== NULL_INDEX) return false;
  for (let i = start; i < start + HASH_SIZE_BYTES; i++) if (reader.bytes[i] !== 0) return false;
  return true;
}
