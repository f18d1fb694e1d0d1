import { type AddressBook, isRecommended, type KnownAddress } from "../net/address_book.ts";
import { UPTIME_WINDOWS } from "../net/address_book/uptime.ts";
import type { AddressSource } from "../net/address_source.ts";
import { BookKeeper, type BookKeeperOptions } from "../net/book_keeper.ts";
import { Discovery, type DiscoveryOptions } from "../net/discovery.ts";
import { formatPeerAddress } from "../net/peer_address.ts";
import { Prober, type ProberPeers } from "../net/prober.ts";
import type { Peer } from "../peer/peer.ts";
import { formatAddress, NETWORK_NAMES } from "../protocol/addresses.ts";
import { serviceNames } from "../protocol/service_flags.ts";
import type { AddressesSnapshot, AddressSnapshot } from "../protocol/network_snapshots.ts";
import type { AddressCounts } from "../services/addresses/addresses.ts";
import type { NodeOptions, NodeParts } from "./types.ts";

export interface AcquaintancesOptions extends Pick<DiscoveryOptions, "isUseful">, Pick<BookKeeperOptions, "onFailure"> {
  readonly parts: NodeParts;
  readonly options: NodeOptions;
}

/** Whom a node knows of: the address book with what fills it, uses it and keeps it. */
export class Acquaintances {
  readonly book: AddressBook;
  /** Whether addresses of this machine and of private networks are taken. */
  readonly allowsLocal: boolean;
  readonly #options: NodeOptions;
  readonly #parts: NodeParts;
  readonly #keeper: BookKeeper;
  readonly #discovery: Discovery;
  #prober: Prober | undefined;

  constructor({ parts, options, isUseful, onFailure }: AcquaintancesOptions) {
    const { env, store, transport } = parts;
    const { network, join } = options;
    this.#parts = parts;
    this.#options = options;
    this.allowsLocal = options.localAddresses ?? network.dnsSeeds.length === 0;
    this.#keeper = new BookKeeper({ env, store, allowsLocal: this.allowsLocal, onFailure });
    this.book = this.#keeper.book;
    this.#discovery = new Discovery({ env, book: this.book, transport, network, isUseful, join });
  }

  /** Where slots take candidates from; undefined: nobody is dialled but those whom the owner names. */
  get source(): AddressSource | undefined {
    const { discover = false, seed = false } = this.#options;
    return this.#parts.addressSource ?? (discover && !seed ? this.#discovery : undefined);
  }

  load(): void {
    this.#keeper.load();
  }

  start(peers: ProberPeers): void {
    const { env } = this.#parts;
    const { discover, seed } = this.#options;
    if (seed) this.#prober = new Prober({ env, book: this.book, peers });
    if (discover) this.#discovery.start(env.now());
  }

  tick(now: number): void {
    this.#keeper.tick(now);
    if (this.#options.discover) this.#discovery.tick(now);
    this.#prober?.tick();
  }

  peerClosed(peer: Peer): void {
    this.#discovery.disconnected(peer);
  }

  stop(): void {
    this.#prober?.stop();
  }

  /** Writes what is left, before the store is closed. */
  close(): void {
    this.#keeper.close();
  }

  /** With at most `limit` addresses, the latest successes first. */
  snapshot(limit: number, gossip: AddressCounts): AddressesSnapshot {
    const all = [...this.book.all()];
    const networks: Record<string, { new: number; tried: number }> = {};
    for (const { address, isTried } of all) {
      const counts = networks[NETWORK_NAMES.get(address.networkId) ?? String(address.networkId)] ??= {
        new: 0,
        tried: 0,
      };
      counts[isTried ? "tried" : "new"]++;
    }
    const { size, triedCount } = this.book;
    const first = all.sort((left, right) => right.lastSuccess - left.lastSuccess || right.time - left.time).slice(
      0,
      limit,
    );
    return {
      total: size,
      new: size - triedCount,
      tried: triedCount,
      networks,
      gossip: { ...gossip },
      addresses: first.map(describeAddress),
    };
  }
}

function describeAddress(known: KnownAddress): AddressSnapshot {
  const { services, time, source, isTried, lastTry, lastSuccess, attempts, uptime } = known;
  return {
    address: formatPeerAddress(known),
    services: serviceNames(services),
    tried: isTried,
    time,
    lastTry,
    lastSuccess,
    attempts,
    source: formatAddress(source),
    reliable: uptime ? isRecommended(known) : null,
    uptime: uptime
      ? Object.fromEntries(UPTIME_WINDOWS.map((name, window) => [name, uptime.reliability(window)]))
      : null,
  };
}
