import {
  MAX_TOPOLOGY_REPORTS,
  NEWS_AHEAD_MS,
  NEWS_PAUSE_MS,
  TOPOLOGY_FRESHER_MS,
  TOPOLOGY_TTL_MS,
  VOTE_AGE_MS,
} from "../../protocol/topology_params.ts";
import { mostAgreed, type NodeRecord, NOTHING_KNOWN, saysTheSame } from "./node_record.ts";

interface Report {
  readonly record: NodeRecord;
  /** When the node said so itself, as far as ages can tell, by our clock. */
  readonly saidAt: number;
  /** Until when it counts before those that say otherwise, because it is news: they have so long to follow. */
  readonly aheadUntil: number;
  /** When its reporter last changed its mind. */
  readonly changedAt: number;
}

/** One node of the network, and who says what about it. */
export class Entry {
  readonly id: string;
  /** Id of the peer that is this node, while it is connected to us. */
  peer: number | undefined;
  /** Where it is connected from or to, if it is or was a peer. */
  address: string | undefined;
  /** Rises whenever there is news to pass on. */
  revision = 0;
  #own: Report | undefined;
  /** By the peer that told it. */
  readonly #reports = new Map<number, Report>();
  /** Other peers of ours that say they are this node. */
  readonly #rivals = new Set<number>();
  #record: NodeRecord = NOTHING_KNOWN;
  #passedOnAt = Number.NEGATIVE_INFINITY;
  /** Before then, time alone changes nothing about what is believed. */
  #changesAt = Number.NEGATIVE_INFINITY;

  constructor(id: string) {
    this.id = id;
  }

  /**
   * What is believed: the node's own word; without it, or where several peers say that they are it, for a while what is news, and then what most of those who speak of
   * it agree on. So changes spread fast, and one that lies prevails for moments only.
   */
  get record(): NodeRecord {
    return this.#record;
  }

  /** Whether the node itself told us, and nobody else says it is that node. */
  get isFirstHand(): boolean {
    return this.#own !== undefined && this.#rivals.size === 0;
  }

  get reporters(): number {
    return this.#reports.size;
  }

  /** The one peer that all that is known of this node comes from, if it is one. */
  get soleReporter(): number | undefined {
    if (this.peer !== undefined || this.#reports.size !== 1) return undefined;
    const [reporter] = this.#reports.keys();
    return reporter;
  }

  get saidAt(): number {
    let latest = this.#own?.saidAt ?? Number.NEGATIVE_INFINITY;
    for (const { saidAt } of this.#reports.values()) latest = Math.max(latest, saidAt);
    return latest;
  }

  /** The node's own word. True if there is news. */
  hearOwn(record: NodeRecord, now: number): boolean {
    this.#own = { record, saidAt: now, aheadUntil: now + NEWS_AHEAD_MS, changedAt: now };
    return this.#update(now);
  }

  /** What a peer says about it. The last word of a peer counts; it makes nothing younger that others know. */
  hear(reporter: number, record: NodeRecord, saidAt: number, now: number): boolean {
    this.#reports.set(reporter, followUp(this.#reports.get(reporter), record, saidAt, now));
    if (this.#reports.size > MAX_TOPOLOGY_REPORTS) this.#dropStalest();
    return this.#update(now);
  }

  /** Peers that say they are this node, besides the one that we know as it. */
  get rivals(): ReadonlySet<number> {
    return this.#rivals;
  }

  /** Another peer says that it is this node. True if there is news. */
  contest(rival: number, now: number): boolean {
    if (this.#rivals.has(rival)) return false;
    this.#rivals.add(rival);
    return this.#update(now);
  }

  /** It says so no more. */
  concede(rival: number, now: number): boolean {
    return this.#rivals.delete(rival) && this.#update(now);
  }

  /** What a peer said of it last. */
  saidBy(reporter: number): NodeRecord | undefined {
    return this.#reports.get(reporter)?.record;
  }

  /** It is no peer of ours any more, but may be there all the same: its word is now one among others, and ages. */
  peerClosed(now: number): boolean {
    if (this.peer !== undefined && this.#own) {
      this.#reports.set(this.peer, { ...this.#own, aheadUntil: now + NEWS_AHEAD_MS });
    }
    this.peer = undefined;
    this.#own = undefined;
    return this.#update(now);
  }

  /** Forgets reports that are too old. True if there is news. */
  expire(now: number): boolean {
    if (now < this.#changesAt) return false;
    const since = now - TOPOLOGY_TTL_MS;
    for (const [reporter, { saidAt }] of this.#reports) if (saidAt < since) this.#reports.delete(reporter);
    if (this.#own && this.#own.saidAt < since) this.#own = undefined;
    return this.#update(now);
  }

  /** Whether it is known from anybody. */
  get isKnown(): boolean {
    return this.peer !== undefined || this.#own !== undefined || this.#reports.size > 0;
  }

  #update(now: number): boolean {
    const before = this.#record;
    this.#record = this.#believe(now);
    this.#changesAt = this.#nextChange(now);
    // A peer that has not said who it is, such as the second connection to one node, is known by its address alone.
    if (!this.#own && this.#reports.size === 0) return false;
    const isFresher = this.saidAt >= this.#passedOnAt + TOPOLOGY_FRESHER_MS;
    if (!isFresher && saysTheSame(before, this.#record)) return false;
    this.#passedOnAt = this.saidAt;
    return true;
  }

  /** Who came first to a name need not be its owner: where two claim it, each word is one among others. */
  #believe(now: number): NodeRecord {
    if (this.#own && this.#rivals.size === 0) return this.#own.record;
    const own = this.#own ? [{ ...this.#own, aheadUntil: Number.NEGATIVE_INFINITY }] : [];
    return chooseRecord([...own, ...this.#reports.values()], now);
  }

  /** When the first report grows too old, or is no longer ahead of others. */
  #nextChange(now: number): number {
    let next = this.#own ? this.#own.saidAt + TOPOLOGY_TTL_MS : Number.POSITIVE_INFINITY;
    for (const { saidAt, aheadUntil } of this.#reports.values()) {
      next = Math.min(next, saidAt + TOPOLOGY_TTL_MS, aheadUntil > now ? aheadUntil : Number.POSITIVE_INFINITY);
    }
    return next;
  }

  #dropStalest(): void {
    let [stalest, oldest] = [-1, Number.POSITIVE_INFINITY];
    for (const [reporter, { saidAt }] of this.#reports) {
      if (saidAt < oldest) [stalest, oldest] = [reporter, saidAt];
    }
    this.#reports.delete(stalest);
  }
}

/** What a reporter says now, after what it said before. */
function followUp(before: Report | undefined, record: NodeRecord, saidAt: number, now: number): Report {
  if (!before) return { record, saidAt, aheadUntil: Number.NEGATIVE_INFINITY, changedAt: Number.NEGATIVE_INFINITY };
  const latest = Math.max(before.saidAt, saidAt);
  if (saysTheSame(before.record, record)) return { ...before, record, saidAt: latest };
  // Who changes its mind all the time is not ahead of others: it may only want to be.
  const isRare = now - before.changedAt >= NEWS_PAUSE_MS;
  return { record, saidAt: latest, aheadUntil: isRare ? now + NEWS_AHEAD_MS : before.aheadUntil, changedAt: now };
}

function chooseRecord(reports: readonly Report[], now: number): NodeRecord {
  if (reports.length === 0) return NOTHING_KNOWN;
  const newestFirst = reports.toSorted((one, other) => other.saidAt - one.saidAt);
  const ahead = newestFirst.filter(({ aheadUntil }) => aheadUntil > now);
  // A node that lives is heard of again and again: who still tells the old story loses its vote.
  const current = newestFirst.filter(({ saidAt }) => saidAt >= newestFirst[0]!.saidAt - VOTE_AGE_MS);
  return mostAgreed((ahead.length > 0 ? ahead : current).map(({ record }) => record));
}
