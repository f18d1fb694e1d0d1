import { Chain } from "../../src/chain/chain.ts";
import type { HeaderNode } from "../../src/chain/header_tree.ts";
import { type BlockPlan, buildBlock, solveBlock } from "../../src/chain/mine.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { type BlockHeader, readBlockHeader } from "../../src/protocol/block_header.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { ByteReader } from "../../src/util/bytes.ts";
import type { Hash, Hasher } from "../../src/util/hash.ts";

/** Unix seconds of all tests: after every block that is made here. */
export const NOW = 1_800_000_000;
const SPACING_SECONDS = 600;
const TRIES = 1_000_000;

const ownHasher = createHasher();

/** A block and where it belongs. */
export interface MinedBlock {
  readonly raw: Uint8Array;
  readonly header: BlockHeader;
  readonly hash: Hash;
  /** In the miner's own chain. */
  readonly node: HeaderNode;
}

export type MiningWish = Partial<Omit<BlockPlan, "params" | "hasher" | "parent">>;

/** Makes blocks on any block that it made before; it believes all of them, so nothing has to be valid elsewhere. */
export class Miner {
  readonly chain: Chain;
  readonly #params: NetworkParams;
  readonly #hasher: Hasher;
  #made = 0n;

  constructor(params: NetworkParams = REGTEST, hasher: Hasher = ownHasher) {
    this.#params = params;
    this.#hasher = hasher;
    this.chain = new Chain({ params, hasher });
  }

  mine(parent: HeaderNode = this.chain.genesis, wish: MiningWish = {}): MinedBlock {
    const time = parent.time + SPACING_SECONDS;
    const plan = { params: this.#params, hasher: this.#hasher, parent, time, extraNonce: ++this.#made, ...wish };
    const { raw, hash } = solve(buildBlock(plan), this.#hasher);
    this.chain.acceptBlock(raw, NOW);
    return { raw, header: readBlockHeader(new ByteReader(raw)), hash, node: this.chain.get(hash)! };
  }

  /** `count` blocks, each on the one before, the first on `parent`. */
  mineMany(count: number, parent: HeaderNode = this.chain.genesis): MinedBlock[] {
    const blocks: MinedBlock[] = [];
    for (let i = 0; i < count; i++) blocks.push(this.mine(blocks.at(-1)?.node ?? parent));
    return blocks;
  }
}

/** The block with a nonce that its difficulty accepts, which must be a trivial one. */
export function solve(raw: Uint8Array, hasher: Hasher = ownHasher): { readonly raw: Uint8Array; readonly hash: Hash } {
  const solution = solveBlock(hasher, raw, TRIES);
  if (solution.kind === "unsolved") throw new Error(`no nonce among ${TRIES}`);
  return solution;
}
