import {
  MAX_BLOCK_WEIGHT,
  MAX_COINBASE_SCRIPT_BYTES,
  MERKLE_NODE_BYTES,
  MIN_COINBASE_SCRIPT_BYTES,
  WITNESS_SCALE_FACTOR,
} from "../protocol/consensus.ts";
import { pushNumber } from "../protocol/coinbase.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { ByteReader, equalBytes, MalformedBytes } from "../util/bytes.ts";
import { type Hasher, hashFromBytes } from "../util/hash.ts";
import { parseBlock, type ParsedBlock, strippedSize, witnessSize } from "./block.ts";
import { computeMerkleRoot } from "./merkle.ts";
import type { BlockFault, BlockMutation } from "./outcomes.ts";
import { isCoinbase, transactionFault } from "./transaction_rules.ts";
import { witnessMutation } from "./witness.ts";

/**
 * What the content of a block says about it. `mutated`: somebody changed the bytes of what may be a good block, so the
 * hash must not be held against anybody. `invalid`: what the hash commits to breaks a rule, for ever.
 */
export type BlockCheck =
  | { readonly kind: "valid" }
  | { readonly kind: "mutated"; readonly reason: BlockMutation }
  | { readonly kind: "invalid"; readonly reason: BlockFault };

const VALID: BlockCheck = { kind: "valid" };

/** All checks of a block's content at a height; its header's rules are not among them. */
export function checkBlock(hasher: Hasher, raw: Uint8Array, params: NetworkParams, height: number): BlockCheck {
  const block = readBlock(raw);
  if (block === undefined) return { kind: "mutated", reason: "malformed" };
  const content = checkContent(hasher, block);
  return content.kind === "valid" ? checkInContext(hasher, block, params, height) : content;
}

/** The block's parts, or undefined if the bytes are no block. */
export function readBlock(raw: Uint8Array): ParsedBlock | undefined {
  try {
    return parseBlock(raw);
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return undefined;
  }
}

/**
 * The checks that need nothing but the block: the merkle root, then the form of the transactions. Scripts, and amounts
 * against what is spent, are not verified.
 */
export function checkContent(hasher: Hasher, block: ParsedBlock): BlockCheck {
  // The root comes first: until it matches, nothing that is wrong with the transactions is the header's fault.
  const mutation = merkleMutation(hasher, block) ?? disguisedNode(block);
  if (mutation) return { kind: "mutated", reason: mutation };
  const fault = structureFault(block);
  return fault ? { kind: "invalid", reason: fault } : VALID;
}

/** The checks that depend on the height: witnesses and their commitment, weight, the height in the coinbase. */
export function checkInContext(hasher: Hasher, block: ParsedBlock, params: NetworkParams, height: number): BlockCheck {
  // Before the weight, which witnesses count towards: anybody can add witnesses to a block without a commitment.
  const mutation = witnessMutation(hasher, block, height >= params.segwitHeight);
  if (mutation) return { kind: "mutated", reason: mutation };
  const weight = strippedSize(block) * (WITNESS_SCALE_FACTOR - 1) + block.raw.length;
  if (weight > MAX_BLOCK_WEIGHT) return { kind: "invalid", reason: "overweight" };
  if (height >= params.bip34Height && !statesHeight(block, height)) {
    return { kind: "invalid", reason: "bad-coinbase-height" };
  }
  return VALID;
}

function merkleMutation(hasher: Hasher, block: ParsedBlock): BlockMutation | undefined {
  const { root, duplicate } = computeMerkleRoot(hasher, block.txids(hasher));
  if (hashFromBytes(root) !== block.header.merkleRoot) return "bad-merkle-root";
  return duplicate ? "duplicate-transactions" : undefined;
}

/**
 * A row of inner nodes of the honest block's tree, passed off as its transactions, has the same root. The first cannot
 * be a coinbase then (that takes 224 bits of luck), so such a block is not held against its hash.
 */
function disguisedNode(block: ParsedBlock): BlockMutation | undefined {
  const first = block.transactions[0];
  if (first === undefined || isCoinbase(block.raw, first)) return undefined;
  const suspicious = block.transactions.some((transaction) =>
    transaction.end - transaction.start - witnessSize(transaction) === MERKLE_NODE_BYTES
  );
  return suspicious ? "merkle-node-as-transaction" : undefined;
}

function structureFault(block: ParsedBlock): BlockFault | undefined {
  const { raw, transactions } = block;
  const first = transactions[0];
  if (first === undefined) return "no-transactions";
  if (strippedSize(block) * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT) return "oversized";
  if (!isCoinbase(raw, first)) return "no-coinbase";
  const { length } = coinbaseScript(block);
  if (length < MIN_COINBASE_SCRIPT_BYTES || length > MAX_COINBASE_SCRIPT_BYTES) return "bad-coinbase-script";
  for (let i = 0; i < transactions.length; i++) {
    const transaction = transactions[i]!;
    if (i > 0 && isCoinbase(raw, transaction)) return "second-coinbase";
    const fault = transactionFault(raw, transaction);
    if (fault) return fault;
  }
  return undefined;
}

function statesHeight(block: ParsedBlock, height: number): boolean {
  const expected = pushNumber(height);
  return equalBytes(coinbaseScript(block).subarray(0, expected.length), expected);
}

const OUTPOINT_BYTES = 36;

function coinbaseScript(block: ParsedBlock): Uint8Array {
  const reader = new ByteReader(block.raw, block.transactions[0]!.inputsStart);
  reader.varInt();
  reader.skip(OUTPOINT_BYTES);
  return reader.view(reader.varInt());
}
