import type { HeaderNode } from "./header_tree.ts";
import type { ChainChange, HeldBlock } from "./outcomes.ts";

/** A change in the making. */
export interface ChangeRecord extends ChainChange {
  readonly headers: HeaderNode[];
  readonly blocks: HeldBlock[];
  readonly invalidated: HeaderNode[];
  disconnected: readonly HeaderNode[];
  connected: readonly HeaderNode[];
}

export function noChange(): ChangeRecord {
  return { headers: [], blocks: [], invalidated: [], disconnected: [], connected: [] };
}
