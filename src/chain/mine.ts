import { HEADER_SIZE_BYTES, writeBlockHeader } from "../protocol/block_header.ts";
import {
  type CoinbaseOutput,
  encodeCoinbase,
  OP_TRUE,
  pushData,
  pushNumber,
  WITNESS_COMMITMENT_PREFIX,
} from "../protocol/coinbase.ts";
import { targetFromBits } from "../protocol/compact_target.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { ByteWriter, concatBytes } from "../util/bytes.ts";
import { type Hash, hash256, HASH_SIZE_BYTES, type Hasher, hashFromBytes } from "../util/hash.ts";
import { parseBlock, type ParsedBlock } from "./block.ts";
import { requiredBits } from "./difficulty.ts";
import type { HeaderNode } from "./header_tree.ts";
import { computeMerkleRoot } from "./merkle.ts";
import { witnessCommitment } from "./witness.ts";

export interface BlockPlan {
  readonly params: NetworkParams;
  readonly hasher: Hasher;
  readonly parent: HeaderNode;
  /** Unix seconds; raised where the parent's median time asks for more. */
  readonly time: number;
  /** Keeps apart the blocks that different miners, or one after a full round of nonces, make at the same second. */
  readonly extraNonce: bigint;
  /** Serialised, without a coinbase. */
  readonly transactions?: readonly Uint8Array[];
  /** Where the coins go; by default nothing, to anybody. Whether the amount is due is not checked. */
  readonly output?: CoinbaseOutput;
  /** Whether to commit to witnesses; by default where there are any. */
  readonly commit?: boolean;
}

/** Version bits with none in use (BIP9). */
const BLOCK_VERSION = 0x2000_0000;
const COINBASE_VERSION = 2;
const EXTRA_NONCE_BYTES = 8;
const NONCE_OFFSET = 76;
const BITS_OFFSET = 72;
const NONCE_END = 2 ** 32;
const HASH_HEX_DIGITS = 2 * HASH_SIZE_BYTES;
/** The value that a commitment covers besides the witnesses, for rules to come. */
const RESERVED_VALUE = new Uint8Array(HASH_SIZE_BYTES);
const FREE_FOR_ALL: CoinbaseOutput = { value: 0n, script: Uint8Array.of(OP_TRUE) };

/** A block on top of `parent` that keeps every rule but the proof of work. Throws MalformedBytes on a bad transaction. */
export function buildBlock(plan: BlockPlan): Uint8Array {
  const { hasher, params, parent } = plan;
  const time = Math.max(plan.time, parent.medianTimePast + 1);
  const block = parseBlock(concatBytes([new Uint8Array(HEADER_SIZE_BYTES), buildBody(plan)]));
  const header = new ByteWriter(HEADER_SIZE_BYTES);
  writeBlockHeader(header, {
    version: BLOCK_VERSION,
    previous: parent.hash,
    merkleRoot: hashFromBytes(computeMerkleRoot(hasher, block.txids(hasher)).root),
    time,
    bits: requiredBits(params, parent, time),
    nonce: 0,
  });
  return concatBytes([header.finish(), block.raw.subarray(HEADER_SIZE_BYTES)]);
}

/** Everything behind the header. The commitment is to the other transactions, so a draft without it comes first. */
function buildBody(plan: BlockPlan): Uint8Array {
  const { hasher, transactions = [], output = FREE_FOR_ALL } = plan;
  const draft = parseBlock(concatBytes([new Uint8Array(HEADER_SIZE_BYTES), joinBody(plan, [output], transactions)]));
  if (!(plan.commit ?? hasWitnesses(draft))) return draft.raw.subarray(HEADER_SIZE_BYTES);
  const commitment = witnessCommitment(hasher, draft, RESERVED_VALUE);
  const script = concatBytes([WITNESS_COMMITMENT_PREFIX, commitment]);
  return joinBody(plan, [output, { value: 0n, script }], transactions, RESERVED_VALUE);
}

function joinBody(
  { parent, extraNonce }: BlockPlan,
  outputs: readonly CoinbaseOutput[],
  transactions: readonly Uint8Array[],
  reservedValue?: Uint8Array,
): Uint8Array {
  const nonce = new ByteWriter(EXTRA_NONCE_BYTES).uint64(extraNonce).finish();
  const script = concatBytes([pushNumber(parent.height + 1), pushData(nonce)]);
  const coinbase = encodeCoinbase({ version: COINBASE_VERSION, script, outputs, reservedValue });
  const count = new ByteWriter().varInt(1 + transactions.length).finish();
  return concatBytes([count, coinbase, ...transactions]);
}

function hasWitnesses(block: ParsedBlock): boolean {
  return block.transactions.some((transaction) => transaction.hasWitness);
}

export type Solution =
  | { readonly kind: "solved"; readonly raw: Uint8Array; readonly hash: Hash }
  /** Go on from this nonce; undefined: all were tried, change the extra nonce or the time. */
  | { readonly kind: "unsolved"; readonly nextNonce: number | undefined };

/** Tries up to `tries` nonces from `firstNonce` on. On a network of trivial difficulty two do on average. */
export function solveBlock(hasher: Hasher, raw: Uint8Array, tries: number, firstNonce = 0): Solution {
  const header = raw.slice(0, HEADER_SIZE_BYTES);
  const view = new DataView(header.buffer);
  const target = targetFromBits(view.getUint32(BITS_OFFSET, true));
  if (target === undefined) return { kind: "unsolved", nextNonce: undefined };
  const limit: Hash = target.toString(16).padStart(HASH_HEX_DIGITS, "0");
  const end = Math.min(firstNonce + tries, NONCE_END);
  for (let nonce = firstNonce; nonce < end; nonce++) {
    view.setUint32(NONCE_OFFSET, nonce, true);
    const hash = hash256(hasher, header);
    if (hash <= limit) return { kind: "solved", raw: concatBytes([header, raw.subarray(HEADER_SIZE_BYTES)]), hash };
  }
  return { kind: "unsolved", nextNonce: end < NONCE_END ? end : undefined };
}
