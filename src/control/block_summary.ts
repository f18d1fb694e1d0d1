import { parseBlock, strippedSize } from "../chain/block.ts";
import type { BlockSnapshot } from "../node/types.ts";
import type { BlockHeader } from "../protocol/block_header.ts";
import type { Hash } from "../util/hash.ts";

/** A block as the control API shows it; null for what only the block itself, which we may not hold, could tell. */
export interface BlockSummary extends BlockHeader {
  readonly hash: Hash;
  readonly height: number;
  /** Whether it lies on the best chain. */
  readonly active: boolean;
  /** Bytes, with witnesses. */
  readonly size: number | null;
  readonly weight: number | null;
  readonly transactions: number | null;
}

/** BIP141: how often a byte outside the witnesses counts again. */
const BASE_FACTOR = 3;

/** Describes a block of the store, which was parsed before it was stored. */
export function summariseBlock({ hash, height, active, header, raw }: BlockSnapshot): BlockSummary {
  const block = raw && parseBlock(raw);
  return {
    hash,
    height,
    active,
    ...header,
    size: block ? block.raw.length : null,
    weight: block ? BASE_FACTOR * strippedSize(block) + block.raw.length : null,
    transactions: block ? block.transactions.length : null,
  };
}
