import type { P2PNode } from "../node/types.ts";
import type { MemoryStore } from "../platform/memory_store.ts";
import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import type { Hash } from "../util/hash.ts";
import { MAX_ACKNOWLEDGED } from "./params.ts";

const GROUP_BITS = 8;
const GROUP_MASK = 0xff;
const FIRST_NUMBER = 20;

/** The address of a member's host: each in a network group of its own. */
export function hostName(index: number): string {
  return `${FIRST_NUMBER + (index >> GROUP_BITS)}.${index & GROUP_MASK}.0.1`;
}

/** An honest node of a simulated network, over all its lives: it may crash and be started again. */
export class Member {
  readonly index: number;
  readonly host: string;
  /** Undefined while it is down. */
  node: P2PNode | undefined;
  store: MemoryStore;
  /** When its present life began, in virtual milliseconds. */
  startedAt = 0;
  /** Blocks that it said to have, the oldest first: it must have them for ever. */
  readonly acknowledged: Hash[] = [];
  /** The tip that its present life began with, or told of last. */
  told: { readonly hash: Hash; readonly height: number } | undefined;
  /** Messages that it handled, of peers that are gone. */
  messages = 0;
  /** Announced items of its lives before. */
  duplicates = 0;

  constructor(index: number, host: string, store: MemoryStore) {
    this.index = index;
    this.host = host;
    this.store = store;
  }

  /** The node, which must be up. */
  get up(): P2PNode {
    if (!this.node) throw new Error(`${this.host} is down`);
    return this.node;
  }

  acknowledge(hash: Hash): void {
    this.acknowledged.push(hash);
    if (this.acknowledged.length > MAX_ACKNOWLEDGED) this.acknowledged.shift();
  }

  /** Messages that it handled in all its lives. */
  get allMessages(): number {
    let sum = this.messages;
    for (const peer of this.node?.peers() ?? []) sum += messagesIn(peer);
    return sum;
  }

  /** Announced items of all its lives. */
  get allDuplicates(): number {
    return this.duplicates + (this.node?.inventory().duplicates ?? 0);
  }

  /** Adds up what its present life counted, which ends now. */
  closeAccounts(): void {
    this.messages = this.allMessages;
    this.duplicates = this.allDuplicates;
  }
}

/** Messages that were handled of a peer. */
export function messagesIn({ messages }: PeerSnapshot): number {
  let sum = 0;
  for (const count of Object.values(messages.in)) sum += count;
  return sum;
}
