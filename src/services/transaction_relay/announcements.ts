import type { PooledTransaction, TransactionPool } from "../../ledger/transaction_pool.ts";
import type { InvItem } from "../../protocol/messages.ts";
import {
  KNOWN_TRANSACTIONS,
  MAX_QUEUED_ANNOUNCEMENTS,
  OUTBOX_LOW_WATER_BYTES,
  TRICKLE_BATCH,
} from "../../protocol/params.ts";
import { MAX_INV_ITEMS } from "../../protocol/wire_limits.ts";
import type { Peer } from "../../peer/peer.ts";
import { Beat } from "../../util/beat.ts";
import type { Env } from "../../util/env.ts";
import type { Hash } from "../../util/hash.ts";
import { TwoGenerationSet } from "../../util/two_generation_set.ts";
import type { RelayPace } from "./pace.ts";

export interface AnnouncementsDeps {
  readonly env: Env;
  readonly pool: TransactionPool;
  readonly pace: RelayPace;
}

/** What one peer was told of transactions. */
interface Listener {
  readonly peer: Peer;
  /** Whether it wants to be told. */
  readonly isListening: boolean;
  /** Whether we name transactions to it by wtxid. */
  readonly byWtxid: boolean;
  /** Ids that it told us or we told it. */
  readonly known: TwoGenerationSet<Hash>;
  readonly queue: Set<PooledTransaction>;
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

  constructor(deps: AnnouncementsDeps) {
    this.#deps = deps;
    this.#inboundBeat = new Beat(deps.env, deps.pace.inboundTrickleMs, () => this.#flushInbound());
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
      known: new TwoGenerationSet(KNOWN_TRANSACTIONS),
      queue: new Set(),
      beat: peer.direction === "inbound" ? this.#inboundBeat : new Beat(env, pace.outboundTrickleMs, flush),
      feeRate: 0n,
    };
    this.#listeners.set(peer, listener);
  }

  remove(peer: Peer): void {
    const listener = this.#listeners.get(peer);
    if (!listener) return;
    this.#listeners.delete(peer);
    if (listener.beat !== this.#inboundBeat) listener.beat.cancel();
    if (this.#listeners.size === 0) this.#inboundBeat.cancel();
  }

  /** The peer asked not to be told of what pays less. */
  setFeeRate(peer: Peer, feeRate: bigint): void {
    const listener = this.#listeners.get(peer);
    if (listener) listener.feeRate = feeRate;
  }

  /** The peer has the transaction: it need not be told. */
  learn(peer: Peer, id: Hash): void {
    this.#listeners.get(peer)?.known.add(id);
  }

  /** Whether the peer may be given the transaction: who asks before he was told wants to learn when it came to us. */
  mayHave(peer: Peer, transaction: PooledTransaction, now: number): boolean {
    if (now - transaction.addedAt >= this.#deps.pace.unannouncedServeAgeMs) return true;
    const listener = this.#listeners.get(peer);
    return listener !== undefined && listener.known.has(idFor(listener, transaction));
  }

  /** Tells everybody, in time. */
  announce(transaction: PooledTransaction): void {
    for (const listener of this.#listeners.values()) enqueue(listener, transaction);
  }

  announceTo(peer: Peer, transaction: PooledTransaction): void {
    const listener = this.#listeners.get(peer);
    if (listener) enqueue(listener, transaction);
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

  #flush(listener: Listener): void {
    const { peer, queue, beat } = listener;
    if (queue.size === 0) return;
    // A peer that does not even read what it asked for is told later.
    if (peer.outbox.bytes < OUTBOX_LOW_WATER_BYTES) tell(listener, this.#takeBatch(listener));
    if (queue.size > 0) beat.arm();
  }

  /** Some of the queue in random order, leaving out what the peer got to know in the meantime and what is gone. */
  #takeBatch({ queue, known, byWtxid }: Listener): PooledTransaction[] {
    const { env, pool } = this.#deps;
    const waiting = [...queue];
    const batch: PooledTransaction[] = [];
    for (let left = waiting.length; left > 0 && batch.length < TRICKLE_BATCH; left--) {
      const at = Math.floor(env.random() * left);
      const transaction = waiting[at]!;
      waiting[at] = waiting[left - 1]!;
      queue.delete(transaction);
      const { txid, wtxid } = transaction;
      if (pool.get(wtxid) === transaction && !known.has(byWtxid ? wtxid : txid)) batch.push(transaction);
    }
    return batch;
  }
}

function enqueue(listener: Listener, transaction: PooledTransaction): void {
  const { isListening, queue, known, beat } = listener;
  if (!isListening || known.has(idFor(listener, transaction)) || !pays(listener, transaction)) return;
  if (queue.size >= MAX_QUEUED_ANNOUNCEMENTS) {
    const [oldest] = queue;
    queue.delete(oldest!);
  }
  queue.add(transaction);
  beat.arm();
}

function tell({ peer, known, byWtxid }: Listener, batch: readonly PooledTransaction[]): void {
  if (batch.length === 0) return;
  const items: InvItem[] = batch.map(({ asTx, asWtx }) => byWtxid ? asWtx : asTx);
  if (!peer.send({ type: "inv", items })) return;
  for (const { hash } of items) known.add(hash);
}

function idFor({ byWtxid }: Listener, { txid, wtxid }: PooledTransaction): Hash {
  return byWtxid ? wtxid : txid;
}

/** A fee that nobody told us counts as enough: only who gave the transaction may know it. */
function pays({ feeRate }: Listener, transaction: PooledTransaction): boolean {
  return transaction.feeRate === undefined || transaction.feeRate >= feeRate;
}
