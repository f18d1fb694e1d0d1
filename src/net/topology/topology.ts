import {
  CRAWLED_TTL_MS,
  MAX_CRAWLED_NODES,
  MAX_TOPOLOGY_NODES,
  TOPOLOGY_TTL_MS,
} from "../../protocol/topology_params.ts";
import { Entry } from "./entry.ts";
import type { NodeRecord } from "./node_record.ts";

/** What a peer tells of a node. */
export interface ToldRecord {
  readonly id: string;
  readonly ageMs: number;
  readonly record: NodeRecord;
}

/** A record to pass on. */
export interface News extends ToldRecord {
  readonly revision: number;
}

/**
 * The nodes of the network and who is connected to whom, as far as one node can know: what we measure ourselves stands
 * above what a peer says of itself, and that above what others say. Bounded; what nobody confirms is forgotten. Ids are
 * any text: those of gossip, or addresses of peers that have none. Times are those of one clock, in milliseconds.
 */
export class Topology {
  readonly selfId: string;
  readonly #entries = new Map<string, Entry>();
  /** Nodes that are our peers, by the peer's id. */
  readonly #peers = new Map<number, string>();
  /** Nodes that peers say they are, though another peer is known as it. */
  readonly #claims = new Map<number, Entry>();
  /** Nodes that only address gossip speaks of, and when it did last: by `addressKey`, the string that the book keeps. */
  readonly #crawled = new Map<string, number>();
  #self: NodeRecord;
  #revision = 0;
  #refused = 0;

  constructor(selfId: string, self: NodeRecord) {
    this.selfId = selfId;
    this.#self = self;
  }

  /** Nodes that are known, without us. */
  get size(): number {
    return this.#entries.size;
  }

  get crawledSize(): number {
    return this.#crawled.size;
  }

  /** Rises with news. */
  get revision(): number {
    return this.#revision;
  }

  /** Records that were not taken: about us, too old, or no room. */
  get refused(): number {
    return this.#refused;
  }

  get self(): NodeRecord {
    return this.#self;
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** Addresses that only address gossip speaks of, by their `addressKey`, and when each was heard of last. */
  crawled(): Iterable<readonly [key: string, heardAt: number]> {
    return this.#crawled;
  }

  /** The node that a peer is. */
  nodeOf(peer: number): Entry | undefined {
    const id = this.#peers.get(peer);
    return id === undefined ? undefined : this.#entries.get(id);
  }

  /** A peer is connected, under the name of its address until it says who it is. */
  peerReady(peer: number, address: string): void {
    const entry = this.#entryOf(address);
    if (entry) this.#bind(entry, peer, address);
  }

  peerClosed(peer: number, now: number): void {
    const entry = this.nodeOf(peer);
    this.#peers.delete(peer);
    this.#dropClaim(peer, now);
    if (entry) this.#release(entry, now);
  }

  /** What we are, and the round-trip time of each peer as we measured it. */
  observe(facts: Omit<NodeRecord, "links">, roundTrips: ReadonlyMap<number, number>): void {
    const links = new Map<string, number>();
    for (const [peer, rttMs] of roundTrips) {
      const id = this.#peers.get(peer);
      if (id !== undefined) links.set(id, rttMs);
    }
    this.#self = { ...facts, links };
  }

  /**
   * What a peer says of nodes. `sender` is the id that it gives itself: it is believed about itself unless another peer
   * has that id already; from then on neither is more than one voice among others.
   */
  hear(peer: number, sender: string, told: readonly ToldRecord[], now: number): void {
    if (sender === this.selfId) return;
    const isItself = this.#identify(peer, sender, now);
    for (const { id, ageMs, record } of told) {
      const entry = id === this.selfId || ageMs > TOPOLOGY_TTL_MS ? undefined : this.#entryOf(id, peer);
      if (!entry) {
        this.#refused++;
        continue;
      }
      const isNews = isItself && id === sender
        ? entry.hearOwn(record, now)
        : entry.hear(peer, record, now - ageMs, now);
      if (isNews) entry.revision = ++this.#revision;
    }
  }

  /** A peer told us the address with this `addressKey`. */
  hearAddress(key: string, now: number): void {
    this.#crawled.delete(key);
    this.#crawled.set(key, now);
    if (this.#crawled.size <= MAX_CRAWLED_NODES) return;
    const [oldest] = this.#crawled.keys();
    this.#crawled.delete(oldest!);
  }

  /** Up to `limit` records that are newer than `since`, in the order in which they became known; not those of `peer`. */
  news(peer: number, since: number, limit: number, now: number): readonly News[] {
    const fresh: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.revision > since && entry.peer !== peer && entry.soleReporter !== peer) fresh.push(entry);
    }
    fresh.sort((one, other) => one.revision - other.revision);
    return fresh.slice(0, limit).map(({ id, record, revision, saidAt }) => ({
      id,
      record,
      revision,
      ageMs: Math.max(0, now - saidAt),
    }));
  }

  /** Forgets what nobody said again. */
  expire(now: number): void {
    for (const entry of this.#entries.values()) if (entry.expire(now)) entry.revision = ++this.#revision;
    for (const [key, heardAt] of this.#crawled) if (heardAt < now - CRAWLED_TTL_MS) this.#crawled.delete(key);
    for (const entry of this.#entries.values()) if (!entry.isKnown) this.#entries.delete(entry.id);
  }

  /** True if the peer is the one that we know under this id. */
  #identify(peer: number, sender: string, now: number): boolean {
    const before = this.nodeOf(peer);
    if (before?.id === sender) return true;
    const entry = this.#entryOf(sender, peer);
    if (this.#claims.get(peer) !== entry) this.#dropClaim(peer, now);
    if (!entry) return false;
    // Two that claim one id: the first one has it. It may be one node with two connections.
    if (entry.peer !== undefined) {
      this.#claims.set(peer, entry);
      if (entry.contest(peer, now)) entry.revision = ++this.#revision;
      return false;
    }
    const address = before?.address;
    if (before) this.#release(before, now);
    this.#bind(entry, peer, address);
    return true;
  }

  #bind(entry: Entry, peer: number, address: string | undefined): void {
    entry.peer = peer;
    entry.address = address;
    this.#peers.set(peer, entry.id);
  }

  #dropClaim(peer: number, now: number): void {
    const entry = this.#claims.get(peer);
    this.#claims.delete(peer);
    if (entry?.concede(peer, now)) entry.revision = ++this.#revision;
  }

  /** The peer that was this node left, or goes by another id. Whoever else says it is the node, is it from now on. */
  #release(entry: Entry, now: number): void {
    if (entry.peerClosed(now)) entry.revision = ++this.#revision;
    const [heir] = entry.rivals;
    if (heir !== undefined) {
      const own = entry.saidBy(heir);
      this.#dropClaim(heir, now);
      this.#identify(heir, entry.id, now);
      if (own && entry.hearOwn(own, now)) entry.revision = ++this.#revision;
    }
    if (!entry.isKnown) this.#entries.delete(entry.id);
  }

  /** The entry of a node, made if there is room; a peer of ours always finds some. */
  #entryOf(id: string, reporter?: number): Entry | undefined {
    const known = this.#entries.get(id);
    if (known) return known;
    if (this.#entries.size >= MAX_TOPOLOGY_NODES - 1 && !this.#makeRoom(reporter)) return undefined;
    const entry = new Entry(id);
    this.#entries.set(id, entry);
    return entry;
  }

  /** Who alone vouches for most nodes loses the stalest of them: inventing nodes displaces one's own inventions. */
  #makeRoom(reporter: number | undefined): boolean {
    const vouched = new Map<number, Entry[]>();
    for (const entry of this.#entries.values()) {
      const sole = entry.soleReporter;
      if (sole === undefined) continue;
      const entries = vouched.get(sole) ?? [];
      entries.push(entry);
      vouched.set(sole, entries);
    }
    const [worst, entries] = [...vouched].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? [];
    // A newcomer of the greediest one itself must not push out what it said before for ever.
    if (!entries || worst === reporter) return false;
    const stalest = entries.reduce((one, other) => other.saidAt < one.saidAt ? other : one);
    return this.#entries.delete(stalest.id);
  }
}
