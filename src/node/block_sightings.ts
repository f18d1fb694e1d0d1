import type { HeaderNode } from "../chain/header_tree.ts";
import type { BestChainChange, LedgerWatcher } from "../ledger/ledger.ts";
import { nodeTimes } from "../peer/peer_times.ts";
import { MAX_NEWS_HEADERS, MAX_SIGHTED_BLOCKS, MAX_TIME_MS } from "../protocol/vitals_params.ts";
import type { Env } from "../util/env.ts";
import type { Hash } from "../util/hash.ts";
import type { TimesSnapshot } from "../util/recent_times.ts";

/**
 * How long news of a block takes to become a part of our chain: from the first peer that spoke of it, in whatever
 * words, to its connection. Blocks of a sync are no news, and our own never were.
 */
export class BlockSightings implements LedgerWatcher {
  readonly #env: Env;
  readonly #isSyncing: () => boolean;
  /** When somebody first spoke of it, the oldest first. */
  readonly #sightedAt = new Map<Hash, number>();
  readonly #times = nodeTimes();

  constructor(env: Env, isSyncing: () => boolean) {
    this.#env = env;
    this.#isSyncing = isSyncing;
  }

  /** A peer speaks of a block that we do not know. */
  sighted(hash: Hash): void {
    if (this.#sightedAt.has(hash) || this.#isSyncing()) return;
    this.#sightedAt.set(hash, this.#env.now());
    if (this.#sightedAt.size <= MAX_SIGHTED_BLOCKS) return;
    for (const oldest of this.#sightedAt.keys()) return void this.#sightedAt.delete(oldest);
  }

  headersAdded(headers: readonly HeaderNode[]): void {
    if (headers.length > MAX_NEWS_HEADERS) return;
    // A block that came in one piece with its header was taken before this is told: it has no way to be timed.
    for (const { hash, hasBlock } of headers) if (!hasBlock) this.sighted(hash);
  }

  chainChanged({ connected }: BestChainChange): void {
    for (const { hash } of connected) this.#connected(hash);
  }

  snapshot(now: number): TimesSnapshot {
    return this.#times.snapshot(now);
  }

  #connected(hash: Hash): void {
    const sightedAt = this.#sightedAt.get(hash);
    if (sightedAt === undefined) return;
    this.#sightedAt.delete(hash);
    const now = this.#env.now();
    if (now - sightedAt < MAX_TIME_MS) this.#times.add(now - sightedAt, now);
  }
}
