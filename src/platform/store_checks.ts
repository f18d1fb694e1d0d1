import { HEADER_SIZE_BYTES } from "../protocol/block_header.ts";
import { LocalError } from "../protocol/errors.ts";
import { type Hash, HASH_SIZE_BYTES } from "../util/hash.ts";
import { isHexOfSize } from "../util/hex.ts";

// What every store refuses, in the same words.

export function checkHash(hash: Hash): void {
  if (isHexOfSize(hash, HASH_SIZE_BYTES)) return;
  throw new LocalError("bad-argument", `Cannot use a hash: 64 hex digits wanted: received ${JSON.stringify(hash)}`);
}

/** Throws unless `raw` can be a header. */
export function checkHeader(hash: Hash, raw: Uint8Array): void {
  if (raw.length === HEADER_SIZE_BYTES) return;
  throw new LocalError(
    "bad-argument",
    `Cannot store header ${hash}: a header has ${HEADER_SIZE_BYTES} bytes: received ${raw.length}`,
  );
}

/** Throws unless `raw` can be a block: size 0 means "not stored". */
export function checkBlock(hash: Hash, raw: Uint8Array): void {
  if (raw.length > 0) return;
  throw new LocalError("bad-argument", `Cannot store block ${hash}: received no bytes`);
}

/** Throws unless `seconds` is a whole number that every store gives back as it was. */
export function checkUntil(subnet: string, seconds: number): void {
  if (Number.isSafeInteger(seconds) && seconds >= 0) return;
  throw new LocalError(
    "bad-argument",
    `Cannot store ban of ${subnet}: its end must be in whole Unix seconds: received ${seconds}`,
  );
}

/** `task` completes the sentence "Cannot …". */
export function unknownHeader(task: string, hash: Hash): LocalError {
  return new LocalError("bad-argument", `Cannot ${task} ${hash}: its header was not put before`);
}

export function closedStore(): LocalError {
  return new LocalError("stopped", "Cannot use the store: it is closed");
}
