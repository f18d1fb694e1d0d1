import type { MessageOf } from "../protocol/messages.ts";
import { SHORT_ID_BYTES } from "../protocol/wire_limits.ts";
import { HASH_SIZE_BYTES, type Hasher } from "../util/hash.ts";
import type { ParsedBlock } from "./block.ts";
import { shortId, shortIdKey, writeShortId } from "./short_ids.ts";

/**
 * A block by the short ids of its transactions (BIP152, version 2), with the coinbase and those at the indexes of
 * `prefill` in full: what the receiver surely lacks. The nonce must be random, so that no one can foresee the ids.
 */
export function buildCompactBlock(
  hasher: Hasher,
  block: ParsedBlock,
  nonce: bigint,
  prefill: ReadonlySet<number> = new Set(),
): MessageOf<"cmpctblock"> {
  const { raw, header, transactions } = block;
  const key = shortIdKey(hasher, header, nonce);
  const wtxids = block.wtxids(hasher);
  const shortIds = new Uint8Array(transactions.length * SHORT_ID_BYTES);
  const prefilled = [];
  let count = 0;
  for (let index = 0; index < transactions.length; index++) {
    const { start, end } = transactions[index]!;
    if (index === 0 || prefill.has(index)) prefilled.push({ index, transaction: raw.subarray(start, end) });
    else writeShortId(shortIds, count++, shortId(key, wtxids, index * HASH_SIZE_BYTES));
  }
  return { type: "cmpctblock", header, nonce, shortIds: shortIds.subarray(0, count * SHORT_ID_BYTES), prefilled };
}

/** Where the transactions of a block lie: four bytes each, so that it can be kept where the block itself is not. */
export class BlockLayout {
  /** One more than there are transactions: each ends where the next one begins. */
  readonly #offsets: Uint32Array;

  constructor({ raw, transactions }: ParsedBlock) {
    this.#offsets = new Uint32Array(transactions.length + 1);
    transactions.forEach(({ start }, index) => this.#offsets[index] = start);
    this.#offsets[transactions.length] = raw.length;
  }

  /** Transactions in the block. */
  get count(): number {
    return this.#offsets.length - 1;
  }

  /** The transactions at these indexes; undefined where one lies past the block's end. */
  transactionsAt(raw: Uint8Array, indexes: readonly number[]): Uint8Array[] | undefined {
    if (indexes.some((index) => index >= this.count)) return undefined;
    return indexes.map((index) => raw.subarray(this.#offsets[index], this.#offsets[index + 1]));
  }
}
