import { HEADER_SIZE_BYTES, readBlockHeader } from "../protocol/block_header.ts";
import { LocalError } from "../protocol/errors.ts";
import { ByteReader } from "../util/bytes.ts";
import { type Hash, HASH_SIZE_BYTES, ZERO_HASH } from "../util/hash.ts";
import { isHexOfSize } from "../util/hex.ts";
import type { BlockLinks } from "./block_links.ts";
import type { HeaderRules } from "./header_rules.ts";
import { type HeaderNode, type HeaderTree, INVALID, LINKED } from "./header_tree.ts";

/** A header as the store gives it back; `StoredHeader` of platform/types has this shape. */
export interface RestoredHeader {
  readonly hash: Hash;
  readonly raw: Uint8Array;
  readonly invalid: boolean;
  /** 0: the block is not stored. */
  readonly blockSize: number;
}

/** Fills the tree with stored headers; see Chain.restore for what is checked. */
export function restoreHeaders(tree: HeaderTree, rules: HeaderRules, records: Iterable<RestoredHeader>): HeaderNode[] {
  const held: HeaderNode[] = [];
  for (const record of records) {
    const node = tree.get(record.hash) ?? restoreHeader(tree, rules, record);
    if (record.invalid || node.parent?.invalid) node.mark(INVALID, true);
    if (record.blockSize > 0) held.push(node);
  }
  return held;
}

function restoreHeader(tree: HeaderTree, rules: HeaderRules, { hash, raw }: RestoredHeader): HeaderNode {
  if (raw.length !== HEADER_SIZE_BYTES) throw corrupt(`a header of ${HEADER_SIZE_BYTES} bytes`, `${raw.length} bytes`);
  const header = readBlockHeader(new ByteReader(raw));
  const parent = tree.get(header.previous);
  if (parent === undefined && header.previous === ZERO_HASH) {
    const expected = `the genesis block ${tree.genesis.hash}`;
    throw new LocalError("store-mismatch", `Cannot restore the chain: expected ${expected}: received ${hash}`);
  }
  if (parent === undefined) throw corrupt(`the parent before its child ${hash}`, `no header ${header.previous}`);
  const work = rules.work(header.bits);
  if (work === 0n) throw corrupt(`a difficulty of this network in ${hash}`, `bits 0x${header.bits.toString(16)}`);
  return tree.insert(hash, header, parent, work);
}

function corrupt(expected: string, received: string): LocalError {
  return new LocalError("store-corrupt", `Cannot restore the chain: expected ${expected}: received ${received}`);
}

/**
 * Links the path to the stored tip, whose blocks may have been pruned since, then every block that is held. Answers
 * the linked node that is to be the tip: the stored one unless another has more work.
 */
export function restoreLinks(
  tree: HeaderTree,
  links: BlockLinks,
  held: readonly HeaderNode[],
  tipHash: Hash | undefined,
): HeaderNode {
  if (tipHash !== undefined && !isHexOfSize(tipHash, HASH_SIZE_BYTES)) throw corrupt("the hash of the tip", tipHash);
  const stored = tipHash === undefined ? tree.genesis : tree.get(tipHash);
  if (stored === undefined) throw corrupt(`the header of the tip ${tipHash}`, "no such header");
  for (let node = stored; !node.linked; node = node.parent!) node.mark(LINKED, true);
  for (const node of held) if (!node.invalid) links.hold(node);
  let tip = stored.invalid ? tree.genesis : stored;
  for (const node of tree.nodes()) if (node.linked && !node.invalid && node.chainWork > tip.chainWork) tip = node;
  return tip;
}
