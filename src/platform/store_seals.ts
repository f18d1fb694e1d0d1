import { crc32 } from "node:zlib";
import { LocalError } from "../protocol/errors.ts";
import { HASH_SIZE_BYTES } from "../util/hash.ts";
import { DAMAGED } from "./sqlite_error.ts";

// SQLite keeps no checksum of its pages: a bit that flips on the disk within a value comes back as another value, and
// nobody would notice. So each row has a seal. A check costs 0.2 to 0.5 µs a header and 0.02 to 0.4 ms a
// block of 1 MB (CRC-32 by zlib, which is in hardware on two of three runtimes); a hash of the block would cost more.

/** What the row of a header is sealed with when it is new: nothing stored, nothing known against it. */
export function sealHeader(hash: Uint8Array, raw: Uint8Array): number {
  return crc32(raw, crc32(hash));
}

/**
 * A change of these two is added to the seal by the statement that makes it, which need not read the rest of the row:
 * the seal is that of the new row, plus twice the size, plus 1 if it is invalid.
 */
export const SEAL_OF_BLOCK_SIZE = 2;

interface SealedHeader {
  readonly hash: Uint8Array;
  readonly raw: Uint8Array;
  readonly block_size: number;
  readonly invalid: number;
  readonly seal: number | null;
}

/** Whether the row is as it was written. One of an older format has no seal. */
export function isHeaderWhole({ hash, raw, block_size: blockSize, invalid, seal }: SealedHeader): boolean {
  // A damaged record gives back other types, whatever the schema says.
  if (!(hash instanceof Uint8Array && hash.length === HASH_SIZE_BYTES && raw instanceof Uint8Array)) return false;
  if (!Number.isSafeInteger(blockSize) || !Number.isSafeInteger(invalid)) return false;
  return seal === null || seal === sealHeader(hash, raw) + SEAL_OF_BLOCK_SIZE * blockSize + invalid;
}

/** The hash is sealed with the block, so that a damaged index cannot pass one block off as another. */
export function sealBlock(hash: Uint8Array, raw: Uint8Array): number {
  return crc32(raw, crc32(hash));
}

/** What a query for a block finds: the header's word of its size, and the block if there is one. */
export interface SealedBlock {
  readonly block_size: number;
  readonly raw: Uint8Array | null;
  readonly seal: number | null;
}

/** The block, undefined where none is stored. Throws LocalError store-corrupt. */
export function openSealedBlock(path: string, hash: Uint8Array, row: SealedBlock): Uint8Array | undefined {
  const { block_size: blockSize, raw, seal } = row;
  if (raw === null && blockSize === 0) return undefined;
  if (!(raw instanceof Uint8Array) || raw.length !== blockSize) throw damaged(path);
  if (seal !== null && seal !== sealBlock(hash, raw)) throw damaged(path);
  return raw;
}

/** What a row of texts is sealed with, and of numbers, as they are printed. */
export function sealTexts(...values: readonly (string | number)[]): number {
  return crc32(values.join("\0"));
}

/**
 * The row, whose values of these names are texts as the schema says, and which is as it was written: `sealed` says what
 * its seal is of. Throws LocalError store-corrupt.
 */
export function checkTexts<N extends string>(
  path: string,
  row: Readonly<Record<string, unknown>>,
  names: readonly N[],
  sealed: (texts: { readonly [name in N]: string }) => readonly (string | number)[] = (texts) =>
    names.map((name) => texts[name]),
): { readonly [name in N]: string } {
  if (names.some((name) => typeof row[name] !== "string")) throw damaged(path);
  const texts = row as { readonly [name in N]: string };
  if (row["seal"] !== null && row["seal"] !== sealTexts(...sealed(texts))) throw damaged(path);
  return texts;
}

export function damaged(path: string, cause?: unknown): LocalError {
  return new LocalError("store-corrupt", `Cannot read ${path}: ${DAMAGED}`, { cause });
}
