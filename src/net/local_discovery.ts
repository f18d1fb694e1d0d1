import type { Endpoint, Multicast, MulticastSocket } from "../platform/types.ts";
import { parseAddress } from "../protocol/addresses.ts";
import {
  LOCAL_ANNOUNCE_JITTER,
  LOCAL_ANNOUNCE_MS,
  LOCAL_ANSWER_PAUSE_MS,
  LOCAL_ANSWER_SPREAD_MS,
  LOCAL_BURST,
  LOCAL_GROUP,
  LOCAL_LOG_INTERVAL_MS,
  LOCAL_PORT,
  LOCAL_RATE,
  MAX_LOCAL_INTERFACES,
  MAX_LOCAL_NODES,
} from "../protocol/local_discovery_params.ts";
import type { NetAddress } from "../protocol/messages.ts";
import type { LocalDiscoverySnapshot } from "../protocol/network_snapshots.ts";
import { SERVICES_OF_FULL_NODES } from "../protocol/service_flags.ts";
import { Allowance } from "../util/allowance.ts";
import { ByteReader } from "../util/bytes.ts";
import type { Env, Timer } from "../util/env.ts";
import { RareLog } from "../util/rare_log.ts";
import { TwoGenerationSet } from "../util/two_generation_set.ts";
import { MS_PER_SECOND } from "../util/units.ts";
import type { AddressBook } from "./address_book.ts";
import { decodeBeacon, encodeBeacon } from "./beacon.ts";
import { addressKey, formatPeerAddress, type PeerAddress } from "./peer_address.ts";

export interface LocalDiscoveryOptions {
  readonly env: Env;
  readonly book: AddressBook;
  readonly multicast: Multicast;
  /** Of the network: others are not heard. */
  readonly magic: number;
  /** Whether we leave an address alone: it is banned, or was found out. */
  readonly shuns: (address: NetAddress) => boolean;
}

/** One interface of ours. */
interface Link {
  /** Where we accept peers behind it; undefined: nowhere, so that we listen and say nothing. */
  readonly port: number | undefined;
  readonly socket: MulticastSocket;
  isJoined: boolean;
}

const GROUP = { host: LOCAL_GROUP, port: LOCAL_PORT };
const ANY_HOST = "0.0.0.0";
const NONCE_BYTES = 8;

/**
 * Finds nodes on the local network, with nobody's help: each tells all others where it accepts peers, when it starts,
 * then once a minute, and once more when a newcomer is heard. What is heard becomes an address of the book like those of
 * gossip, told by itself: to be tried, and trusted in nothing. Interfaces are those that we listen on; they are looked
 * for again with each announcement, since a machine may move.
 */
export class LocalDiscovery {
  readonly #options: LocalDiscoveryOptions;
  readonly #log: RareLog;
  readonly #nonce: bigint;
  readonly #allowance: Allowance;
  /** Nodes that were heard, by address and nonce. */
  readonly #known = new TwoGenerationSet<string>(MAX_LOCAL_NODES);
  /** By the address of the interface. */
  readonly #links = new Map<string, Link>();
  readonly #counts = { sent: 0, found: 0, own: 0, foreign: 0, malformed: 0, limited: 0 };
  #listening: readonly Endpoint[] = [];
  #round: Timer | undefined;
  #answer: Timer | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: LocalDiscoveryOptions) {
    const { env } = options;
    this.#options = options;
    this.#log = new RareLog(env.logger("discovery"), () => env.now(), LOCAL_LOG_INTERVAL_MS);
    this.#nonce = new ByteReader(env.randomBytes(NONCE_BYTES)).uint64();
    this.#allowance = new Allowance(LOCAL_BURST, LOCAL_RATE, env.now());
  }

  get snapshot(): LocalDiscoverySnapshot {
    const interfaces = [...this.#links].filter(([, { isJoined }]) => isJoined).map(([address]) => address);
    return { interfaces, ...this.#counts };
  }

  /** `listening`: where we accept peers; where that is nowhere, we hear of others on all interfaces and say nothing. */
  start(listening: readonly Endpoint[]): void {
    this.#listening = listening;
    this.#announceOften();
  }

  stop(): void {
    this.#round?.cancel();
    this.#answer?.cancel();
    for (const { socket } of this.#links.values()) socket.close();
    this.#links.clear();
  }

  #announceOften(): void {
    const { env } = this.#options;
    this.#announce();
    this.#followInterfaces();
    const share = 1 + LOCAL_ANNOUNCE_JITTER * (env.random() - 1 / 2);
    this.#round = env.after(LOCAL_ANNOUNCE_MS * share, () => this.#announceOften());
  }

  #announce(): void {
    for (const link of this.#links.values()) this.#announceOn(link);
  }

  #announceOn({ socket, port, isJoined }: Link): void {
    if (!isJoined || port === undefined) return;
    socket.send(encodeBeacon(this.#options.magic, { port, nonce: this.#nonce }));
    this.#counts.sent++;
  }

  #followInterfaces(): void {
    const wanted = this.#wantedLinks();
    for (const [address, { socket, port }] of this.#links) {
      if (wanted.has(address) && wanted.get(address) === port) continue;
      socket.close();
      this.#links.delete(address);
    }
    for (const [address, port] of wanted) if (!this.#links.has(address)) this.#join(address, port);
    if (wanted.size > 0) return;
    const reason = "there is no IPv4 address to accept peers at";
    this.#log.write("warn", "none", "nodes on the local network are not looked for", () => ({ reason }));
  }

  /** The port to announce, by address of the interface. */
  #wantedLinks(): Map<string, number | undefined> {
    const { multicast } = this.#options;
    const wanted = new Map<string, number | undefined>();
    const hears = (host: string, port: number | undefined) => {
      for (const address of multicast.interfacesOf(host)) {
        if (!wanted.has(address) && wanted.size < MAX_LOCAL_INTERFACES) wanted.set(address, port);
      }
    };
    if (this.#listening.length === 0) hears(ANY_HOST, undefined);
    for (const endpoint of this.#listening) if ("port" in endpoint) hears(endpoint.host, endpoint.port);
    return wanted;
  }

  #join(address: string, port: number | undefined): void {
    const socket = this.#options.multicast.join(GROUP, address, {
      joined: () => {
        link.isJoined = true;
        this.#announceOn(link);
      },
      received: (bytes, from) => this.#onDatagram(bytes, from),
      failed: (error) => {
        this.#links.delete(address);
        this.#log.write(
          "warn",
          "failed",
          "nodes on the local network are not heard: no multicast on an interface",
          () => {
            return { interface: address, error: error.message };
          },
        );
      },
    });
    const link: Link = { port, socket, isJoined: false };
    this.#links.set(address, link);
  }

  #onDatagram(bytes: Uint8Array, from: string): void {
    const { env, magic } = this.#options;
    if (!this.#allowance.take(1, env.now())) return void this.#counts.limited++;
    const beacon = decodeBeacon(magic, bytes);
    if (typeof beacon === "string") return void this.#counts[beacon]++;
    if (beacon.nonce === this.#nonce) return void this.#counts.own++;
    const address = parseAddress(from);
    if (address) this.#onNode({ address, port: beacon.port }, beacon.nonce);
  }

  #onNode(node: PeerAddress, nonce: bigint): void {
    const { env, book, shuns } = this.#options;
    if (shuns(node.address)) return;
    const now = Math.floor(env.wallClock() / MS_PER_SECOND);
    // Who said in a handshake what it serves is not taken for more because it speaks again.
    const services = book.get(node)?.services ?? SERVICES_OF_FULL_NODES;
    book.add({ ...node, services, time: now }, node.address, now);
    if (!this.#known.add(`${addressKey(node)}${nonce}`)) return;
    this.#counts.found++;
    this.#log.write("info", "found", "a node on the local network", () => ({ address: formatPeerAddress(node) }));
    this.#answerSoon();
  }

  /** One answer is for all: who came while another was due, or a moment ago, waits for the next. */
  #answerSoon(): void {
    if (this.#answer) return;
    const { env } = this.#options;
    const dueMs = Math.max(0, this.#answeredAt + LOCAL_ANSWER_PAUSE_MS - env.now());
    this.#answer = env.after(dueMs + env.random() * LOCAL_ANSWER_SPREAD_MS, () => {
      this.#answer = undefined;
      this.#answeredAt = env.now();
      this.#announce();
    });
  }
}
