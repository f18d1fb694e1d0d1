import type { Hash } from "../util/hash.ts";

/** The chain at one moment. */
export interface ChainSnapshot {
  /** Height and hash of the best chain whose blocks we hold. */
  readonly height: number;
  readonly bestHash: Hash;
  /** Height and hash of the best header, whose block may not be here yet. */
  readonly headers: number;
  readonly bestHeaderHash: Hash;
  /** Total work of the best chain, hex without prefix. */
  readonly work: string;
  /** Whether headers or blocks are still being fetched. */
  readonly syncing: boolean;
  /** Share of the known blocks that we hold, 0 to 1. */
  readonly progress: number;
  /** Median time past of the tip, Unix seconds. */
  readonly medianTime: number;
  /** When the tip's miner says that it was made, Unix seconds. */
  readonly tipTime: number;
  /** Branches off the best chain. */
  readonly forks: readonly ForkSnapshot[];
}

/** The end of a branch other than the best chain. */
export interface ForkSnapshot {
  readonly height: number;
  readonly hash: Hash;
  /** Blocks that the best chain lacks. */
  readonly length: number;
  /** Whether its blocks were accepted. Else only its headers are here: they were not fetched, or not what they claim. */
  readonly complete: boolean;
}

/** What became of blocks since the start. */
export interface BlockCounts {
  /** Became part of the best chain, and left it. */
  readonly connected: number;
  readonly disconnected: number;
  /** How often the best chain changed to another branch. */
  readonly reorganisations: number;
  /** Came before the blocks that they follow. */
  readonly orphans: number;
  /** Of those, still waiting for their parents. */
  readonly orphansHeld: number;
  /** Broke a rule. */
  readonly refused: number;
}

/** What peers announced since the start, in items. */
export interface InventorySnapshot {
  /** All of them. */
  readonly announced: number;
  /** Announced before, within seconds; always 0 where they are not looked for. */
  readonly duplicates: number;
  /** In announcements that were dropped because they told nothing new. */
  readonly dropped: number;
}

/** What became of an offered block. */
export type BlockVerdict =
  | { readonly kind: "extended"; readonly height: number }
  /** Valid, kept, not on the best chain. */
  | { readonly kind: "side"; readonly height: number }
  | { readonly kind: "known"; readonly height: number }
  | { readonly kind: "orphan" }
  | { readonly kind: "refused"; readonly reason: string };

/** The transactions that wait for a block. */
export interface PoolSnapshot {
  /** How many there are. */
  readonly count: number;
  /** Of the serialised transactions. */
  readonly bytes: number;
  /** Transactions that peers announced and that are asked for or will be. */
  readonly requested: number;
}

/** What became of an offered transaction. */
export type TransactionVerdict =
  | { readonly kind: "accepted" | "known"; readonly txid: Hash; readonly wtxid: Hash }
  /** A word for the rule of form that it breaks; `settled`: it was here before, and left. */
  | { readonly kind: "refused"; readonly reason: string };
