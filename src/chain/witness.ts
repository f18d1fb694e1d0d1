import { WITNESS_COMMITMENT_PREFIX } from "../protocol/coinbase.ts";
import type { TransactionLayout } from "../protocol/transaction.ts";
import { ByteReader, concatBytes, equalBytes } from "../util/bytes.ts";
import { HASH_SIZE_BYTES, type Hasher } from "../util/hash.ts";
import type { ParsedBlock } from "./block.ts";
import { computeMerkleRoot } from "./merkle.ts";
import type { BlockMutation } from "./outcomes.ts";

const OUTPOINT_BYTES = 36;
const SEQUENCE_BYTES = 4;
const VALUE_BYTES = 8;
const COMMITMENT_SCRIPT_BYTES = WITNESS_COMMITMENT_PREFIX.length + HASH_SIZE_BYTES;

/**
 * What is wrong with a block's witnesses (BIP141). They are not in the header's merkle tree, so whatever it is, another
 * copy of the block may be good. The block has a coinbase, and `active` says whether it is old enough for commitments.
 */
export function witnessMutation(hasher: Hasher, block: ParsedBlock, active: boolean): BlockMutation | undefined {
  const commitment = active ? findCommitment(block.raw, block.transactions[0]!) : undefined;
  if (commitment === undefined) {
    return block.hasWitnesses ? "unexpected-witness" : undefined;
  }
  const reserved = reservedValue(block.raw, block.transactions[0]!);
  if (reserved === undefined) return "bad-witness-reserved-value";
  const expected = witnessCommitment(hasher, block, reserved);
  return equalBytes(commitment, expected) ? undefined : "bad-witness-commitment";
}

/** The hash over all witnesses that a coinbase commits to. The coinbase itself, transaction 0, counts as zeros. */
export function witnessCommitment(hasher: Hasher, block: ParsedBlock, reserved: Uint8Array): Uint8Array {
  const leaves = block.wtxids(hasher).slice().fill(0, 0, HASH_SIZE_BYTES);
  return hasher.sha256d(concatBytes([computeMerkleRoot(hasher, leaves).root, reserved]));
}

/** The hash in the last output of the coinbase that has the form of a commitment. */
function findCommitment(raw: Uint8Array, coinbase: TransactionLayout): Uint8Array | undefined {
  const reader = new ByteReader(raw, coinbase.inputsStart, coinbase.outputsEnd);
  skipInputs(reader);
  const outputs = reader.varInt();
  let commitment: Uint8Array | undefined;
  for (let i = 0; i < outputs; i++) {
    reader.skip(VALUE_BYTES);
    const script = reader.view(reader.varInt());
    if (script.length < COMMITMENT_SCRIPT_BYTES) continue;
    if (!equalBytes(script.subarray(0, WITNESS_COMMITMENT_PREFIX.length), WITNESS_COMMITMENT_PREFIX)) continue;
    commitment = script.subarray(WITNESS_COMMITMENT_PREFIX.length, COMMITMENT_SCRIPT_BYTES);
  }
  return commitment;
}

function skipInputs(reader: ByteReader): void {
  const inputs = reader.varInt();
  for (let i = 0; i < inputs; i++) {
    reader.skip(OUTPOINT_BYTES);
    reader.skip(reader.varInt());
    reader.skip(SEQUENCE_BYTES);
  }
}

/** The coinbase's witness, if it is exactly one item of 32 bytes. */
function reservedValue(raw: Uint8Array, coinbase: TransactionLayout): Uint8Array | undefined {
  if (!coinbase.hasWitness) return undefined;
  const reader = new ByteReader(raw, coinbase.outputsEnd, coinbase.end);
  return reader.varInt() === 1 && reader.varInt() === HASH_SIZE_BYTES ? reader.view(HASH_SIZE_BYTES) : undefined;
}
