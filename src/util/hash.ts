import { bytesToHex, hexToBytes } from "./hex.ts";

/**
 * A 32-byte hash as 64 lower-case hex digits in display order, which is the reverse of the order on the wire (Bitcoin
 * shows hashes as little-endian numbers). A string, because it is then immutable, comparable by `===`, a map key and
 * printable without conversion; the codecs convert once on the way in and once on the way out.
 */
export type Hash = string;

/** Size of a hash on the wire, in bytes. */
export const HASH_SIZE_BYTES = 32;

/** The hash of no block: parent of a genesis block, and the `stop` of a request without an end. */
export const ZERO_HASH: Hash = "0".repeat(HASH_SIZE_BYTES * 2);

/** SHA-256 as the platform computes it fastest. */
export interface Hasher {
  /** 32 fresh bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** SHA-256 of SHA-256 (FIPS 180-4; the hash of Bitcoin's blocks, transactions and checksums). 32 fresh bytes. */
  sha256d(data: Uint8Array): Uint8Array;
  /** The same to where the caller wants its 32 bytes: where there are many, arrays of their own cost as much as hashing. */
  sha256dInto(data: Uint8Array, into: Uint8Array, at: number): void;
}

const reversed = new Uint8Array(HASH_SIZE_BYTES);

/** The hash whose 32 bytes, in wire order, start at `offset`. */
export function hashFromBytes(bytes: Uint8Array, offset = 0): Hash {
  for (let i = 0; i < HASH_SIZE_BYTES; i++) reversed[i] = bytes[offset + HASH_SIZE_BYTES - 1 - i]!;
  return bytesToHex(reversed);
}

/** 32 fresh bytes in wire order. */
export function hashToBytes(hash: Hash): Uint8Array {
  return hexToBytes(hash).reverse();
}

/** The double SHA-256 of `data`, as Bitcoin names blocks and transactions. */
export function hash256(hasher: Hasher, data: Uint8Array): Hash {
  return hashFromBytes(hasher.sha256d(data));
}
