import type { ByteReader } from "../util/bytes.ts";
import { ByteWriter } from "../util/bytes.ts";
import type { Hash } from "../util/hash.ts";

/** Size of a block header on the Bitcoin wire and in the store, in bytes. */
export const HEADER_SIZE_BYTES = 80;

/** The header of a block, the same on both wires. */
export interface BlockHeader {
  readonly version: number;
  /** Hash of the parent. */
  readonly previous: Hash;
  readonly merkleRoot: Hash;
  /** Seconds since the Unix epoch, 32 bits unsigned. */
  readonly time: number;
  /** Target in the compact form, 32 bits unsigned. */
  readonly bits: number;
  readonly nonce: number;
}

export function readBlockHeader(reader: ByteReader): BlockHeader {
  return {
    version: reader.int32("version"),
    previous: reader.hash("previous"),
    merkleRoot: reader.hash("merkleRoot"),
    time: reader.uint32("time"),
    bits: reader.uint32("bits"),
    nonce: reader.uint32("nonce"),
  };
}

export function writeBlockHeader(writer: ByteWriter, header: BlockHeader): void {
  writer.int32(header.version).hash(header.previous).hash(header.merkleRoot)
    .uint32(header.time).uint32(header.bits).uint32(header.nonce);
}

/** The 80 bytes whose double SHA-256 is the block's hash. */
export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  const writer = new ByteWriter(HEADER_SIZE_BYTES);
  writeBlockHeader(writer, header);
  return writer.finish();
}
