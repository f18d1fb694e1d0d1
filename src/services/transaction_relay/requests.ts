import { INV_WITNESS_TX, INV_WTX, type InvItem } from "../../protocol/messages.ts";
import { TIMEOUT_ROUND_TRIPS } from "../../protocol/connection_params.ts";
import {
  MAX_ANNOUNCED_TRANSACTIONS,
  MAX_TRANSACTION_TIMEOUT_MS,
  MAX_TRANSACTIONS_IN_FLIGHT,
  MIN_TRANSACTION_TIMEOUT_MS,
  TRANSACTION_TIMEOUT_MS,
} from "../../protocol/relay_params.ts";
import type { TransactionIds } from "../../protocol/transaction.ts";
import type { Peer } from "../../peer/peer.ts";
import { nodeTimes } from "../../peer/peer_times.ts";
import { Deque } from "../../util/deque.ts";
import type { Hash } from "../../util/hash.ts";
import type { TimesSnapshot } from "../../util/recent_times.ts";

/** One transaction that somebody announced and nobody delivered yet. */
interface Wanted {
  readonly hash: Hash;
  readonly announcedAt: number;
  /** Who announced it and did not fail to deliver it, in order. */
  readonly sources: Source[];
  /** Who is asked now. */
  asked: Source | undefined;
  askedAt: number;
  /** Before this time only preferred sources are asked. */
  readonly openAt: number;
  /** Delivered, or given up. */
  isOver: boolean;
}

/** What one peer has to do with what is wanted. */
interface Source {
  readonly peer: Peer;
  readonly announced: Set<Wanted>;
  /** Asked of it, the oldest first. */
  readonly asked: Set<Wanted>;
  /** To be asked of it when there is room and time; entries may be over or asked elsewhere by then. */
  readonly waiting: Deque<Wanted>;
  /** When it delivered last. */
  progressAt: number;
}

const BOUNDS = {
  initialMs: TRANSACTION_TIMEOUT_MS,
  minMs: MIN_TRANSACTION_TIMEOUT_MS,
  maxMs: MAX_TRANSACTION_TIMEOUT_MS,
};

/** Entries that may wait for one peer: as many again as can be wanted of it may be stale. */
const MAX_WAITING = 2 * MAX_ANNOUNCED_TRANSACTIONS;

/**
 * Asks each announced transaction of one peer at a time, of those we dialled first, and of the next one who announced it
 * when the answer does not come. What nobody delivers is forgotten, so that the next announcement counts anew. Bounded
 * by what each peer may announce; no timer of its own.
 */
export class TransactionRequests {
  readonly #headStartMs: number;
  /** Peers that ever announced something. */
  readonly #sources = new Map<Peer, Source>();
  readonly #wanted = new Map<Hash, Wanted>();
  #outbound = 0;
  #byWtxid = 0;
  readonly #delays = nodeTimes();

  /** `headStartMs`: how much earlier preferred sources are asked than others. */
  constructor(headStartMs: number) {
    this.#headStartMs = headStartMs;
  }

  /** From a transaction's first announcement to its delivery. */
  delays(now: number): TimesSnapshot {
    return this.#delays.snapshot(now);
  }

  /** Transactions that the peer announced and nobody delivered yet. */
  announcedBy(peer: Peer): number {
    return this.#sources.get(peer)?.announced.size ?? 0;
  }

  /** Transactions that are asked for or to be asked for. */
  get size(): number {
    return this.#wanted.size;
  }

  /** A peer that may announce. */
  add(peer: Peer): void {
    this.#count(peer, 1);
  }

  /** One that was added leaves. */
  remove(peer: Peer, now: number): void {
    const source = this.#sources.get(peer);
    this.#sources.delete(peer);
    this.#count(peer, -1);
    if (source) this.#fail(source, [...source.announced], now);
  }

  /** Notes that the peer has a transaction that we lack. False if it announced too many of those. */
  note(peer: Peer, hash: Hash, now: number): boolean {
    const source = this.#sourceOf(peer, now);
    let wanted = this.#wanted.get(hash);
    if (wanted?.sources.includes(source)) return true;
    if (source.announced.size >= MAX_ANNOUNCED_TRANSACTIONS) return false;
    if (!wanted) this.#wanted.set(hash, wanted = newWanted(hash, now, now + this.#headStartMs));
    wanted.sources.push(source);
    source.announced.add(wanted);
    if (!wanted.asked) enqueue(source, wanted);
    return true;
  }

  /** Asks the peer for what was noted and may be asked. */
  ask(peer: Peer, now: number): void {
    const source = this.#sources.get(peer);
    if (source) this.#askOf(source, now);
  }

  /** Whether the peer owes this transaction, by whichever id. */
  isAskedOf(peer: Peer, { txid, wtxid }: TransactionIds): boolean {
    return this.#wanted.get(wtxid)?.asked?.peer === peer || this.#wanted.get(txid)?.asked?.peer === peer;
  }

  /** Visits those who announced the transaction, by whichever id, while it is wanted. */
  forEachSource({ txid, wtxid }: TransactionIds, visit: (peer: Peer) => void): void {
    for (const { peer } of this.#wanted.get(wtxid)?.sources ?? []) visit(peer);
    if (txid === wtxid) return;
    for (const { peer } of this.#wanted.get(txid)?.sources ?? []) visit(peer);
  }

  /** The transaction came from the peer, or from wherever: nobody is asked for it any more. */
  settle({ txid, wtxid }: TransactionIds, peer: Peer | undefined, now: number): void {
    this.#settle(wtxid, peer, now);
    if (txid !== wtxid) this.#settle(txid, peer, now);
  }

  /** The peer does not have what it was asked for. */
  missing(peer: Peer, items: readonly InvItem[], now: number): void {
    const source = this.#sources.get(peer);
    if (!source) return;
    const failed: Wanted[] = [];
    for (const { hash } of items) {
      const wanted = this.#wanted.get(hash);
      if (wanted?.asked === source) failed.push(wanted);
    }
    this.#fail(source, failed, now);
    this.#askOf(source, now);
  }

  tick(now: number): void {
    for (const source of this.#sources.values()) {
      const overdue = overdueOf(source, now);
      if (overdue.length > 0) this.#fail(source, overdue, now);
      this.#askOf(source, now);
    }
  }

  #sourceOf(peer: Peer, now: number): Source {
    let source = this.#sources.get(peer);
    if (source) return source;
    source = { peer, announced: new Set(), asked: new Set(), waiting: new Deque(), progressAt: now };
    this.#sources.set(peer, source);
    return source;
  }

  #settle(hash: Hash, peer: Peer | undefined, now: number): void {
    const wanted = this.#wanted.get(hash);
    if (!wanted) return;
    wanted.isOver = true;
    this.#wanted.delete(hash);
    if (peer) this.#delays.add(now - wanted.announcedAt, now);
    for (const source of wanted.sources) source.announced.delete(wanted);
    const { asked } = wanted;
    if (!asked) return;
    asked.asked.delete(wanted);
    if (asked.peer === peer) asked.progressAt = now;
    // Half empty before it is refilled: one getdata for many rather than one for each.
    if (asked.asked.size <= MAX_TRANSACTIONS_IN_FLIGHT / 2) this.#askOf(asked, now);
  }

  /** The source does not deliver these: the next best one is asked for each, or it is given up. */
  #fail(source: Source, failed: readonly Wanted[], now: number): void {
    const next = new Set<Source>();
    for (const wanted of failed) {
      source.announced.delete(wanted);
      source.asked.delete(wanted);
      wanted.sources.splice(wanted.sources.indexOf(source), 1);
      if (wanted.asked !== source && wanted.asked) continue;
      wanted.asked = undefined;
      const other = this.#bestOf(wanted.sources);
      if (other) {
        enqueue(other, wanted);
        next.add(other);
      } else {
        wanted.isOver = true;
        this.#wanted.delete(wanted.hash);
      }
    }
    for (const other of next) this.#askOf(other, now);
  }

  #askOf(source: Source, now: number): void {
    const { waiting, asked, peer } = source;
    const isPreferred = this.#isPreferred(source);
    const kind = peer.agreement?.wtxidRelay ? INV_WTX : INV_WITNESS_TX;
    const items: InvItem[] = [];
    while (asked.size < MAX_TRANSACTIONS_IN_FLIGHT && !peer.isOver) {
      const wanted = waiting.peek();
      if (!wanted) break;
      const isIdle = !wanted.isOver && !wanted.asked;
      if (isIdle && !isPreferred && wanted.openAt > now) break;
      waiting.shift();
      if (!isIdle || !source.announced.has(wanted)) continue;
      wanted.asked = source;
      wanted.askedAt = now;
      asked.add(wanted);
      items.push({ kind, hash: wanted.hash });
    }
    if (items.length > 0) peer.send({ type: "getdata", items });
  }

  /** A preferred source that has room, else any that has room, else the first. */
  #bestOf(sources: readonly Source[]): Source | undefined {
    const idle = sources.filter(({ asked }) => asked.size < MAX_TRANSACTIONS_IN_FLIGHT);
    return idle.find((source) => this.#isPreferred(source)) ?? idle[0] ?? sources[0];
  }

  /** Those whom we chose, where there are any; and of a mixed crowd those who name transactions by what they are. */
  #isPreferred({ peer }: Source): boolean {
    const isChosen = peer.direction === "outbound" || this.#outbound === 0;
    return isChosen && (peer.agreement?.wtxidRelay === true || this.#byWtxid === 0);
  }

  #count(peer: Peer, step: 1 | -1): void {
    if (peer.direction === "outbound") this.#outbound += step;
    if (peer.agreement?.wtxidRelay) this.#byWtxid += step;
  }
}

function newWanted(hash: Hash, now: number, openAt: number): Wanted {
  return { hash, announcedAt: now, sources: [], asked: undefined, askedAt: now, openAt, isOver: false };
}

function enqueue(source: Source, wanted: Wanted): void {
  const { waiting } = source;
  // At least half is stale then, so that sifting costs each entry but once.
  for (let left = waiting.length >= MAX_WAITING ? waiting.length : 0; left > 0; left--) {
    const each = waiting.shift()!;
    if (!each.isOver && !each.asked) waiting.push(each);
  }
  waiting.push(wanted);
}

/** What the peer had its time for: counted from when it was asked, and anew while it keeps delivering others. */
function overdueOf({ peer, asked, progressAt }: Source, now: number): Wanted[] {
  const allowedMs = peer.liveness.roundTrips.timeoutMs(TIMEOUT_ROUND_TRIPS, BOUNDS);
  const overdue: Wanted[] = [];
  for (const wanted of asked) {
    const waitedMs = now - wanted.askedAt;
    if (waitedMs <= allowedMs) break;
    if (now - progressAt > allowedMs || waitedMs > MAX_TRANSACTION_TIMEOUT_MS) overdue.push(wanted);
  }
  return overdue;
}
