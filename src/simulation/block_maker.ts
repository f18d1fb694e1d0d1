import { Chain } from "../chain/chain.ts";
import { buildBlock, solveBlock } from "../chain/mine.ts";
import type { HeaderNode } from "../chain/header_tree.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { Hash, Hasher } from "../util/hash.ts";
import { makeTransaction } from "./made_transaction.ts";

/** A trivial target needs two tries on average; so many fail once in a lifetime of simulations. */
const TRIES = 1024;
const MS_PER_SECOND = 1000;
/** The maker believes every block: its own clock is ahead of all. */
const FAR_FUTURE_SECONDS = 0xffff_ffff;

/** A block that somebody made. */
export interface MadeBlock {
  readonly hash: Hash;
  readonly height: number;
  readonly raw: Uint8Array;
  readonly transactions: number;
}

/** Makes the blocks of a simulated network, on any block that it made before, and knows all of them. */
export class BlockMaker {
  readonly #params: NetworkParams;
  readonly #hasher: Hasher;
  readonly #chain: Chain;
  readonly #raw = new Map<Hash, Uint8Array>();
  #made = 0n;
  #transactions = 0;
  #blockBytes = 0;

  constructor(params: NetworkParams, hasher: Hasher) {
    this.#params = params;
    this.#hasher = hasher;
    this.#chain = new Chain({ params, hasher });
  }

  /** The best chain of all blocks that were made. */
  get tip(): HeaderNode {
    return this.#chain.tip;
  }

  /** Blocks that were made. */
  get blocks(): number {
    return this.#raw.size;
  }

  /** All blocks together. */
  get blockBytes(): number {
    return this.#blockBytes;
  }

  /** Transactions that were made, besides coinbases. */
  get transactions(): number {
    return this.#transactions;
  }

  find(hash: Hash): HeaderNode | undefined {
    return this.#chain.get(hash);
  }

  raw(hash: Hash): Uint8Array | undefined {
    return this.#raw.get(hash);
  }

  /** A block on top of another one, at a time on the wall. */
  make(parent: Hash, wallMs: number, transactions: readonly Uint8Array[] = []): MadeBlock {
    const node = this.#chain.get(parent);
    if (!node) throw new Error(`nobody made block ${parent}`);
    const time = Math.floor(wallMs / MS_PER_SECOND);
    const plan = {
      params: this.#params,
      hasher: this.#hasher,
      parent: node,
      time,
      extraNonce: ++this.#made,
      transactions,
    };
    const solution = solveBlock(this.#hasher, buildBlock(plan), TRIES);
    if (solution.kind === "unsolved") throw new Error(`no nonce among ${TRIES} on ${parent}`);
    const outcome = this.#chain.acceptBlock(solution.raw, FAR_FUTURE_SECONDS);
    if (outcome.kind === "refused") throw new Error(`made a block that is refused: ${outcome.reason}`);
    this.#raw.set(solution.hash, solution.raw);
    this.#blockBytes += solution.raw.length;
    return { hash: solution.hash, height: node.height + 1, raw: solution.raw, transactions: transactions.length + 1 };
  }

  /** Headers from the genesis block's child to a block. */
  headersTo(hash: Hash): readonly HeaderNode[] {
    const headers: HeaderNode[] = [];
    for (let node = this.#chain.get(hash); node && node.height > 0; node = node.parent) headers.push(node);
    return headers.reverse();
  }

  /** A payment that spends what never was, which nobody verifies. No two are the same. */
  makeTransaction(): Uint8Array {
    return makeTransaction(this.#transactions++);
  }
}
