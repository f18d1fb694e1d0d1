import {
  BIP34_BLOCK_VERSION,
  BIP65_BLOCK_VERSION,
  BIP66_BLOCK_VERSION,
  MAX_FUTURE_SECONDS,
  MAX_TIMEWARP_SECONDS,
} from "../protocol/consensus.ts";
import { targetFromBits } from "../protocol/compact_target.ts";
import type { BlockHeader } from "../protocol/block_header.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { type Hash, HASH_SIZE_BYTES } from "../util/hash.ts";
import { requiredBits, startsPeriod, workOfTarget } from "./difficulty.ts";
import type { HeaderNode } from "./header_tree.ts";
import type { HeaderRefusal } from "./outcomes.ts";

const HASH_HEX_DIGITS = 2 * HASH_SIZE_BYTES;

/** What a value of `bits` means; `target` in the form of a Hash, so that strings can be compared as numbers. */
interface Difficulty {
  readonly bits: number;
  readonly target: Hash;
  readonly work: bigint;
}

/** The rules that a header must keep on one network, apart from those of its block's content. */
export class HeaderRules {
  readonly #params: NetworkParams;
  readonly #limit: bigint;
  /** Nearly every header has the same bits as the one before. */
  #last: Difficulty | undefined;

  constructor(params: NetworkParams) {
    this.#params = params;
    this.#limit = targetFromBits(params.powLimitBits)!;
  }

  /** Whether the hash proves the work that `bits` claim, and the claim is one that this network allows. */
  proofOfWork(hash: Hash, bits: number): HeaderRefusal | undefined {
    const difficulty = this.#difficulty(bits);
    if (difficulty === undefined) return "bad-target";
    return hash <= difficulty.target ? undefined : "high-hash";
  }

  /** The work of one block with these `bits`; 0 for bits that the network does not allow. */
  work(bits: number): bigint {
    return this.#difficulty(bits)?.work ?? 0n;
  }

  /** The first rule that a header breaks as a child of `parent`, its proof of work aside. `nowSeconds`: Unix time. */
  inContext(header: BlockHeader, parent: HeaderNode, nowSeconds: number): HeaderRefusal | undefined {
    if (parent.invalid) return "invalid-parent";
    if (header.bits !== requiredBits(this.#params, parent, header.time)) return "bad-bits";
    if (header.time <= parent.medianTimePast) return "time-too-old";
    if (this.#warpsTime(header, parent)) return "timewarp";
    if (header.version < this.#leastVersion(parent.height + 1)) return "bad-version";
    // Last, so that a temporary refusal says that nothing else is wrong.
    return header.time > nowSeconds + MAX_FUTURE_SECONDS ? "time-too-new" : undefined;
  }

  #warpsTime(header: BlockHeader, parent: HeaderNode): boolean {
    return this.#params.difficulty === "testnet4" && startsPeriod(this.#params, parent) &&
      header.time < parent.time - MAX_TIMEWARP_SECONDS;
  }

  #leastVersion(height: number): number {
    if (height >= this.#params.bip65Height) return BIP65_BLOCK_VERSION;
    if (height >= this.#params.bip66Height) return BIP66_BLOCK_VERSION;
    return height >= this.#params.bip34Height ? BIP34_BLOCK_VERSION : -Infinity;
  }

  #difficulty(bits: number): Difficulty | undefined {
    if (this.#last?.bits === bits) return this.#last;
    const target = targetFromBits(bits);
    if (target === undefined || target > this.#limit) return undefined;
    this.#last = { bits, target: target.toString(16).padStart(HASH_HEX_DIGITS, "0"), work: workOfTarget(target) };
    return this.#last;
  }
}
