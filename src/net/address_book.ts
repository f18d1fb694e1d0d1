import type { StoredAddress } from "../platform/types.ts";
import {
  CHALLENGE_SECONDS,
  CONNECTED_UPDATE_SECONDS,
  INCUMBENT_SECONDS,
  MAX_CHALLENGERS,
  MAX_FUTURE_SECONDS,
  NEW_PLACES_PER_ADDRESS,
  RECENT_TRY_SECONDS,
  UNKNOWN_AGE_SECONDS,
} from "../protocol/address_params.ts";
import { addressScope } from "../protocol/addresses.ts";
import type { AddressRecord, NetAddress } from "../protocol/messages.ts";
import type { BucketTable } from "./address_book/bucket_table.ts";
import type { BookChanges } from "./address_book/change_log.ts";
import { chanceOf, type Entry, isTerrible, isWithin, type KnownAddress, makeEntry } from "./address_book/entry.ts";
import { fromStored, type Restored } from "./address_book/record.ts";
import { AddressTables } from "./address_book/tables.ts";
import { Uptime } from "./address_book/uptime.ts";
import { addressGroup } from "./address_group.ts";
import { addressKey, isOwnSource, type PeerAddress } from "./peer_address.ts";
import { reaches } from "./reach.ts";

export { isRecommended, type KnownAddress } from "./address_book/entry.ts";

export interface AddressBookOptions {
  /** PLACEMENT_KEY_BYTES secret bytes, the same for the life of the book. */
  readonly key: Uint8Array;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Whether addresses of this machine and of private networks are taken, from sources that are there themselves. */
  readonly allowsLocal: boolean;
}

export interface SampleOptions {
  /** At most so many. */
  readonly count: number;
  /** Only such; all that are not given up by default. */
  readonly wants?: (known: KnownAddress) => boolean;
  /** Such come first. */
  readonly prefers?: (known: KnownAddress) => boolean;
}

/** 1973: a time before it is none. */
const EARLIEST_TIME = 100_000_000;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;
/** An unlikely address becomes likelier with each one that was passed over. */
const CHANCE_GROWTH = 1.2;

/**
 * Addresses of nodes, in two tables: new ones, that we were told of, and tried ones, that answered. Where an address may
 * stand follows from a secret, its group, and for new ones the group of who told us: an attacker reaches a few buckets
 * only, and cannot know which honest addresses stand there. In a full place the newcomer has to wait until the incumbent
 * was found gone (the design of Bitcoin Core's addrman). Plain data: it does nothing by itself. Times are Unix seconds.
 */
export class AddressBook {
  readonly #random: () => number;
  readonly #allowsLocal: boolean;
  readonly #tables: AddressTables;
  readonly #challengers = new Set<Entry>();
  /** A failure counts once after each success of any address: while we are offline, nothing can be held against them. */
  #successes = 1;

  constructor({ key, random, allowsLocal }: AddressBookOptions) {
    this.#tables = new AddressTables(key, (entry) => void this.#challengers.delete(entry));
    this.#random = random;
    this.#allowsLocal = allowsLocal;
  }

  /** Distinct addresses. */
  get size(): number {
    return this.#tables.list.length;
  }

  /** Those of them that answered. */
  get triedCount(): number {
    return this.#tables.tried.size;
  }

  /** Changes that `takeChanges` has yet to give. */
  get changeCount(): number {
    return this.#tables.changes.size;
  }

  /** Every address, in no order. */
  all(): Iterable<KnownAddress> {
    return this.#tables.list;
  }

  /** One of them by its place in an order that changes now and then: 0 to `size` - 1. */
  at(index: number): KnownAddress | undefined {
    return this.#tables.list[index];
  }

  get(peerAddress: PeerAddress): KnownAddress | undefined {
    return this.#tables.find(peerAddress);
  }

  /** The `addressKey` of an address: of one that is known, the same string each time, whoever keeps it. */
  keyOf(peerAddress: PeerAddress): string {
    const key = addressKey(peerAddress);
    return this.#tables.get(key)?.key ?? key;
  }

  /**
   * Takes what `source` told us. True if the address got a place that it did not have. `penaltySeconds`: by so much the
   * time is taken back that the source gave, which may be nobody's but its own. `key`: the record's, if it was made.
   */
  add(
    record: AddressRecord,
    source: NetAddress,
    now: number,
    penaltySeconds = 0,
    key: string = addressKey(record),
  ): boolean {
    if (!this.#isAcceptable(record, source)) return false;
    const time = Math.max(0, believable(record.time, now) - penaltySeconds);
    const known = this.#tables.get(key);
    if (known && !this.#refresh(known, { ...record, time }, now)) return false;
    const entry = known ?? makeEntry({ ...record, time }, source, key);
    return this.#tables.place(entry, this.#tables.bucketFor(entry, addressGroup(source)), now);
  }

  /** One to dial: tried or new by equal chance, and those less likely that failed or were dialled a moment ago. */
  select({ newOnly = false }: { readonly newOnly?: boolean }, now: number): KnownAddress | undefined {
    const table = this.#chooseTable(newOnly);
    if (table.size === 0) return undefined;
    for (let factor = 1;; factor *= CHANCE_GROWTH) {
      const entry = table.pick(this.#random);
      if (this.#random() < factor * chanceOf(entry, now)) return entry;
    }
  }

  /** An address whose place in the tried table another one wants: dial it to see whether it is still there. */
  selectIncumbent(now: number): KnownAddress | undefined {
    this.settle(now);
    const challengers = [...this.#challengers];
    const challenger = challengers[Math.floor(this.#random() * challengers.length)];
    return challenger && this.#tables.tried.get(this.#tables.triedSlotOf(challenger));
  }

  /** A dial begins. */
  attempt(peerAddress: PeerAddress, now: number): void {
    this.#change(peerAddress, (entry) => entry.lastTry = now);
  }

  /** The dial failed. */
  failed(peerAddress: PeerAddress, now: number): void {
    this.#change(peerAddress, (entry) => {
      entry.lastTry = now;
      if (entry.countedAt >= this.#successes) return;
      entry.countedAt = this.#successes;
      entry.attempts++;
    });
  }

  /** The handshake is done: the address moves to the tried table, or waits until its place there is free. */
  good(peerAddress: PeerAddress, now: number): void {
    this.#change(peerAddress, (entry) => {
      this.#successes++;
      // The time that answers to getaddr show is left as it is: it would tell whom we are connected to.
      entry.lastTry = now;
      entry.lastSuccess = now;
      entry.attempts = 0;
      if (entry.isTried) return;
      if (!this.#tables.tried.get(this.#tables.triedSlotOf(entry))) this.#promote(entry);
      else if (this.#challengers.size < MAX_CHALLENGERS) this.#challengers.add(entry);
    });
  }

  /** A connection to it has just ended, or still stands: it was there a moment ago. */
  connected(peerAddress: PeerAddress, now: number): void {
    this.#change(peerAddress, (entry) => {
      if (now - entry.time > CONNECTED_UPDATE_SECONDS) entry.time = now;
    });
  }

  /** What the address itself said in its handshake. */
  setServices(peerAddress: PeerAddress, services: bigint): void {
    this.#change(peerAddress, (entry) => entry.services = services);
  }

  /** Notes a seed's probe of it. */
  probed(peerAddress: PeerAddress, isSuccess: boolean, now: number): void {
    this.#change(peerAddress, (entry) => {
      entry.uptime ??= new Uptime();
      entry.uptime.record(isSuccess, now);
    });
  }

  /** Gives places in the tried table to newcomers that waited, where the incumbent was found gone. */
  settle(now: number): void {
    for (const challenger of [...this.#challengers]) {
      const verdict = judge(challenger, this.#tables.tried.get(this.#tables.triedSlotOf(challenger)), now);
      if (verdict === "wait") continue;
      this.#challengers.delete(challenger);
      if (verdict === "promote") this.#promote(challenger);
    }
  }

  /** Some by chance, without those that are given up: an answer to getaddr. */
  sample({ count, wants = () => true, prefers = () => true }: SampleOptions, now: number): readonly KnownAddress[] {
    const { list } = this.#tables;
    const preferred: Entry[] = [];
    const others: Entry[] = [];
    for (let i = 0; i < list.length && preferred.length < count; i++) {
      this.#tables.swap(i, i + Math.floor(this.#random() * (list.length - i)));
      const entry = list[i]!;
      if (isTerrible(entry, now) || !wants(entry)) continue;
      if (prefers(entry)) preferred.push(entry);
      else if (others.length < count) others.push(entry);
    }
    return preferred.concat(others.slice(0, count - preferred.length));
  }

  /** Fills an empty book. Returns how many rows were damaged or found no place; `takeChanges` will remove them. */
  restore(rows: Iterable<StoredAddress>, now: number): number {
    let lost = 0;
    for (const row of rows) {
      const restored = fromStored(row, now);
      if (restored && this.#restoreOne(restored, now)) continue;
      this.#tables.changes.noteLost(row.endpoint);
      lost++;
    }
    return lost;
  }

  /** Up to `count` changes since the last call, oldest first: what has to be written to keep up with the book. */
  takeChanges(count: number): BookChanges {
    return this.#tables.changes.take(count, (entry) => this.#tables.bucketsOf(entry));
  }

  #change(peerAddress: PeerAddress, change: (entry: Entry) => void): void {
    const entry = this.#tables.find(peerAddress);
    if (!entry) return;
    change(entry);
    this.#tables.changes.note(entry);
  }

  #isAcceptable({ address, port }: PeerAddress, source: NetAddress): boolean {
    const scope = addressScope(address);
    if (port === 0 || scope === "none") return false;
    if (scope !== "global" && !this.#allowsLocal) return false;
    return isOwnSource(source) || reaches(addressScope(source), scope);
  }

  /** Takes what is new about a known address. Whether it may get one more place. */
  #refresh(entry: Entry, { time, services }: AddressRecord, now: number): boolean {
    const before = entry.time;
    const isOnline = now - time < DAY_SECONDS;
    if (entry.time < time - (isOnline ? HOUR_SECONDS : DAY_SECONDS)) entry.time = time;
    const servicesBefore = entry.services;
    entry.services |= services;
    if (entry.time !== before || entry.services !== servicesBefore) this.#tables.changes.note(entry);
    if (time <= before || entry.isTried || entry.slots.length >= NEW_PLACES_PER_ADDRESS) return false;
    // Each place makes the next one half as likely: repeating oneself helps little.
    return this.#random() * 2 ** entry.slots.length < 1;
  }

  #promote(entry: Entry): void {
    this.#challengers.delete(entry);
    this.#tables.promote(entry);
  }

  #chooseTable(newOnly: boolean): BucketTable<Entry> {
    const { fresh, tried } = this.#tables;
    if (newOnly || tried.size === 0) return fresh;
    if (fresh.size === 0) return tried;
    return this.#random() < 1 / 2 ? tried : fresh;
  }

  #restoreOne({ entry, wasTried, buckets }: Restored, now: number): boolean {
    const tables = this.#tables;
    if (tables.find(entry) || !this.#isAcceptable(entry, entry.source)) return false;
    if (wasTried && !tables.tried.get(tables.triedSlotOf(entry))) {
      tables.promote(entry);
      tables.changes.forget(entry);
      return true;
    }
    const wanted = buckets.length > 0 ? buckets : [tables.bucketFor(entry, addressGroup(entry.source))];
    for (const bucket of new Set(wanted)) tables.place(entry, bucket, now);
    if (entry.slots.length > 0 && entry.slots.length === buckets.length) tables.changes.forget(entry);
    return entry.slots.length > 0;
  }
}

/** A time from the future, or from before there were any nodes, is none. */
function believable(time: number, now: number): number {
  return time > EARLIEST_TIME && time <= now + MAX_FUTURE_SECONDS ? time : Math.max(0, now - UNKNOWN_AGE_SECONDS);
}

/** What becomes of a newcomer that wants an incumbent's place in the tried table. */
function judge(challenger: Entry, incumbent: Entry | undefined, now: number): "wait" | "promote" | "refuse" {
  if (challenger.isTried) return "refuse";
  if (!incumbent) return "promote";
  if (isWithin(incumbent.lastSuccess, INCUMBENT_SECONDS, now)) return "refuse";
  if (isWithin(incumbent.lastTry, INCUMBENT_SECONDS, now)) {
    // Dialled, and no success since; the answer may still be on its way.
    return isWithin(incumbent.lastTry, RECENT_TRY_SECONDS, now) ? "wait" : "promote";
  }
  return isWithin(challenger.lastSuccess, CHALLENGE_SECONDS, now) ? "wait" : "promote";
}
