import type { Hash } from "../util/hash.ts";
import type { ParsedBlock } from "./block.ts";
import type { HeaderNode } from "./header_tree.ts";

/** Why a header was refused. One word a rule, for logs and metrics. */
export type HeaderRefusal =
  /** `bits` stand for a target that is negative, zero, above 256 bits or easier than the network allows. */
  | "bad-target"
  /** The hash does not meet the target: no work was done. */
  | "high-hash"
  /** Not the difficulty that the network's rule gives. */
  | "bad-bits"
  /** Not after the median time of the last 11 blocks. */
  | "time-too-old"
  /** More than 2 hours ahead of our clock. The one temporary refusal: the same header may be good later. */
  | "time-too-new"
  /** The first block of a period lies too far before its parent (BIP94). */
  | "timewarp"
  /** A version that BIP34, BIP66 or BIP65 retired. */
  | "bad-version"
  /** The block was found invalid before. */
  | "known-invalid"
  /** An ancestor is invalid. */
  | "invalid-parent";

/** Damage that anybody can do to the bytes of an honest block. It says nothing about the block's hash. */
export type BlockMutation =
  | "malformed"
  | "bad-merkle-root"
  | "duplicate-transactions"
  /** No coinbase but a transaction of 64 bytes, which may be an inner node of another block's merkle tree. */
  | "merkle-node-as-transaction"
  | "bad-witness-reserved-value"
  | "bad-witness-commitment"
  | "unexpected-witness";

/** A rule that the block breaks in the part that its hash commits to: it is bad for ever. */
export type BlockFault =
  | "no-transactions"
  | "oversized"
  | "overweight"
  | "no-coinbase"
  | "second-coinbase"
  | "bad-coinbase-script"
  | "bad-coinbase-height"
  | "no-outputs"
  | "bad-amount"
  | "duplicate-input"
  | "null-input";

/** A block that was checked, for the store and for whoever looks into it next. */
export interface HeldBlock {
  readonly node: HeaderNode;
  readonly block: ParsedBlock;
}

/**
 * What a call changed, for the caller to store and to announce. One call may change much: a block that fills a gap
 * connects all that waited behind it.
 */
export interface ChainChange {
  /** Headers new to the tree, parents before children. */
  readonly headers: readonly HeaderNode[];
  /** Blocks that were checked and are now counted as held: the caller stores them. */
  readonly blocks: readonly HeldBlock[];
  /** Nodes found invalid, with their descendants. */
  readonly invalidated: readonly HeaderNode[];
  /** Blocks that left the active chain, tip first. */
  readonly disconnected: readonly HeaderNode[];
  /** Blocks that joined the active chain, in order of height; the last one is the new tip. */
  readonly connected: readonly HeaderNode[];
}

export type HeaderOutcome =
  /** In the tree now, and with it any orphan that waited for it. */
  | { readonly kind: "extended"; readonly node: HeaderNode; readonly change: ChainChange }
  /** Was in the tree; nothing changed. */
  | { readonly kind: "known"; readonly node: HeaderNode }
  /** The parent is unknown. Kept for a while in case it comes; ask the sender for the headers in between. */
  | { readonly kind: "orphan"; readonly hash: Hash; readonly previous: Hash }
  /** `temporary`: the same header may be accepted later; otherwise the sender is at fault. */
  | {
    readonly kind: "refused";
    readonly hash: Hash;
    readonly reason: HeaderRefusal;
    readonly temporary: boolean;
  };

/** What became of a list of headers, each the child of the one before. */
export interface HeadersOutcome {
  /** The last header that is in the tree now, new or known. Undefined if not even the first one is. */
  readonly last: HeaderNode | undefined;
  readonly change: ChainChange;
  /** Why the list was not taken to its end; undefined if it was. */
  readonly stopped:
    | Extract<HeaderOutcome, { kind: "orphan" | "refused" }>
    /** A header that is not the child of the one before: the sender is at fault. */
    | { readonly kind: "unlinked"; readonly hash: Hash }
    | undefined;
}

export type BlockOutcome =
  /** The active chain changed: longer, or another one. */
  | { readonly kind: "extended"; readonly node: HeaderNode; readonly change: ChainChange }
  /** Checked and held, and the tip stays: on a weaker branch, or an earlier block is still missing. */
  | { readonly kind: "side"; readonly node: HeaderNode; readonly change: ChainChange }
  /** Held already, or on the active chain and pruned. Nothing changed, and the bytes were not looked at. */
  | { readonly kind: "known"; readonly node: HeaderNode }
  /** The parent is unknown. Kept for a while in case it comes, if it passed what can be checked without it. */
  | { readonly kind: "orphan"; readonly hash: Hash; readonly previous: Hash }
  | RefusedBlock;

export interface RefusedBlock {
  readonly kind: "refused";
  /** Undefined where not even a header could be read. */
  readonly hash: Hash | undefined;
  readonly reason: HeaderRefusal | BlockMutation | BlockFault;
  /**
   * `header`: the header breaks a rule. `mutated`: these bytes are damaged, another copy may be good, ask another peer.
   * `invalid`: the block is bad for ever, whoever sends it. `early`: its time is too far ahead; it may be good later.
   */
  readonly fault: "header" | "mutated" | "invalid" | "early";
  /** Not empty where a header that was known turned out to belong to an invalid block. */
  readonly change: ChainChange;
}
