import type { Bus } from "../bus/bus.ts";
import { parseBlock, type ParsedBlock } from "../chain/block.ts";
import type { Chain } from "../chain/chain.ts";
import type { HeaderNode } from "../chain/header_tree.ts";
import type { BlockOutcome, ChainChange, HeadersOutcome } from "../chain/outcomes.ts";
import type { StoredHeader } from "../platform/types.ts";
import { type BlockHeader, encodeBlockHeader } from "../protocol/block_header.ts";
import { LocalError } from "../protocol/errors.ts";
import { MAX_PARSED_BLOCKS } from "../protocol/sync_params.ts";
import type { BlockCounts } from "../protocol/chain_snapshots.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import type { Env, Logger } from "../util/env.ts";
import type { Hash } from "../util/hash.ts";
import type { GuardedStore } from "./guarded_store.ts";
import { Pruner } from "./pruner.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface LedgerOptions {
  readonly env: Env;
  readonly chain: Chain;
  readonly store: GuardedStore;
  readonly bus: Bus<NodeEvents>;
  /** Keep at most so many bytes of blocks; undefined: all. */
  readonly pruneBytes: number | undefined;
}

/** Blocks that left the best chain, the highest first, and then blocks that joined it, the lowest first. */
export type BestChainChange = Pick<ChainChange, "disconnected" | "connected">;

/** Told at once, in order and of everything; the bus tells the owner in its own time, and a slow one not of all. */
export interface LedgerWatcher {
  /** Headers that nobody had told of before, in the order of the chain. */
  headersAdded?(headers: readonly HeaderNode[]): void;
  /** The best chain is another one, and that is durable. A watcher answers for its own exceptions. */
  chainChanged?(change: BestChainChange): void;
}

/** A change without the bytes, and the tip that it led to. */
type News = Pick<ChainChange, "invalidated" | "disconnected" | "connected"> & { readonly tip: HeaderNode };

/** The tip is stored because pruned blocks are no longer there to tell which chain was the best one. */
const TIP_SETTING = "tip";

/**
 * The chain together with the store that outlives it. What changes the chain is written in the same turn and committed
 * at its end, before any event of the change is delivered and before any frame that was queued in the turn leaves.
 */
export class Ledger {
  readonly chain: Chain;
  readonly #options: LedgerOptions;
  readonly #log: Logger;
  readonly #pruner: Pruner | undefined;
  readonly #parsed = new Map<Hash, ParsedBlock>();
  readonly #counts = { connected: 0, disconnected: 0, reorganisations: 0, orphans: 0, refused: 0 };
  readonly #watchers: LedgerWatcher[] = [];
  /** What happened since the last commit, to be told after it. */
  #uncommitted: News[] = [];

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.chain = options.chain;
    this.#log = options.env.logger("chain");
    const { chain, store, pruneBytes } = options;
    if (pruneBytes !== undefined) this.#pruner = new Pruner({ chain, store, maxBytes: pruneBytes });
  }

  /** For as long as the ledger is. Those who came first are told first. */
  watch(watcher: LedgerWatcher): void {
    this.#watchers.push(watcher);
  }

  /** Brings back what the store holds. Call it once, before anything else. Throws LocalError. */
  load(): void {
    const { store } = this.#options;
    let blockBytes = 0;
    function* records(): Generator<StoredHeader> {
      for (const record of store.headers()) {
        blockBytes += record.blockSize;
        yield record;
      }
    }
    this.chain.restore(records(), store.setting(TIP_SETTING));
    this.#pruner?.begin(blockBytes);
    this.checkStore();
  }

  /** Takes a list of headers, each the child of the one before. */
  acceptHeaders(headers: readonly BlockHeader[]): HeadersOutcome {
    const outcome = this.chain.acceptHeaders(headers, this.#nowSeconds());
    this.#apply(outcome.change);
    return outcome;
  }

  /** Takes a serialised block, asked for or not. */
  acceptBlock(raw: Uint8Array): BlockOutcome {
    const outcome = this.chain.acceptBlock(raw, this.#nowSeconds());
    if (outcome.kind === "orphan") this.#counts.orphans++;
    else if (outcome.kind === "refused") this.#counts.refused++;
    if ("change" in outcome) this.#apply(outcome.change);
    return outcome;
  }

  /** The serialised block, with its witnesses; undefined if it is not held. */
  block(hash: Hash): Uint8Array | undefined {
    const { genesisHash, genesisBlock } = this.chain.params;
    if (hash === genesisHash) return genesisBlock;
    const atHand = this.#parsed.get(hash)?.raw;
    if (atHand) return atHand;
    const { store } = this.#options;
    const raw = store.block(hash);
    if (raw === undefined && this.chain.get(hash)?.hasBlock) store.fail(lostBlock(hash));
    return raw;
  }

  /** Whether the block need not be read back. */
  isAtHand(hash: Hash): boolean {
    return this.#parsed.has(hash);
  }

  /** The same with its parts found: those that came last are kept so. */
  parsedBlock(hash: Hash): ParsedBlock | undefined {
    const known = this.#parsed.get(hash);
    if (known) return known;
    const raw = this.block(hash);
    return raw && this.#keepParsed(hash, parseBlock(raw));
  }

  /** Throws what made the store fail: from then on nothing that was offered is acknowledged. */
  checkStore(): void {
    const { failure } = this.#options.store;
    if (failure) throw failure;
  }

  /** Commits what this turn wrote, now rather than at its end. */
  commit(): void {
    const { store } = this.#options;
    const uncommitted = this.#uncommitted;
    this.#uncommitted = [];
    store.commit();
    // What was not committed did not happen.
    if (store.failure) return;
    for (const news of uncommitted) this.#publish(news);
  }

  /** Blocks since the start. */
  get counts(): BlockCounts {
    return { ...this.#counts, orphansHeld: this.chain.orphans.count };
  }

  #apply(change: ChainChange): void {
    if (change.headers.length + change.blocks.length + change.invalidated.length === 0) return;
    if (change.headers.length > 0) this.#watchers.forEach((watcher) => watcher.headersAdded?.(change.headers));
    this.#write(change);
    if (this.#options.store.failure) return;
    this.#scheduleCommit();
    const { invalidated, disconnected, connected } = change;
    this.#uncommitted.push({ invalidated, disconnected, connected, tip: this.chain.tip });
  }

  #write({ headers, blocks, invalidated, disconnected, connected }: ChainChange): void {
    const { store } = this.#options;
    for (const node of headers) store.putHeader(node.hash, encodeBlockHeader(node.header));
    for (const { node, block } of blocks) {
      store.putBlock(node.hash, block.raw);
      this.#pruner?.added(block.raw.length);
      this.#keepParsed(node.hash, block);
    }
    for (const node of invalidated) store.setInvalid(node.hash, true);
    if (disconnected.length + connected.length > 0) store.putSetting(TIP_SETTING, this.chain.tip.hash);
    this.#pruner?.prune();
  }

  #keepParsed(hash: Hash, block: ParsedBlock): ParsedBlock {
    this.#parsed.set(hash, block);
    if (this.#parsed.size > MAX_PARSED_BLOCKS) this.#parsed.delete(this.#parsed.keys().next().value!);
    return block;
  }

  /** Queued as a microtask before anything else that the change queues: subscribers and outboxes run after it. */
  #scheduleCommit(): void {
    if (this.#uncommitted.length === 0) this.#options.env.soon(() => this.commit());
  }

  #publish({ invalidated, disconnected, connected, tip }: News): void {
    const { bus } = this.#options;
    const isChanged = disconnected.length + connected.length > 0;
    this.#counts.connected += connected.length;
    this.#counts.disconnected += disconnected.length;
    if (disconnected.length > 0) this.#counts.reorganisations++;
    if (isChanged) this.#watchers.forEach((watcher) => watcher.chainChanged?.({ disconnected, connected }));
    for (const node of invalidated) this.#log.warn("block is invalid", place(node));
    for (const node of disconnected) bus.publish("block:disconnected", place(node));
    for (const node of connected) bus.publish("block:connected", place(node));
    if (disconnected.length > 0) this.#publishReorganisation(disconnected, tip);
    if (isChanged) bus.publish("chain:tip", place(tip));
  }

  #publishReorganisation(disconnected: readonly HeaderNode[], to: HeaderNode): void {
    const from = disconnected[0]!;
    const forkHeight = disconnected.at(-1)!.height - 1;
    const depth = disconnected.length;
    this.#log.info("chain reorganised", { from: from.hash, to: to.hash, forkHeight, depth });
    this.#options.bus.publish("chain:reorganised", { from: from.hash, to: to.hash, forkHeight, depth });
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.env.wallClock() / MS_PER_SECOND);
  }
}

function lostBlock(hash: Hash): LocalError {
  const advice = "the store is damaged; move it away and sync again, or put back a copy";
  return new LocalError("store-corrupt", `Cannot read block ${hash}: ${advice}`);
}

function place(node: HeaderNode): { readonly hash: Hash; readonly height: number } {
  return { hash: node.hash, height: node.height };
}
