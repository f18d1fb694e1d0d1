import type { MessageOf } from "../protocol/messages.ts";
import type { Hasher } from "../util/hash.ts";
import type { ParsedBlock } from "./block.ts";
import { shortId, shortIdKey, spellShortId } from "./short_ids.ts";

/**
 * A block by the short ids of its transactions (BIP152, version 2), with the coinbase and those at the indexes of
 * `prefill` in full: what the receiver surely lacks. The nonce must be random, so that no one can foresee the ids.
 */
export function buildCompactBlock(
  hasher: Hasher,
  { raw, header, transactions }: ParsedBlock,
  nonce: bigint,
  prefill: ReadonlySet<number> = new Set(),
): MessageOf<"cmpctblock"> {
  const key = shortIdKey(hasher, header, nonce);
  const shortIds: string[] = [];
  const prefilled = [];
  for (const [index, { start, end }] of transactions.entries()) {
    const transaction = raw.subarray(start, end);
    if (index === 0 || prefill.has(index)) prefilled.push({ index, transaction });
    else shortIds.push(spellShortId(shortId(key, hasher.sha256d(transaction))));
  }
  return { type: "cmpctblock", header, nonce, shortIds, prefilled };
}

/** The transactions at rising indexes; undefined where one lies past the block's end. */
export function transactionsAt(
  { raw, transactions }: ParsedBlock,
  indexes: readonly number[],
): Uint8Array[] | undefined {
  const chosen: Uint8Array[] = [];
  for (const index of indexes) {
    const layout = transactions[index];
    if (!layout) return undefined;
    chosen.push(raw.subarray(layout.start, layout.end));
  }
  return chosen;
}
