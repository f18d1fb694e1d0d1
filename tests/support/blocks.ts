import { parseBlock } from "../../src/chain/block.ts";
import { computeMerkleRoot } from "../../src/chain/merkle.ts";
import { writeBlockHeader } from "../../src/protocol/block_header.ts";
import { ByteWriter, concatBytes } from "../../src/util/bytes.ts";
import { type Hash, hashFromBytes, ZERO_HASH } from "../../src/util/hash.ts";
import { testHasher } from "./test_hasher.ts";

/** Parts of a transaction; what is left out is ordinary. */
export interface TransactionParts {
  readonly inputs?: readonly InputParts[];
  readonly outputs?: readonly OutputParts[];
}

export interface InputParts {
  readonly hash?: Hash;
  readonly index?: number;
  readonly script?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
}

export interface OutputParts {
  readonly value?: bigint;
  readonly script?: Uint8Array;
}

export const COINBASE_INPUT: InputParts = { hash: ZERO_HASH, index: 0xffff_ffff, script: Uint8Array.of(0x51, 0x51) };

/** A transaction that may break any rule. */
export function transaction({ inputs = [{}], outputs = [{}] }: TransactionParts = {}): Uint8Array {
  const writer = new ByteWriter().int32(2);
  const hasWitness = inputs.some((input) => input.witness);
  if (hasWitness) writer.uint8(0).uint8(1);
  writer.varInt(inputs.length);
  for (const { hash = "ab".repeat(32), index = 0, script = new Uint8Array() } of inputs) {
    writer.hash(hash).uint32(index).varInt(script.length).raw(script).uint32(0xffff_ffff);
  }
  writer.varInt(outputs.length);
  for (const { value = 1n, script = new Uint8Array() } of outputs) {
    writer.uint64(value).varInt(script.length).raw(script);
  }
  if (hasWitness) {
    for (const { witness = [] } of inputs) {
      writer.varInt(witness.length);
      for (const item of witness) writer.varInt(item.length).raw(item);
    }
  }
  return writer.uint32(0).finish();
}

/** A block of these transactions under the right merkle root and no proof of work. */
export function blockOf(transactions: readonly Uint8Array[], merkleRoot?: Hash): Uint8Array {
  const body = concatBytes([new ByteWriter().varInt(transactions.length).finish(), ...transactions]);
  const leaves = parseBlock(concatBytes([new Uint8Array(80), body])).txids(testHasher);
  const header = new ByteWriter();
  writeBlockHeader(header, {
    version: 4,
    previous: ZERO_HASH,
    merkleRoot: merkleRoot ?? hashFromBytes(computeMerkleRoot(testHasher, leaves).root),
    time: 1_600_000_000,
    bits: 0x207fffff,
    nonce: 0,
  });
  return concatBytes([header.finish(), body]);
}
