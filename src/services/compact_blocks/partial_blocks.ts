import type { HeaderNode } from "../../chain/header_tree.ts";
import type { PartialBlock } from "../../chain/partial_block.ts";
import {
  MAX_PARTIAL_BLOCK_AGE_MS,
  MAX_PARTIAL_BLOCKS,
  MAX_PARTIAL_BLOCKS_PER_PEER,
  MAX_PARTIAL_COPIES,
} from "../../protocol/sync_params.ts";
import type { Peer } from "../../peer/peer.ts";

/** A compact block that was opened; one that waits here waits for the transactions which its sender was asked for. */
export interface Awaited {
  readonly peer: Peer;
  readonly node: HeaderNode;
  readonly partial: PartialBlock;
  /** Indexes of the transactions that were not in the pool. */
  readonly lacked: readonly number[];
  /** By `env.now()`. */
  readonly since: number;
}

/** The blocks that wait for transactions: few for each peer, few copies of each block, few in all. */
export class PartialBlocks {
  readonly #awaited = new Set<Awaited>();

  get count(): number {
    return this.#awaited.size;
  }

  /** Whether another may wait, for this block and from this peer. */
  hasRoom(peer: Peer, node: HeaderNode): boolean {
    let ofPeer = 0;
    let ofBlock = 0;
    for (const each of this.#awaited) {
      if (each.peer === peer) ofPeer++;
      if (each.node === node) ofBlock++;
    }
    return this.#awaited.size < MAX_PARTIAL_BLOCKS && ofPeer < MAX_PARTIAL_BLOCKS_PER_PEER &&
      ofBlock < MAX_PARTIAL_COPIES;
  }

  add(awaited: Awaited): void {
    this.#awaited.add(awaited);
  }

  find(peer: Peer, node: HeaderNode): Awaited | undefined {
    for (const each of this.#awaited) if (each.peer === peer && each.node === node) return each;
    return undefined;
  }

  remove(awaited: Awaited): void {
    this.#awaited.delete(awaited);
  }

  removePeer(peer: Peer): void {
    this.#removeWhere((each) => each.peer === peer);
  }

  /** Lets go of what came otherwise, turned out to be invalid or will never come. */
  expire(now: number): void {
    this.#removeWhere(({ node, since }) =>
      node.hasBlock || node.linked || node.invalid || now - since > MAX_PARTIAL_BLOCK_AGE_MS
    );
  }

  #removeWhere(isOver: (awaited: Awaited) => boolean): void {
    for (const each of this.#awaited) if (isOver(each)) this.#awaited.delete(each);
  }
}
