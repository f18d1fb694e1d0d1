import type { HeaderNode } from "../../chain/header_tree.ts";
import {
  MAX_BLOCKS_IN_FLIGHT,
  MAX_BYTES_IN_FLIGHT_PER_PEER,
  MAX_STALL_TIMEOUT_MS,
  MIN_BLOCKS_IN_FLIGHT,
  MIN_STALL_TIMEOUT_MS,
  STALL_BLOCK_TIMES,
} from "../../protocol/params.ts";
import type { Peer } from "../../peer/peer.ts";
import { PROGRESS_BYTES } from "../../util/awaited_answer.ts";
import type { Hash } from "../../util/hash.ts";

/** Weight of the newest sample in the mean time between two blocks of a peer. */
const BLOCK_TIME_GAIN = 1 / 16;
/** Work ahead that a peer is given beyond one round trip: what covers our own pauses. */
const AHEAD_MS = 250;

/** What one peer owes us, and how fast it delivers. */
export class Download {
  readonly peer: Peer;
  readonly #owed = new Map<Hash, HeaderNode>();
  #blockMs: number | undefined;
  /** When the peer last made progress on what it owes. */
  #progressAt = 0;
  #bytesInAtProgress = 0;
  /** Since when it left out the first of what it owes and sent what was asked later. */
  #skippedSince: number | undefined;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  get count(): number {
    return this.#owed.size;
  }

  owed(): Iterable<HeaderNode> {
    return this.#owed.values();
  }

  owes(hash: Hash): boolean {
    return this.#owed.has(hash);
  }

  ask(nodes: readonly HeaderNode[], now: number): void {
    if (this.#owed.size === 0) this.#noteProgress(now);
    for (const node of nodes) this.#owed.set(node.hash, node);
  }

  /** Somebody delivered it, or the peer said that it cannot. */
  settle(hash: Hash): void {
    if (this.#isFirst(hash)) this.#skippedSince = undefined;
    this.#owed.delete(hash);
  }

  /** A block that it owed arrived: the peer's own pace is learnt from the time since the last progress. */
  delivered(hash: Hash, now: number): void {
    if (!this.#owed.has(hash)) return;
    // Requests are answered in order, but for blocks that the peer does not have: of these many nodes say nothing.
    if (!this.#isFirst(hash)) this.#skippedSince ??= now;
    this.settle(hash);
    const sample = now - this.#progressAt;
    this.#blockMs = this.#blockMs === undefined ? sample : this.#blockMs + BLOCK_TIME_GAIN * (sample - this.#blockMs);
    this.#noteProgress(now);
  }

  /** How many blocks the peer should owe us: what it sends during a round trip, and some ahead. */
  target(meanBlockBytes: number): number {
    const roundTripMs = this.peer.liveness.roundTrips.smoothed ?? 0;
    const perPipe = this.#blockMs === undefined
      ? 0
      : Math.ceil((roundTripMs + AHEAD_MS) / Math.max(this.#blockMs, 1e-3));
    const byRate = Math.min(MAX_BLOCKS_IN_FLIGHT, Math.max(MIN_BLOCKS_IN_FLIGHT, perPipe));
    return Math.max(1, Math.min(byRate, Math.floor(MAX_BYTES_IN_FLIGHT_PER_PEER / meanBlockBytes)));
  }

  /** Milliseconds without progress beyond what the peer's own pace explains; 0 while all is well. */
  overdueMs(now: number): number {
    if (this.#owed.size === 0) return 0;
    // A large block on a thin line: bytes that come are progress too.
    if (this.peer.bytesIn - this.#bytesInAtProgress >= PROGRESS_BYTES) this.#noteProgress(now);
    const since = Math.min(this.#progressAt, this.#skippedSince ?? now);
    return Math.max(0, now - since - this.#allowedMs());
  }

  #allowedMs(): number {
    const byPace = STALL_BLOCK_TIMES * (this.#blockMs ?? 0) + (this.peer.liveness.roundTrips.smoothed ?? 0);
    return Math.min(MAX_STALL_TIMEOUT_MS, Math.max(MIN_STALL_TIMEOUT_MS, byPace));
  }

  #isFirst(hash: Hash): boolean {
    for (const first of this.#owed.keys()) return first === hash;
    return false;
  }

  #noteProgress(now: number): void {
    this.#progressAt = now;
    this.#bytesInAtProgress = this.peer.bytesIn;
  }
}
