import type { PooledTransaction, TransactionPool } from "../../ledger/transaction_pool.ts";
import type { InvItem } from "../../protocol/messages.ts";
import { OUTBOX_LOW_WATER_BYTES } from "../../protocol/connection_params.ts";
import { MAX_QUEUED_ANNOUNCEMENTS, TRICKLE_BATCH } from "../../protocol/relay_params.ts";
import { MAX_INV_ITEMS } from "../../protocol/wire_limits.ts";
import type { Peer } from "../../peer/peer.ts";
import { Beat } from "../../util/beat.ts";
import type { Env } from "../../util/env.ts";
import type { RelayPace } from "./pace.ts";
import { PeerSlots } from "./peer_slots.ts";

export interface AnnouncementsDeps {
  readonly env: Env;
  readonly pool: TransactionPool;
  readonly pace: RelayPace;
}

/** Of every peer that nothing waited for yet. Nothing is ever put into it. */
const NOTHING_QUEUED: InvItem[] = [];

/** What one peer was told of transactions. */
interface Listener {
  readonly peer: Peer;
  /** Whether it wants to be told. */
  readonly isListening: boolean;
  /** Whether we name transactions to it by wtxid. */
  readonly byWtxid: boolean;
  /** Its number in the set of peers that know a transaction. */
  readonly slot: number;
  /**
   * To be told of, in no order, by wtxid. Names and not the transactions: what leaves the pool would else stay in memory
   * until its turn comes, and the pool's bound would be none.
   */
  queue: InvItem[];
  readonly beat: Beat;
  /** It wants nothing that pays less, in satoshi per 1,000 virtual bytes. */
  feeRate: bigint;
}

/**
 * Tells each peer of each transaction once, unless it told us: in batches at times that nobody can foresee and in random
 * order, so that who sees many of our announcements still cannot tell where a transaction came from.
 */
export class Announcements {
  readonly #deps: AnnouncementsDeps;
  readonly #listeners = new Map<Peer, Listener>();
  /** Peers that dialled us are all told at the same times: each connection more tells a spy nothing more. */
  readonly #inboundBeat: Beat;
  readonly #slots: PeerSlots;

  constructor(deps: AnnouncementsDeps) {
    this.#deps = deps;
    this.#inboundBeat = new Beat(deps.env, deps.pace.inboundTrickleMs, () => this.#flushInbound());
    this.#slots = new PeerSlots((freed) => deps.pool.forEach(({ knownTo }) => knownTo.subtract(freed)));
  }

  add(peer: Peer): void {
    const { env, pace } = this.#deps;
    const agreement = peer.agreement!;
    const flush = () => this.#flush(listener);
    const listener: Listener = {
      peer,
      // A peer that left the field out wants transactions (BIP37).
      isListening: agreement.version.relay !== false && !peer.isBlockOnly,
      byWtxid: agreement.wtxidRelay,
      slot: this.#slots.take(),
      queue: NOTHING_QUEUED,
      beat: peer.direction === "inbound" ? this.#inboundBeat : new Beat(env, pace.outboundTrickleMs, flush),
      feeRate: 0n,
    };
    this.#listeners.set(peer, listener);
  }

  /** False if the peer was not there. */
  remove(peer: Peer): boolean {
    const listener = this.#listeners.get(peer);
    if (!listener) return false;
    this.#listeners.delete(peer);
    this.#slots.release(listener.slot);
    if (listener.beat !== this.#inboundBeat) listener.beat.cancel();
    if (this.#listeners.size === 0) this.#inboundBeat.cancel();
    return true;
  }

  /** The peer asked not to be told of what pays less. */
  setFeeRate(peer: Peer, feeRate: bigint): void {
    const listener = this.#listeners.get(peer);
    if (listener) listener.feeRate = feeRate;
  }

  /** The peer has the transaction: it need not be told. */
  learn(peer: Peer, { knownTo }: PooledTransaction): void {
    const listener = this.#listeners.get(peer);
    if (listener) knownTo.add(listener.slot);
  }

  /** Whether the peer may be given the transaction: who asks before he was told wants to learn when it came to us. */
  mayHave(peer: Peer, transaction: PooledTransaction, now: number): boolean {
    if (now - transaction.addedAt >= this.#deps.pace.unannouncedServeAgeMs) return true;
    const listener = this.#listeners.get(peer);
    return listener !== undefined && transaction.knownTo.has(listener.slot);
  }

  /** Tells everybody, in time. */
  announce(transaction: PooledTransaction): void {
    for (const listener of this.#listeners.values()) this.#enqueue(listener, transaction);
  }

  announceTo(peer: Peer, transaction: PooledTransaction): void {
    const listener = this.#listeners.get(peer);
    if (listener) this.#enqueue(listener, transaction);
  }

  /** Tells the peer at once of all that it may have (BIP35), whether it knows it or not. */
  list(peer: Peer, now: number): void {
    const listener = this.#listeners.get(peer);
    if (!listener) return;
    const batch: PooledTransaction[] = [];
    this.#deps.pool.forEach((transaction) => {
      if (pays(listener, transaction) && this.mayHave(peer, transaction, now)) batch.push(transaction);
    });
    for (let at = 0; at < batch.length; at += MAX_INV_ITEMS) tell(listener, batch.slice(at, at + MAX_INV_ITEMS));
  }

  #flushInbound(): void {
    for (const listener of this.#listeners.values()) {
      if (listener.beat === this.#inboundBeat) this.#flush(listener);
    }
  }

  #enqueue(listener: Listener, transaction: PooledTransaction): void {
    const { isListening, slot, beat } = listener;
    if (!isListening || transaction.knownTo.has(slot) || !pays(listener, transaction)) return;
    if (listener.queue === NOTHING_QUEUED) listener.queue = [];
    const { queue } = listener;
    if (queue.length < MAX_QUEUED_ANNOUNCEMENTS) queue.push(transaction.asWtx);
    // One gives way, no matter which: others announce it.
    else queue[Math.floor(this.#deps.env.random() * queue.length)] = transaction.asWtx;
    beat.arm();
  }

  #flush(listener: Listener): void {
    const { peer, queue, beat } = listener;
    if (queue.length === 0) return;
    // A peer that does not even read what it asked for is told later.
    if (peer.outbox.bytes < OUTBOX_LOW_WATER_BYTES) tell(listener, this.#takeBatch(listener));
    if (queue.length > 0) beat.arm();
  }

  /** Some of the queue in random order, without what the peer got to know or to refuse meanwhile and what is gone. */
  #takeBatch(listener: Listener): PooledTransaction[] {
    const { queue, slot } = listener;
    const { env, pool } = this.#deps;
    // A set: what left and came back may wait twice.
    const batch = new Set<PooledTransaction>();
    while (queue.length > 0 && batch.size < TRICKLE_BATCH) {
      const last = queue.pop()!;
      const at = Math.floor(env.random() * (queue.length + 1));
      const transaction = pool.find(queue[at] ?? last);
      if (at < queue.length) queue[at] = last;
      if (transaction && !transaction.knownTo.has(slot) && pays(listener, transaction)) batch.add(transaction);
    }
    return [...batch];
  }
}

function tell({ peer, slot, byWtxid }: Listener, batch: readonly PooledTransaction[]): void {
  if (batch.length === 0) return;
  const items: InvItem[] = batch.map(({ asTx, asWtx }) => byWtxid ? asWtx : asTx);
  if (!peer.send({ type: "inv", items })) return;
  for (const { knownTo } of batch) knownTo.add(slot);
}

/** A fee that nobody told us counts as enough: only who gave the transaction may know it. */
function pays({ feeRate }: Listener, transaction: PooledTransaction): boolean {
  return transaction.feeRate === undefined || transaction.feeRate >= feeRate;
}
