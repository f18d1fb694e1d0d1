import type { HeaderNode } from "../../chain/header_tree.ts";
import type { Member } from "../../net/balancing/member.ts";
import {
  MAX_BLOCKS_IN_FLIGHT,
  MAX_BYTES_IN_FLIGHT_PER_PEER,
  MAX_STALL_TIMEOUT_MS,
  MIN_BLOCKS_IN_FLIGHT,
  MIN_STALL_TIMEOUT_MS,
  STALL_BLOCK_TIMES,
} from "../../protocol/sync_params.ts";
import type { Peer } from "../../peer/peer.ts";
import { PROGRESS_BYTES } from "../../util/awaited_answer.ts";
import type { Hash } from "../../util/hash.ts";

/** Work ahead that a peer is given beyond one round trip: what covers our own pauses. */
const AHEAD_MS = 250;
/** Blocks that come together have no time between them. */
const LEAST_BLOCK_MS = 1e-3;

/** What one peer owes us. How well it delivers is known to the balancer, by its member. */
export class Download {
  readonly peer: Peer;
  /** Its latency is the time from one block to the next. */
  readonly member: Member;
  readonly #owed = new Map<Hash, HeaderNode>();
  /** When the peer last made progress on what it owes. */
  #progressAt = 0;
  #bytesInAtProgress = 0;
  /** Since when it left out the first of what it owes and sent what was asked later. */
  #skippedSince: number | undefined;

  constructor(peer: Peer, member: Member) {
    this.peer = peer;
    this.member = member;
  }

  get count(): number {
    return this.#owed.size;
  }

  owes(hash: Hash): boolean {
    return this.#owed.has(hash);
  }

  ask(nodes: readonly HeaderNode[], now: number): void {
    if (this.#owed.size === 0) this.#noteProgress(now);
    for (const node of nodes) this.#owed.set(node.hash, node);
    this.member.begin(nodes.length);
  }

  /** Somebody else delivered it, or the peer said that it cannot. */
  settle(hash: Hash): void {
    if (this.#remove(hash)) this.member.released();
  }

  /** A block that it owed arrived: the peer's own pace is learnt from the time since the last progress. */
  delivered(hash: Hash, now: number): void {
    if (!this.#owed.has(hash)) return;
    // Requests are answered in order, but for blocks that the peer does not have: of these many nodes say nothing.
    if (!this.#isFirst(hash)) this.#skippedSince ??= now;
    this.#remove(hash);
    this.member.succeeded(now - this.#progressAt);
    this.#noteProgress(now);
  }

  /** It owes nothing any more, for no fault of its own. Answers what it owed. */
  dismiss(): readonly HeaderNode[] {
    const owed = this.#clear();
    this.member.released(owed.length);
    return owed;
  }

  /** It kept us waiting for too long: it owes nothing any more, and its breaker hears of it. */
  fail(): readonly HeaderNode[] {
    const owed = this.#clear();
    this.member.failed(undefined, owed.length);
    return owed;
  }

  /** How many blocks to ask for now: what it sends during a round trip, and some ahead, less what it owes. */
  room(meanBlockBytes: number): number {
    const { latencyMs, breaker } = this.member;
    if (breaker === "half-open") return 1;
    const roundTripMs = this.peer.liveness.roundTrips.smoothed ?? 0;
    const perPipe = latencyMs === undefined
      ? 0
      : Math.ceil((roundTripMs + AHEAD_MS) / Math.max(latencyMs, LEAST_BLOCK_MS));
    const byRate = Math.min(MAX_BLOCKS_IN_FLIGHT, Math.max(MIN_BLOCKS_IN_FLIGHT, perPipe));
    const target = Math.max(1, Math.min(byRate, Math.floor(MAX_BYTES_IN_FLIGHT_PER_PEER / meanBlockBytes)));
    // Half empty before it is refilled: one getdata for many blocks rather than one for each.
    return this.count > target / 2 ? 0 : target - this.count;
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
    const byPace = STALL_BLOCK_TIMES * (this.member.latencyMs ?? 0) + (this.peer.liveness.roundTrips.smoothed ?? 0);
    return Math.min(MAX_STALL_TIMEOUT_MS, Math.max(MIN_STALL_TIMEOUT_MS, byPace));
  }

  #remove(hash: Hash): boolean {
    if (this.#isFirst(hash)) this.#skippedSince = undefined;
    return this.#owed.delete(hash);
  }

  #clear(): readonly HeaderNode[] {
    const owed = [...this.#owed.values()];
    this.#owed.clear();
    this.#skippedSince = undefined;
    return owed;
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
