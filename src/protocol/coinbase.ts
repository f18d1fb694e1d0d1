import { ByteWriter, concatBytes } from "../util/bytes.ts";
import { HASH_SIZE_BYTES, ZERO_HASH } from "../util/hash.ts";

/** Script opcodes that blocks themselves are made of. */
const OP_PUSHDATA1 = 0x4c;
export const OP_TRUE = 0x51;
export const OP_RETURN = 0x6a;
export const OP_CHECKSIG = 0xac;

/** The output index of an input that spends nothing, which together with the zero hash marks a coinbase. */
export const NULL_INDEX = 0xffff_ffff;

/** First bytes of the output that commits to the witnesses: OP_RETURN, a push of 36 bytes, a tag (BIP141). */
export const WITNESS_COMMITMENT_PREFIX = Uint8Array.of(OP_RETURN, 0x24, 0xaa, 0x21, 0xa9, 0xed);

const OP_1_LESS_1 = OP_TRUE - 1;
const MAX_OP_NUMBER = 16;
const BYTE_MASK = 0xff;
const SIGN_BIT = 0x80;
const FINAL_SEQUENCE = 0xffff_ffff;
const WITNESS_MARKER_AND_FLAG = Uint8Array.of(0, 1);

export interface CoinbaseOutput {
  /** Satoshi. */
  readonly value: bigint;
  readonly script: Uint8Array;
}

export interface CoinbaseParts {
  readonly version: number;
  /** What stands in the place of the input's script, 2 to 100 bytes. */
  readonly script: Uint8Array;
  readonly outputs: readonly CoinbaseOutput[];
  /** 32 bytes that the witness commitment covers, as the only witness (BIP141); undefined: no witness. */
  readonly reservedValue?: Uint8Array | undefined;
}

/** The transaction that creates a block's coins. */
export function encodeCoinbase(parts: CoinbaseParts): Uint8Array {
  const writer = new ByteWriter();
  writer.int32(parts.version);
  if (parts.reservedValue) writer.raw(WITNESS_MARKER_AND_FLAG);
  writer.varInt(1).hash(ZERO_HASH).uint32(NULL_INDEX);
  writer.varInt(parts.script.length).raw(parts.script).uint32(FINAL_SEQUENCE);
  writer.varInt(parts.outputs.length);
  for (const output of parts.outputs) writer.uint64(output.value).varInt(output.script.length).raw(output.script);
  if (parts.reservedValue) writer.varInt(1).varInt(HASH_SIZE_BYTES).raw(parts.reservedValue);
  return writer.uint32(0).finish();
}

/** The script that pushes up to 255 bytes of data. */
export function pushData(data: Uint8Array): Uint8Array {
  const length = data.length < OP_PUSHDATA1 ? [data.length] : [OP_PUSHDATA1, data.length];
  return concatBytes([Uint8Array.from(length), data]);
}

/** The script that pushes a number of at least 0 in its shortest form, as BIP34 wants a block's height. */
export function pushNumber(value: number): Uint8Array {
  if (value === 0) return Uint8Array.of(0);
  if (value <= MAX_OP_NUMBER) return Uint8Array.of(OP_1_LESS_1 + value);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / (BYTE_MASK + 1))) bytes.push(rest & BYTE_MASK);
  // The top bit is a sign: a positive number that would set it takes one byte more.
  if (bytes[bytes.length - 1]! & SIGN_BIT) bytes.push(0);
  return pushData(Uint8Array.from(bytes));
}
