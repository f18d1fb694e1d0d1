import {
  MAX_FUTURE_SECONDS,
  MAX_HEADERS_PER_SECOND,
  PRESYNC_BUFFER_HEADERS,
  PRESYNC_COMMITMENT_PERIOD,
} from "../protocol/consensus.ts";
import { type BlockHeader, encodeBlockHeader } from "../protocol/block_header.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { concatBytes } from "../util/bytes.ts";
import { type Hash, hash256, type Hasher, hashToBytes } from "../util/hash.ts";
import { locatorFrom } from "./active_chain.ts";
import { BitList } from "./bit_list.ts";
import { isPermittedTransition } from "./difficulty.ts";
import { HeaderRules } from "./header_rules.ts";
import type { HeaderNode } from "./header_tree.ts";

export interface PresyncOptions {
  readonly params: NetworkParams;
  readonly hasher: Hasher;
  /** The block of our tree that the peer's first header builds on. */
  readonly start: HeaderNode;
  /** Work that the peer's chain must reach: `chain.workThreshold()`. */
  readonly threshold: bigint;
  /** Unpredictable bytes, 32 of them: whoever knows them can forge the second pass. */
  readonly salt: Uint8Array;
  /** Unix time. */
  readonly nowSeconds: number;
}

export type PresyncStep =
  /** Ask the same peer for headers after `locator`; give `release` to `Chain.acceptHeaders` (often empty). */
  | { readonly kind: "continue"; readonly locator: readonly Hash[]; readonly release: readonly BlockHeader[] }
  /** The chain has the work. Give `release` to `Chain.acceptHeaders`, and from now on whatever follows it. */
  | { readonly kind: "done"; readonly release: readonly BlockHeader[] }
  /** The chain is not worth more of our time. `fault`: the peer broke a rule that no reorganisation explains. */
  | { readonly kind: "failed"; readonly reason: PresyncFailure; readonly fault: boolean };

export type PresyncFailure =
  /** The peer has no more headers, and they are not enough. */
  | "too-little-work"
  /** A header without the work that it claims, or with a difficulty that cannot follow its parent's. */
  | "bad-header"
  /** More headers than the time since the start allows. */
  | "too-many-headers"
  /** A page that does not continue the one before. The peer may have changed to another chain meanwhile. */
  | "unlinked"
  /** The second pass shows other headers than the first. */
  | "other-chain";

/**
 * Lets one peer prove that its chain has enough work before any of its headers is kept. Low difficulty makes headers so
 * cheap that somebody could fill our memory with millions of them.
 *
 * First pass: headers are checked as far as one after another can be, their work is added up, and nothing is kept but
 * one salted bit of every 600th. Once the work reaches the threshold, the same headers are asked for again. Second pass:
 * a header is released once so many have followed it, and their bits agreed, that a different chain would have to be
 * guessed right. A million headers cost 200 bytes in the first pass and a buffer of 14,400 headers in the second.
 *
 * Use: create it with the first page, `accept` that page and each following answer of the peer, do what the step says.
 * After `done` or `failed` it is finished and must not be used again.
 */
export class Presync {
  readonly #params: NetworkParams;
  readonly #hasher: Hasher;
  readonly #rules: HeaderRules;
  readonly #start: HeaderNode;
  readonly #threshold: bigint;
  readonly #salt: Uint8Array;
  readonly #maxHeight: number;
  readonly #commitments = new BitList();
  readonly #commitmentOffset: number;
  #pass: 1 | 2 = 1;
  #last: Position;
  #buffer: BlockHeader[] = [];

  constructor({ params, hasher, start, threshold, salt, nowSeconds }: PresyncOptions) {
    this.#params = params;
    this.#hasher = hasher;
    this.#rules = new HeaderRules(params);
    this.#start = start;
    this.#threshold = threshold;
    this.#salt = salt;
    const seconds = Math.max(nowSeconds - start.medianTimePast, 0) + MAX_FUTURE_SECONDS;
    this.#maxHeight = start.height + seconds * MAX_HEADERS_PER_SECOND;
    this.#commitmentOffset = (salt[0]! * BYTE_VALUES + salt[1]!) % PRESYNC_COMMITMENT_PERIOD;
    this.#last = positionOf(start);
  }

  /** Whether headers are only counted (1) or collected (2). */
  get pass(): 1 | 2 {
    return this.#pass;
  }

  /** Height of the last header seen in this pass. */
  get height(): number {
    return this.#last.height;
  }

  /** Headers that wait in memory. */
  get bufferedHeaders(): number {
    return this.#buffer.length;
  }

  /** Takes one page. `more`: it was as long as a page can be, so the peer may have more. */
  accept(headers: readonly BlockHeader[], more: boolean): PresyncStep {
    for (const header of headers) {
      const failure = this.#take(header);
      if (failure) return failure;
      if (this.#last.work >= this.#threshold && this.#pass === 1) return this.#startSecondPass();
    }
    if (this.#last.work >= this.#threshold) return { kind: "done", release: this.#buffer.splice(0) };
    if (!more) return failed("too-little-work");
    const ripe = Math.max(this.#buffer.length - PRESYNC_BUFFER_HEADERS, 0);
    const locator = [this.#last.hash, ...locatorFrom(this.#start)];
    return { kind: "continue", locator, release: this.#buffer.splice(0, ripe) };
  }

  #startSecondPass(): PresyncStep {
    this.#pass = 2;
    this.#last = positionOf(this.#start);
    return { kind: "continue", locator: locatorFrom(this.#start), release: [] };
  }

  #take(header: BlockHeader): PresyncStep | undefined {
    const { height: parentHeight, bits: parentBits, work } = this.#last;
    const height = parentHeight + 1;
    if (header.previous !== this.#last.hash) return failed("unlinked");
    if (height > this.#maxHeight) return failed("too-many-headers");
    const hash = hash256(this.#hasher, encodeBlockHeader(header));
    if (this.#rules.proofOfWork(hash, header.bits) !== undefined) return failed("bad-header");
    if (!isPermittedTransition(this.#params, height, parentBits, header.bits)) return failed("bad-header");
    if (!this.#commit(height, hash)) return failed("other-chain");
    if (this.#pass === 2) this.#buffer.push(header);
    this.#last = { hash, height, bits: header.bits, work: work + this.#rules.work(header.bits) };
    return undefined;
  }

  /** First pass: notes the bit of a header where one is due. Second pass: whether it is the same. */
  #commit(height: number, hash: Hash): boolean {
    if (height % PRESYNC_COMMITMENT_PERIOD !== this.#commitmentOffset) return true;
    // The first pass ended at the threshold: of what lies behind it there are no bits, and none are needed.
    if (this.#last.work >= this.#threshold) return true;
    const bit = (this.#hasher.sha256(concatBytes([this.#salt, hashToBytes(hash)]))[0]! & 1) as 0 | 1;
    if (this.#pass === 2) return this.#commitments.shift() === bit;
    this.#commitments.push(bit);
    return true;
  }
}

const BYTE_VALUES = 256;

interface Position {
  readonly hash: Hash;
  readonly height: number;
  readonly bits: number;
  readonly work: bigint;
}

function positionOf(node: HeaderNode): Position {
  return { hash: node.hash, height: node.height, bits: node.bits, work: node.chainWork };
}

const FAULTS: { readonly [F in PresyncFailure]: boolean } = {
  "too-little-work": false,
  "bad-header": true,
  "too-many-headers": true,
  unlinked: false,
  "other-chain": false,
};

function failed(reason: PresyncFailure): PresyncStep {
  return { kind: "failed", reason, fault: FAULTS[reason] };
}
