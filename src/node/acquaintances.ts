import { type AddressBook, isRecommended, type KnownAddress } from "../net/address_book.ts";
import { UPTIME_WINDOWS } from "../net/address_book/uptime.ts";
import type { AddressSource } from "../net/address_source.ts";
import { BookKeeper, type BookKeeperOptions } from "../net/book_keeper.ts";
import { Discovery, type DiscoveryOptions } from "../net/discovery.ts";
import { LocalDiscovery, type LocalDiscoveryOptions } from "../net/local_discovery.ts";
import { formatPeerAddress } from "../net/peer_address.ts";
import { Prober, type ProberPeers } from "../net/prober.ts";
import type { Peer } from "../peer/peer.ts";
import type { Endpoint } from "../platform/types.ts";
import { LocalError } from "../protocol/errors.ts";
import { formatAddress, NETWORK_NAMES } from "../protocol/addresses.ts";
import { serviceNames } from "../protocol/service_flags.ts";
import type { AddressesSnapshot, AddressSnapshot } from "../protocol/network_snapshots.ts";
import type { AddressCounts } from "../services/addresses/addresses.ts";
import type { NodeOptions, NodeParts } from "./types.ts";

export interface AcquaintancesOptions
  extends
    Pick<DiscoveryOptions, "isUseful">,
    Pick<BookKeeperOptions, "onFailure">,
    Pick<LocalDiscoveryOptions, "shuns"> {
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
  readonly #local: LocalDiscovery | undefined;
  #prober: Prober | undefined;

  constructor({ parts, options, isUseful, shuns, onFailure }: AcquaintancesOptions) {
    const { env, store, transport } = parts;
    const { network, join } = options;
    this.#parts = parts;
    this.#options = options;
    this.allowsLocal = options.localAddresses ?? (network.dnsSeeds.length === 0 || (options.discoverLocal ?? false));
    this.#keeper = new BookKeeper({ env, store, allowsLocal: this.allowsLocal, onFailure });
    this.book = this.#keeper.book;
    this.#discovery = new Discovery({ env, book: this.book, transport, network, isUseful, join });
    if (options.discoverLocal) {
      const multicast = parts.multicast ?? missingMulticast();
      this.#local = new LocalDiscovery({ env, book: this.book, multicast, magic: network.magic, shuns });
    }
  }

  /** Where slots take candidates from; undefined: nobody is dialled but those whom the owner names. */
  get source(): AddressSource | undefined {
    const { discover = false, seed = false } = this.#options;
    return this.#parts.addressSource ?? (discover && !seed ? this.#discovery : undefined);
  }

  load(): void {
    this.#keeper.load();
  }

  /** `listening`: where we accept peers. */
  start(peers: ProberPeers, listening: readonly Endpoint[]): void {
    const { env } = this.#parts;
    const { discover, seed } = this.#options;
    if (seed) this.#prober = new Prober({ env, book: this.book, peers });
    if (discover) this.#discovery.start(env.now());
    this.#local?.start(listening);
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
    this.#local?.stop();
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
      local: this.#local?.snapshot ?? null,
      addresses: first.map(describeAddress),
    };
  }
}

function missingMulticast(): never {
  throw new LocalError("bad-argument", "Cannot use discoverLocal: the node has no multicast among its parts");
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
