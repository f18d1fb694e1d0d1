import type { AddressBook } from "../../net/address_book.ts";
import { addressKey, fromEndpoint, type PeerAddress } from "../../net/peer_address.ts";
import { reaches } from "../../net/reach.ts";
import { HELD_ENTRY_BYTES } from "../../protocol/vitals_params.ts";
import type { Peer } from "../../peer/peer.ts";
import type { Endpoint } from "../../platform/types.ts";
import {
  ANSWER_CACHE_MS,
  GOSSIP_PENALTY_SECONDS,
  KNOWN_ADDRESSES,
  MAX_FUTURE_SECONDS,
  MAX_OWN_ADDRESSES,
  MAX_RELAYED_ADDRESSES,
  RELAY_AGE_SECONDS,
  RELAY_PAUSE_MS,
  SEED_ANSWER_CACHE_MS,
  SEED_GUEST_MS,
  SEED_IDLE_MS,
  SELF_ANNOUNCE_MS,
} from "../../protocol/address_params.ts";
import { type AddressScope, addressScope, hasIpv6Form, sameAddress } from "../../protocol/addresses.ts";
import type { AddressRecord, MessageOf, NetAddress } from "../../protocol/messages.ts";
import { MAX_ADDRESSES } from "../../protocol/wire_limits.ts";
import type { Env, Logger } from "../../util/env.ts";
import { exponential } from "../../util/portable_math.ts";
import { TwoGenerationSet } from "../../util/two_generation_set.ts";
import type { Handlers, Service } from "../service.ts";
import { Answers } from "./answers.ts";
import { ownAddressFor } from "./own_address.ts";
import { RelayChoice } from "./relay_choice.ts";
import { TokenBucket } from "./token_bucket.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

export interface AddressesDeps {
  readonly env: Env;
  readonly book: AddressBook;
  /** Where we listen. */
  readonly listening: () => readonly Endpoint[];
  /** What we serve. */
  readonly ownServices: bigint;
  /** Whether addresses of this machine and of private networks mean anything. */
  readonly allowsLocal: boolean;
  /** Whether strangers are let go once they got their answer, and get reliable addresses. */
  readonly isSeed: boolean;
  /** Whether those whom we dialled are asked for addresses. */
  readonly asks: boolean;
  /** Whether we leave an address alone: it is banned, or was found out. */
  readonly shuns: (address: NetAddress) => boolean;
  /** A peer told of a node at the address with this `addressKey`. */
  readonly heard: (key: string) => void;
}

/** What is known about the exchange with one peer. */
interface Correspondent {
  readonly scope: AddressScope;
  readonly tokens: TokenBucket;
  /**
   * Whether it is told of addresses: whom we dialled is; who dialled us, once it has said something about addresses.
   * Others take them and pass nothing on, such as those to whom we are there for blocks only: news would end there.
   */
  isInvolved: boolean;
  /** Keys of addresses that it told us or got from us. */
  known: TwoGenerationSet<string> | undefined;
  /** News for it, by key; undefined while there is none. */
  news: Map<string, AddressRecord> | undefined;
  nextNewsAt: number;
  nextSelfAt: number;
  /** We asked it for addresses, and the answer is still to come. */
  isAsked: boolean;
  /** How many addresses it got in its one answer; undefined before. */
  answered: number | undefined;
  /** Messages from it but pings and pongs, and when there was a new one, by `env.now()`. */
  said: number;
  saidAt: number;
}

/** What became of addresses that peers told us, since the start. */
export interface AddressCounts {
  readonly received: number;
  /** Beyond what one peer may tell. */
  readonly limited: number;
  readonly relayed: number;
}

/**
 * Exchanges addresses of nodes with peers: asks whom we dialled, answers who dialled us, passes on what is new, and says
 * where we are. What one peer tells is bounded by its token bucket, and only that much of it is looked at.
 */
export class Addresses implements Service {
  readonly name = "addresses";
  readonly handles: Handlers = {
    addr: (peer, message) => this.#onAddresses(peer, message),
    addrv2: (peer, message) => this.#onAddresses(peer, message),
    getaddr: (peer) => this.#onGetaddr(peer),
  };
  readonly #deps: AddressesDeps;
  readonly #log: Logger;
  readonly #answers: Answers;
  readonly #relayChoice: RelayChoice;
  readonly #correspondents = new Map<Peer, Correspondent>();
  /** Keys of addresses that are ours by our own listeners and sockets: they come back, and are nobody to dial. */
  readonly #own = new TwoGenerationSet<string>(MAX_OWN_ADDRESSES);
  readonly #counts = { received: 0, limited: 0, relayed: 0 };

  constructor(deps: AddressesDeps) {
    const { env, book, isSeed, shuns } = deps;
    this.#deps = deps;
    this.#log = env.logger("addresses");
    this.#answers = new Answers({
      book,
      shuns,
      random: () => env.random(),
      cacheMs: isSeed ? SEED_ANSWER_CACHE_MS : ANSWER_CACHE_MS,
      prefersReliable: isSeed,
    });
    this.#relayChoice = new RelayChoice(env);
  }

  get counts(): AddressCounts {
    return this.#counts;
  }

  peerReady(peer: Peer): void {
    const remote = fromEndpoint(peer.remote);
    // Who has no address, over a unix socket, has none to speak of; with some, blocks are all there is to speak about.
    if (!remote || peer.isBlockOnly) return;
    const now = this.#deps.env.now();
    const correspondent: Correspondent = {
      scope: addressScope(remote.address),
      tokens: new TokenBucket(now),
      isInvolved: false,
      known: undefined,
      news: undefined,
      nextNewsAt: now + this.#pauseMs(RELAY_PAUSE_MS),
      nextSelfAt: now + this.#pauseMs(SELF_ANNOUNCE_MS),
      isAsked: false,
      answered: undefined,
      said: 0,
      saidAt: now,
    };
    this.#correspondents.set(peer, correspondent);
    if (peer.direction === "inbound") return;
    this.#involve(peer, correspondent);
    if (this.#deps.asks) this.#ask(peer, correspondent);
  }

  peerClosed(peer: Peer): void {
    this.#correspondents.delete(peer);
  }

  heldBytes(peer: Peer): number {
    const correspondent = this.#correspondents.get(peer);
    return correspondent ? ((correspondent.known?.size ?? 0) + (correspondent.news?.size ?? 0)) * HELD_ENTRY_BYTES : 0;
  }

  tick(now: number): void {
    this.#deps.book.settle(this.#wallSeconds());
    for (const [peer, correspondent] of this.#correspondents) {
      if (correspondent.isInvolved && now >= correspondent.nextSelfAt) {
        correspondent.nextSelfAt = now + this.#pauseMs(SELF_ANNOUNCE_MS);
        this.#announceSelf(peer, correspondent);
      }
      if (now >= correspondent.nextNewsAt) {
        correspondent.nextNewsAt = now + this.#pauseMs(RELAY_PAUSE_MS);
        this.#sendNews(peer, correspondent);
      }
      if (this.#deps.isSeed && peer.direction === "inbound") letGo(peer, correspondent, now);
    }
  }

  #involve(peer: Peer, correspondent: Correspondent): void {
    if (correspondent.isInvolved) return;
    correspondent.isInvolved = true;
    this.#announceSelf(peer, correspondent);
  }

  #onAddresses(peer: Peer, { addresses }: MessageOf<"addr" | "addrv2">): void {
    const correspondent = this.#correspondents.get(peer);
    if (!correspondent) return;
    this.#involve(peer, correspondent);
    const { env } = this.#deps;
    const isAnswer = correspondent.isAsked;
    if (addresses.length < MAX_ADDRESSES) correspondent.isAsked = false;
    const isNews = !isAnswer && addresses.length <= MAX_RELAYED_ADDRESSES;
    const taken = correspondent.tokens.take(addresses.length, env.now());
    const allowed = peer.permissions.has("addr") ? addresses.length : taken;
    this.#counts.received += addresses.length;
    this.#counts.limited += addresses.length - allowed;
    const { address } = fromEndpoint(peer.remote)!;
    for (const record of this.#choose(addresses, allowed)) this.#take(peer, address, correspondent, record, isNews);
  }

  /** Who tells too much shall not be the one who chooses what is heard. */
  #choose(addresses: readonly AddressRecord[], count: number): readonly AddressRecord[] {
    if (count >= addresses.length) return addresses;
    const rest = [...addresses];
    for (let i = 0; i < count; i++) {
      const other = i + Math.floor(this.#deps.env.random() * (rest.length - i));
      [rest[i], rest[other]] = [rest[other]!, rest[i]!];
    }
    return rest.slice(0, count);
  }

  #take(
    peer: Peer,
    source: NetAddress,
    correspondent: Correspondent,
    record: AddressRecord,
    isNews: boolean,
  ): void {
    const { book, allowsLocal, shuns, heard } = this.#deps;
    const recordScope = addressScope(record.address);
    if (record.port === 0 || !reaches(correspondent.scope, recordScope) || (recordScope !== "global" && !allowsLocal)) {
      return;
    }
    const key = book.keyOf(record);
    noteKnown(correspondent, key);
    if (this.#own.has(key) || shuns(record.address)) return;
    const now = this.#wallSeconds();
    const isFresh = record.time > now - RELAY_AGE_SECONDS && record.time <= now + MAX_FUTURE_SECONDS;
    if (isNews && isFresh) this.#relay(peer, record, recordScope, key);
    // Networks that we cannot dial are passed on, and not kept.
    const penaltySeconds = sameAddress(source, record.address) ? 0 : GOSSIP_PENALTY_SECONDS;
    if (isDialable(record)) book.add(record, source, now, penaltySeconds, key);
    heard(key);
  }

  #relay(from: Peer, record: AddressRecord, scope: AddressScope, key: string): void {
    const takers = [...this.#correspondents].filter(([peer, to]) =>
      peer !== from && to.isInvolved && reaches(to.scope, scope) && understands(peer, record)
    );
    const chosen = this.#relayChoice.choose(key, takers.map(([peer]) => peer), isDialable(record), this.#wallSeconds());
    for (const peer of chosen) {
      const correspondent = this.#correspondents.get(peer)!;
      const news = correspondent.news ??= new Map();
      if (correspondent.known?.has(key) || news.size >= MAX_ADDRESSES) continue;
      news.set(key, record);
      this.#counts.relayed++;
    }
  }

  #sendNews(peer: Peer, correspondent: Correspondent): void {
    if (!correspondent.news) return;
    const fresh = [...correspondent.news].filter(([key]) => !correspondent.known?.has(key));
    const records = fresh.map(([, record]) => record);
    correspondent.news = undefined;
    this.#send(peer, correspondent, records);
  }

  #announceSelf(peer: Peer, correspondent: Correspondent): void {
    const { listening, ownServices } = this.#deps;
    const { remote, local } = peer;
    const sure = ownAddressFor({ remote, local, seen: undefined }, listening());
    // What the remote says we are is told to itself at most: it may name somebody else, whom we would then never dial.
    if (sure) this.#own.add(addressKey(sure));
    const seen = peer.agreement?.version.receiver.address;
    const own = sure ?? ownAddressFor({ remote, local, seen }, listening());
    if (!own) return;
    const record = { ...own, services: ownServices, time: this.#wallSeconds() };
    // What is surely ours never comes back to be passed on, and need not be noted for each peer.
    if (sure) tell(peer, [record]);
    else this.#send(peer, correspondent, [record]);
  }

  #ask(peer: Peer, correspondent: Correspondent): void {
    correspondent.isAsked = true;
    correspondent.tokens.grant(MAX_ADDRESSES);
    peer.send({ type: "getaddr" });
  }

  /** Once a connection, and not on those that we made: who dials us at random and asks learns nothing of who we dial. */
  #onGetaddr(peer: Peer): void {
    const correspondent = this.#correspondents.get(peer);
    if (!correspondent || peer.direction === "outbound") return;
    this.#involve(peer, correspondent);
    if (correspondent.answered !== undefined && !peer.permissions.has("addr")) return;
    const { env } = this.#deps;
    const listener = "port" in peer.local ? String(peer.local.port) : "";
    const key = `${fromEndpoint(peer.remote)!.address.networkId} ${listener}`;
    const records = this.#answers.give(correspondent.scope, key, env.now(), this.#wallSeconds());
    correspondent.answered = records.length;
    this.#log.debug("getaddr answered", { peer: peer.id, addresses: records.length });
    this.#send(peer, correspondent, records);
  }

  #send(peer: Peer, correspondent: Correspondent, records: readonly AddressRecord[]): void {
    const addresses = records.filter((record) => understands(peer, record));
    for (const record of addresses) noteKnown(correspondent, this.#deps.book.keyOf(record));
    tell(peer, addresses);
  }

  #wallSeconds(): number {
    return Math.floor(this.#deps.env.wallClock() / MS_PER_SECOND);
  }

  /** Exponentially distributed. */
  #pauseMs(meanMs: number): number {
    return exponential(this.#deps.env.random(), meanMs);
  }
}

function noteKnown(correspondent: Correspondent, key: string): void {
  correspondent.known ??= new TwoGenerationSet(KNOWN_ADDRESSES);
  correspondent.known.add(key);
}

function tell(peer: Peer, records: readonly AddressRecord[]): void {
  const addresses = records.filter((record) => understands(peer, record));
  if (addresses.length > 0) peer.send({ type: peer.agreement?.addrv2 ? "addrv2" : "addr", addresses });
}

function understands(peer: Peer, { address }: PeerAddress): boolean {
  return (peer.agreement?.addrv2 ?? false) || hasIpv6Form(address);
}

/** Without a proxy, only IP can be dialled. */
function isDialable({ address }: PeerAddress): boolean {
  return hasIpv6Form(address);
}

/**
 * A seed has places for those who come, not for those who stay. Who is busy, and who was told of nobody else to go to,
 * may stay all the same.
 */
function letGo(peer: Peer, correspondent: Correspondent, now: number): void {
  const { ping = 0, pong = 0 } = peer.messagesIn;
  const said = Object.values(peer.messagesIn).reduce((sum, count) => sum + count, 0) - ping - pong;
  if (said !== correspondent.said) Object.assign(correspondent, { said, saidAt: now });
  const { answered, saidAt } = correspondent;
  if (peer.permissions.has("noban") || answered === 0) return;
  if (now - saidAt < (answered === undefined ? SEED_IDLE_MS : SEED_GUEST_MS)) return;
  peer.close(answered === undefined ? "the seed was not asked anything" : "the seed has answered");
}
