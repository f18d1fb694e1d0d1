import type { Endpoint, TcpEndpoint, Transport } from "../platform/types.ts";
import {
  DNS_TIMEOUT_MS,
  DOOR_PAUSE_MS,
  FIXED_SEEDS_DELAY_MS,
  JOIN_BELOW,
  MAX_DNS_ADDRESSES,
  MAX_DOOR_PAUSE_MS,
  MAX_SEED_AGE_SECONDS,
  MIN_SEED_AGE_SECONDS,
  POOR_BOOK,
  RESEED_PAUSE_MS,
} from "../protocol/address_params.ts";
import { SELECTIONS_PER_PLACE } from "../protocol/peer_params.ts";
import { parseAddress } from "../protocol/addresses.ts";
import type { NetAddress } from "../protocol/messages.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { SERVICE_NETWORK, SERVICE_NETWORK_LIMITED, SERVICES_OF_FULL_NODES } from "../protocol/service_flags.ts";
import type { Peer } from "../peer/peer.ts";
import { formatEndpoint, parseHostPort } from "../util/endpoint.ts";
import type { Env, Logger } from "../util/env.ts";
import type { AddressBook, KnownAddress } from "./address_book.ts";
import type { AddressSource, Candidate, SlotKind } from "./address_source.ts";
import { fromEndpoint, ownSource, type PeerAddress, toEndpoint } from "./peer_address.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface DiscoveryOptions {
  readonly env: Env;
  readonly book: AddressBook;
  readonly transport: Pick<Transport, "resolve">;
  readonly network: Pick<NetworkParams, "dnsSeeds" | "fixedSeeds" | "defaultPort">;
  /** Whether a node with these services has what we lack. */
  readonly isUseful: (services: bigint) => boolean;
  /** Nodes that the owner named to begin with. */
  readonly join: readonly TcpEndpoint[];
}

/** A node to join through. It is a way in and no place to stay: it may be a seed, which lets go whom it has answered. */
interface Door {
  readonly endpoint: TcpEndpoint;
  /** To be dialled, however rich the book is. */
  isDue: boolean;
  visits: number;
  /** Left alone until then, by `env.now()`. */
  restsUntil: number;
  /** Where its name led last. */
  remote: string;
}

const SERVICES_OF_NODES = SERVICE_NETWORK | SERVICE_NETWORK_LIMITED;

/**
 * Finds somebody to dial: in the address book; where that says little, at the nodes that the owner named; and where
 * there are none, at the seeds of the network, by name or by address.
 */
export class Discovery implements AddressSource {
  readonly #options: DiscoveryOptions;
  readonly #log: Logger;
  /** Nodes that the owner named, and fixed seeds that go by a name. */
  readonly #doors = new Map<string, Door>();
  #seededAt = Number.NEGATIVE_INFINITY;
  #fixedSeedsAt = Number.POSITIVE_INFINITY;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#log = options.env.logger("discovery");
    for (const endpoint of options.join) this.#addDoor(endpoint);
  }

  select(kind: SlotKind, now: number): Candidate | undefined {
    const { book } = this.#options;
    const wallNow = this.#wallSeconds();
    // A node for blocks only is never asked for addresses: it would be no way into the network.
    const door = kind === "full" ? this.#chooseDoor(now) : undefined;
    if (door) return { endpoint: door };
    if (book.size === 0) this.#seed(now);
    const known = this.#draw(kind, wallNow);
    const its = known && this.#doorAt(known);
    if (!known || (its && (kind === "block-only" || now < its.restsUntil))) return undefined;
    return { endpoint: toEndpoint(known) };
  }

  /** Somebody who has what we lack, as far as is known; for a feeler, who has blocks at all, and so may know others. */
  #draw(kind: SlotKind, wallNow: number): KnownAddress | undefined {
    const { book, isUseful } = this.#options;
    for (let tries = 0; tries < SELECTIONS_PER_PLACE; tries++) {
      const known = kind === "feeler"
        ? book.selectIncumbent(wallNow) ?? book.select({ newOnly: true }, wallNow)
        : book.select({}, wallNow);
      if (!known) return undefined;
      const isFit = kind === "feeler" ? (known.services & SERVICES_OF_NODES) !== 0n : isUseful(known.services);
      if (isFit) return known;
    }
    return undefined;
  }

  isDoor(endpoint: TcpEndpoint): boolean {
    return this.#doors.has(formatEndpoint(endpoint));
  }

  attempted(endpoint: TcpEndpoint): void {
    this.#note(endpoint, (known, now) => this.#options.book.attempt(known, now));
  }

  connected(peer: Peer): void {
    const { book } = this.#options;
    const door = this.#doors.get(formatEndpoint(peer.dialled));
    if (door) this.#visited(door, peer);
    this.#note(peer.dialled, (known, now) => {
      book.good(known, now);
      book.setServices(known, peer.agreement?.version.services ?? 0n);
    });
  }

  /**
   * The connection ended: its address was there a moment ago. One for blocks only leaves no trace in the times that
   * answers to getaddr show, or who asks often would find the links that are to stay unseen.
   */
  disconnected(peer: Peer): void {
    if (peer.direction !== "outbound" || !peer.agreement) return;
    const { book, isUseful } = this.#options;
    const { services } = peer.agreement.version;
    this.#note(peer.dialled, (known, now) => {
      book.setServices(known, services);
      if (isUseful(services) && peer.kind !== "block-only") book.connected(known, now);
    });
  }

  failed(endpoint: TcpEndpoint): void {
    this.#note(endpoint, (known, now) => this.#options.book.failed(known, now));
  }

  reseed(now: number): void {
    for (const door of this.#doors.values()) door.isDue = true;
    this.#seed(now);
  }

  /** Asks the seeds if the book is poor. */
  start(now: number): void {
    if (this.#options.book.size < POOR_BOOK && this.#doors.size === 0) this.#seed(now);
  }

  tick(now: number): void {
    if (now < this.#fixedSeedsAt) return;
    this.#fixedSeedsAt = Number.POSITIVE_INFINITY;
    if (this.#options.book.size === 0) this.#useFixedSeeds();
  }

  #note(endpoint: Endpoint, note: (known: PeerAddress, now: number) => void): void {
    const known = fromEndpoint(endpoint);
    if (known) note(known, this.#wallSeconds());
  }

  #addDoor(endpoint: TcpEndpoint): void {
    const key = formatEndpoint(endpoint);
    this.#doors.set(key, { endpoint, isDue: true, visits: 0, restsUntil: Number.NEGATIVE_INFINITY, remote: key });
  }

  #doorAt(known: PeerAddress): Door | undefined {
    const key = formatEndpoint(toEndpoint(known));
    return this.#doors.get(key) ?? [...this.#doors.values()].find(({ remote }) => remote === key);
  }

  #visited(door: Door, peer: Peer): void {
    const pauseMs = Math.min(MAX_DOOR_PAUSE_MS, DOOR_PAUSE_MS * 2 ** door.visits++);
    door.isDue = false;
    door.restsUntil = this.#options.env.now() + pauseMs;
    door.remote = formatEndpoint(peer.remote);
  }

  /** One that is due, or any while the book says little; by equal chance, nobody, so that a dead one is no obstacle. */
  #chooseDoor(now: number): TcpEndpoint | undefined {
    const { book, env } = this.#options;
    const isPoor = book.size < JOIN_BELOW;
    const open = [...this.#doors.values()].filter(({ isDue, restsUntil }) => isDue || (isPoor && now >= restsUntil));
    if (book.size > 0 && env.random() < 1 / 2) return undefined;
    return open[Math.floor(env.random() * open.length)]?.endpoint;
  }

  #seed(now: number): void {
    if (now - this.#seededAt < RESEED_PAUSE_MS) return;
    this.#seededAt = now;
    const { dnsSeeds } = this.#options.network;
    for (const name of dnsSeeds) this.#askSeed(name);
    // Without names to ask and nodes to join through there is nothing to wait for.
    const delayMs = dnsSeeds.length + this.#doors.size === 0 ? 0 : FIXED_SEEDS_DELAY_MS;
    this.#fixedSeedsAt = Math.min(this.#fixedSeedsAt, now + delayMs);
  }

  /** A name server that fails or hangs costs a line in the log. */
  #askSeed(name: string): void {
    const { env, transport } = this.#options;
    let isOver = false;
    const timer = env.after(DNS_TIMEOUT_MS, () => {
      isOver = true;
      this.#log.warn("a DNS seed does not answer", { seed: name });
    });
    transport.resolve(name).then(
      (hosts) => {
        timer.cancel();
        if (!isOver) this.#takeSeeds(name, hosts);
      },
      (error: Error) => {
        timer.cancel();
        if (!isOver) this.#log.warn("a DNS seed failed", { seed: name, error: error.message });
      },
    );
  }

  #takeSeeds(name: string, hosts: readonly string[]): void {
    const { network } = this.#options;
    let count = 0;
    for (const host of hosts.slice(0, MAX_DNS_ADDRESSES)) {
      const address = parseAddress(host);
      if (address && this.#add({ address, port: network.defaultPort }, ownSource(name))) count++;
    }
    this.#log.info("a DNS seed answered", { seed: name, addresses: hosts.length, new: count });
  }

  #useFixedSeeds(): void {
    const { fixedSeeds, defaultPort } = this.#options.network;
    for (const text of fixedSeeds) {
      const endpoint = this.#parseSeed(text, defaultPort);
      if (!endpoint) continue;
      const known = fromEndpoint(endpoint);
      if (known) this.#add(known, ownSource("fixed seeds"));
      else this.#addDoor(endpoint);
    }
    if (fixedSeeds.length > 0) this.#log.info("nobody else is known: the fixed seeds are used", {});
  }

  #parseSeed(text: string, defaultPort: number): TcpEndpoint | undefined {
    try {
      return parseHostPort(text, defaultPort);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#log.warn("a fixed seed is no address", { seed: text, error: error.message });
      return undefined;
    }
  }

  #add(peerAddress: PeerAddress, source: NetAddress): boolean {
    const { env, book } = this.#options;
    const now = this.#wallSeconds();
    const ageSeconds = MIN_SEED_AGE_SECONDS + env.random() * (MAX_SEED_AGE_SECONDS - MIN_SEED_AGE_SECONDS);
    const record = { ...peerAddress, services: SERVICES_OF_FULL_NODES, time: Math.floor(now - ageSeconds) };
    return book.add(record, source, now);
  }

  #wallSeconds(): number {
    return Math.floor(this.#options.env.wallClock() / MS_PER_SECOND);
  }
}
