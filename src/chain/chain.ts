import { LOW_WORK_MARGIN_BLOCKS, MAX_LISTED_FORKS, SYNCED_WITHIN_BLOCKS } from "../protocol/consensus.ts";
import type { BlockHeader } from "../protocol/block_header.ts";
import { LocalError } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { Hash, Hasher } from "../util/hash.ts";
import { ActiveChain, locatorFrom } from "./active_chain.ts";
import { BlockLinks } from "./block_links.ts";
import { type ChangeRecord, noChange } from "./change.ts";
import { HeaderRules } from "./header_rules.ts";
import { HAS_BLOCK, type HeaderNode, HeaderTree, LINKED } from "./header_tree.ts";
import { Intake } from "./intake.ts";
import type { BlockOutcome, ChainChange, HeaderOutcome, HeadersOutcome } from "./outcomes.ts";
import { type RestoredHeader, restoreHeaders, restoreLinks } from "./restore.ts";

export interface ChainOptions {
  readonly params: NetworkParams;
  readonly hasher: Hasher;
}

/** A branch that is not the active chain. */
export interface Fork {
  readonly tip: HeaderNode;
  /** Blocks on the branch alone. */
  readonly length: number;
}

/**
 * What we believe: every header that keeps the rules, and of all chains whose blocks we hold the one with most work,
 * of equal ones the first.
 *
 * It stores nothing and knows no clock: each call says in its `change` what is to be stored and announced, and takes
 * the time (Unix seconds) as its last argument. A caller stores `change.headers` (in order), then `change.blocks`, sets
 * `change.invalidated` as invalid, and may then announce `change.disconnected` and `change.connected`.
 *
 * It takes any header that keeps the rules, however little work it has. Whoever passes on headers from strangers asks
 * first whether `workAfter` reaches `workThreshold`, and sends a chain that does not through Presync.
 */
export class Chain {
  readonly params: NetworkParams;
  readonly #rules: HeaderRules;
  readonly #tree: HeaderTree;
  readonly #active: ActiveChain;
  readonly #links = new BlockLinks();
  readonly #intake: Intake;
  #bestHeader: HeaderNode;

  constructor({ params, hasher }: ChainOptions) {
    this.params = params;
    this.#rules = new HeaderRules(params);
    this.#tree = new HeaderTree(params.genesisHash, params.genesis, this.#rules.work(params.genesis.bits));
    this.#tree.genesis.mark(LINKED, true);
    this.#tree.genesis.mark(HAS_BLOCK, params.genesisBlock !== undefined);
    this.#active = new ActiveChain(this.#tree.genesis);
    this.#bestHeader = this.#tree.genesis;
    this.#intake = new Intake({ params, hasher, rules: this.#rules, tree: this.#tree, links: this.#links });
  }

  /** The last block of the active chain. */
  get tip(): HeaderNode {
    return this.#active.tip;
  }

  /** The end of the header chain with most work, whose blocks may still be missing. */
  get bestHeader(): HeaderNode {
    return this.#bestHeader;
  }

  get genesis(): HeaderNode {
    return this.#tree.genesis;
  }

  /** Headers in the tree, on whatever branch. */
  get headerCount(): number {
    return this.#tree.size;
  }

  get orphans(): { readonly count: number; readonly sizeBytes: number } {
    return this.#intake.orphans;
  }

  get(hash: Hash): HeaderNode | undefined {
    return this.#tree.get(hash);
  }

  /** The block of the active chain at a height. */
  nodeAt(height: number): HeaderNode | undefined {
    return this.#active.at(height);
  }

  isActive(node: HeaderNode): boolean {
    return this.#active.contains(node);
  }

  /** Checks one header and adds it to the tree. */
  acceptHeader(header: BlockHeader, nowSeconds: number): HeaderOutcome {
    const change = noChange();
    const outcome = this.#intake.header(header, nowSeconds, change);
    this.#settle(change);
    return outcome;
  }

  /** Checks headers, each the child of the one before, and adds them to the tree up to the first that fails. */
  acceptHeaders(headers: readonly BlockHeader[], nowSeconds: number): HeadersOutcome {
    const change = noChange();
    const outcome = this.#intake.headers(headers, nowSeconds, change);
    this.#settle(change);
    return outcome;
  }

  /** Checks one serialised block, adds its header where it is new, and moves the tip where that gives more work. */
  acceptBlock(raw: Uint8Array, nowSeconds: number): BlockOutcome {
    const change = noChange();
    const outcome = this.#intake.block(raw, nowSeconds, change);
    this.#settle(change);
    return outcome.kind === "side" && change.connected.length > 0 ? { ...outcome, kind: "extended" } : outcome;
  }

  /** Declares a block and all its descendants invalid and moves the tip away from them. Throws LocalError. */
  invalidate(hash: Hash): ChainChange {
    const node = this.#tree.get(hash);
    if (node === undefined) {
      throw new LocalError("bad-argument", `Cannot invalidate a block: unknown: received ${hash}`);
    }
    if (node === this.genesis) {
      throw new LocalError("bad-argument", `Cannot invalidate a block: every chain begins with it: received ${hash}`);
    }
    const change = noChange();
    this.#intake.invalidate(node, change);
    this.#settle(change);
    return change;
  }

  /** Says that the caller no longer stores a block. One that was part of a whole chain once may stay in use. */
  prune(node: HeaderNode): void {
    this.#links.drop(node);
  }

  /**
   * Takes back what was stored, on a chain that has nothing but its genesis block yet. `tip` is the hash of the active
   * tip when it was stored: on its path, blocks that are not stored count as pruned, not as missing.
   *
   * Checked is that each header has 80 bytes, names a parent that came before it and a difficulty that the network
   * allows, and that the genesis block is ours. As a parent is found by the hash that its child names, a damaged record
   * shows by its children. Not checked again are proof of work, times, and the content of blocks.
   *
   * Throws LocalError `store-corrupt` or `store-mismatch`; the chain is of no use then.
   */
  restore(records: Iterable<RestoredHeader>, tip?: Hash): void {
    if (this.#tree.size > 1) throw new LocalError("bad-argument", "Cannot restore the chain: it has headers already");
    const held = restoreHeaders(this.#tree, this.#rules, records);
    this.#active.moveTo(restoreLinks(this.#tree, this.#links, held, tip));
    this.#bestHeader = this.#mostWork(this.tip, () => true);
  }

  /** What a `getheaders` says we have, as seen from `from`: at most 101 hashes, newest first, genesis last. */
  locator(from: HeaderNode = this.#bestHeader): Hash[] {
    return locatorFrom(from);
  }

  /**
   * The answer to `getheaders` or `getblocks`: up to `max` nodes of the active chain after the newest block that both
   * have, up to and including `stop`. An empty locator asks for the block named by `stop` alone.
   */
  headersAfter(locator: readonly Hash[], stop: Hash, max: number): HeaderNode[] {
    return this.#active.after(this.#tree, locator, stop, max);
  }

  /** The last block that `node` shares with the active chain. */
  findFork(node: HeaderNode): HeaderNode {
    return this.#active.contains(node) ? node : node.forkWith(this.tip);
  }

  /**
   * The next up to `max` blocks to fetch: those on the way from the active chain to `towards` that were never held,
   * lowest first. Blocks that arrived out of order are left out, so the last one may lie far ahead of the tip.
   */
  missingBlocks(max: number, towards: HeaderNode = this.#bestHeader): HeaderNode[] {
    const missing: HeaderNode[] = [];
    let from = this.findFork(towards).height + 1;
    while (missing.length < max && from <= towards.height) {
      const until = Math.min(from + max - 1, towards.height);
      for (const node of pathBetween(from, towards.ancestor(until))) {
        if (!node.hasBlock && !node.linked && missing.length < max) missing.push(node);
      }
      from = until + 1;
    }
    return missing;
  }

  /** Ends of branches other than the active chain and what extends it, most work first, at most 100. */
  forks(): Fork[] {
    const forks: Fork[] = [];
    for (const tip of this.#tree.leaves) {
      const length = tip.height - this.findFork(tip).height;
      const extendsTip = tip.height - length === this.tip.height;
      if (length > 0 && !extendsTip && !tip.invalid) forks.push({ tip, length });
    }
    return forks.sort((left, right) => (left.tip.chainWork < right.tip.chainWork ? 1 : -1)).slice(0, MAX_LISTED_FORKS);
  }

  /** Whether we know of, or must expect, more than the last blocks that we lack. */
  get syncing(): boolean {
    return this.tip.chainWork < this.params.minimumChainWork ||
      this.#bestHeader.height - this.tip.height > SYNCED_WITHIN_BLOCKS;
  }

  /** Share of the best header chain whose blocks we hold, 0 to 1. */
  get progress(): number {
    return this.#bestHeader.height === 0 ? 1 : Math.min(this.tip.height / this.#bestHeader.height, 1);
  }

  /**
   * Work that a stranger's chain must have for its headers to be kept: what the network is known to have had, or what
   * our tip has less a day's blocks. Below it, headers cost nearly nothing to make in any number.
   */
  workThreshold(): bigint {
    const margin = this.#rules.work(this.tip.bits) * BigInt(LOW_WORK_MARGIN_BLOCKS);
    const nearTip = this.tip.chainWork - margin;
    return nearTip > this.params.minimumChainWork ? nearTip : this.params.minimumChainWork;
  }

  /**
   * Work of the chain that ends with these headers, each the child of the one before, counted up to the first that is
   * not or that does not prove what it claims. Undefined if the first one's parent is unknown.
   */
  workAfter(headers: readonly BlockHeader[]): bigint | undefined {
    return this.#intake.workAfter(headers);
  }

  /** Follows a change of the tree with the best header and the tip. */
  #settle(change: ChangeRecord): void {
    for (const node of change.headers) {
      if (node.chainWork > this.#bestHeader.chainWork && !node.invalid) this.#bestHeader = node;
    }
    if (this.#bestHeader.invalid) this.#bestHeader = this.#mostWork(this.genesis, () => true);
    const linked = this.#intake.takeLinked();
    const tip = this.tip.invalid ? this.#mostWork(this.genesis, (node) => node.linked) : this.#overtaking(linked);
    if (tip === this.tip) return;
    const { disconnected, connected } = this.#active.moveTo(tip);
    change.disconnected = disconnected;
    change.connected = connected;
    // Of two equal chains the one whose blocks came first counts, even if the other's headers did: nothing is missing.
    if (tip.chainWork === this.#bestHeader.chainWork) this.#bestHeader = tip;
  }

  /** The node with most work among these if it is more than the tip's, of equal ones the first seen; else the tip. */
  #overtaking(nodes: readonly HeaderNode[]): HeaderNode {
    const ahead = nodes.filter((node) => node.chainWork > this.tip.chainWork);
    if (ahead.length < 2) return ahead[0] ?? this.tip;
    return ahead.sort((left, right) => left.index - right.index).reduce(heavier);
  }

  /** The first of the valid nodes with most work, `from` before all others. */
  #mostWork(from: HeaderNode, eligible: (node: HeaderNode) => boolean): HeaderNode {
    let best = from;
    for (const node of this.#tree.nodes()) if (!node.invalid && eligible(node)) best = heavier(best, node);
    return best;
  }
}

function heavier(present: HeaderNode, candidate: HeaderNode): HeaderNode {
  return candidate.chainWork > present.chainWork ? candidate : present;
}

/** The nodes from a height up to `last`, lowest first. */
function pathBetween(fromHeight: number, last: HeaderNode): HeaderNode[] {
  const path: HeaderNode[] = [];
  for (let node = last; path.push(node), node.height > fromHeight;) node = node.parent!;
  return path.reverse();
}
