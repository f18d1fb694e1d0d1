import type { AddressSource } from "../net/address_source.ts";
import { Dialer } from "../net/dialer.ts";
import { createGroupKeys } from "../net/group_keys.ts";
import { identifyHost } from "../net/host_identity.ts";
import { Peers, type PeersOptions } from "../net/peers.ts";
import { Reputation } from "../net/reputation.ts";
import { Slots } from "../net/slots.ts";
import type { Peer } from "../peer/peer.ts";
import type { Endpoint, TcpEndpoint } from "../platform/types.ts";
import { LocalError } from "../protocol/errors.ts";
import { DEFAULT_BAN_MS, DEFAULT_MAX_PER_ADDRESS, DEFAULT_MAX_PER_GROUP } from "../protocol/peer_params.ts";
import type { BanSnapshot } from "../protocol/peer_snapshots.ts";
import { formatSubnet, parseSubnet, type Subnet, subnetHolds } from "../protocol/subnets.ts";
import type { Connectivity } from "../services/partition.ts";
import type { Logger } from "../util/env.ts";
import type { BanOptions, NodeOptions, NodeParts } from "./types.ts";

export interface ConnectionsOptions extends Pick<PeersOptions, "lines" | "codec" | "version" | "observer"> {
  readonly parts: NodeParts;
  readonly options: NodeOptions;
  /** Undefined: nobody is dialled but those whom the owner names. */
  readonly source: AddressSource | undefined;
  /** Whether a node with these services has what we lack. */
  readonly isUseful: (services: bigint) => boolean;
}

const SECRET_SIZE_BYTES = 32;

/** Everything that decides to whom a node is connected: the registry, those who dial, and what addresses did before. */
export class Connections {
  readonly peers: Peers;
  readonly reputation: Reputation;
  readonly #options: NodeOptions;
  readonly #parts: NodeParts;
  readonly #log: Logger;
  readonly #source: AddressSource | undefined;
  readonly #dialer: Dialer;
  readonly #slots: Slots | undefined;

  constructor({ parts, options, source, isUseful, lines, codec, version, observer }: ConnectionsOptions) {
    const { env, hasher, store } = parts;
    this.#options = options;
    this.#parts = parts;
    this.#source = source;
    this.#log = env.logger("net");
    this.reputation = new Reputation({ env, store, permits: options.permits ?? [] });
    this.peers = new Peers({
      env,
      lines,
      codec,
      maxInbound: options.maxInbound,
      maxOutbound: options.maxOutbound,
      maxPerAddress: options.maxPerAddress ?? DEFAULT_MAX_PER_ADDRESS,
      maxPerGroup: options.maxPerGroup ?? DEFAULT_MAX_PER_GROUP,
      reputation: this.reputation,
      groupKey: createGroupKeys(hasher, env.randomBytes(SECRET_SIZE_BYTES)),
      version,
      observer,
    });
    this.#dialer = new Dialer({ env, dial: (endpoint) => this.peers.dial(endpoint) });
    if (!source) return;
    const { reputation, peers } = this;
    const { maxOutbound } = options;
    this.#slots = new Slots({ env, source, reputation, store, peers, isUseful, maxOutbound });
  }

  /** For whoever notices that these connections are not enough. */
  get connectivity(): Connectivity {
    const { connect, join, maxOutbound } = this.#options;
    return {
      wantsPeers: maxOutbound > 0 && (this.#source !== undefined || connect.length + join.length > 0),
      reseed: () => {
        this.#source?.reseed(this.#parts.env.now());
        this.#dialer.hurry();
        this.#slots?.hurry();
      },
      setExtra: (count) => this.#slots?.setExtra(count),
      rotate: () => void this.#slots?.rotate(),
    };
  }

  /** Brings the bans back from the store. */
  load(): void {
    this.reputation.load();
  }

  start(): void {
    const { connect, join } = this.#options;
    // Where discovery is the source, those to join through are among its candidates: a way in, and no place to stay.
    const isDoor = this.#source !== undefined && this.#parts.addressSource === undefined;
    for (const endpoint of [...connect, ...isDoor ? [] : join]) this.#dialer.keep(endpoint);
    this.#slots?.start();
  }

  tick(now: number): void {
    this.peers.tick(now);
    this.#slots?.tick(now);
  }

  peerClosed(peer: Peer): void {
    this.#dialer.peerClosed(peer);
    this.#slots?.peerClosed(peer);
  }

  /** No dial begins any more; what waits for the network ends; peers get their last bytes. */
  async stop(): Promise<void> {
    this.#dialer.stop();
    this.#slots?.stop();
    await this.peers.drain();
  }

  /** Bans a subnet and ends the connections to it. Throws LocalError. */
  ban(text: string, { durationMs = DEFAULT_BAN_MS, reason = "" }: BanOptions): BanSnapshot {
    const subnet = readSubnet("ban", text);
    if (!(durationMs > 0 && durationMs <= MAX_BAN_MS)) {
      const why = `a ban lasts from a moment to ${MAX_BAN_YEARS} years`;
      throw new LocalError("bad-argument", `Cannot ban ${text}: ${why}: received ${durationMs} ms`);
    }
    const ban = this.reputation.ban(subnet, durationMs, reason);
    this.#parts.store.commit();
    for (const peer of [...this.peers.all()]) {
      if (isIn(subnet, peer.remote) && !peer.permissions.has("noban")) peer.abort(`banned: ${formatSubnet(subnet)}`);
    }
    if (!this.reputation.isSpared(subnet)) return ban;
    const warning = "addresses in it that have noban (--permit) are not affected";
    this.#log.warn("a ban spares peers", { subnet: ban.subnet, warning });
    return { ...ban, warning };
  }

  /** False if there was no such ban. Throws LocalError. */
  unban(text: string): boolean {
    const wasBanned = this.reputation.unban(readSubnet("unban", text));
    this.#parts.store.commit();
    return wasBanned;
  }

  /** False if there is no such peer. */
  disconnect(id: number): boolean {
    const peer = this.peers.get(id);
    if (!peer) return false;
    this.#log.info("the owner ends a connection", { peer: id });
    if ("port" in peer.dialled && peer.direction === "outbound") this.#dialer.release(peer.dialled);
    peer.close("the owner asked for it");
    return true;
  }

  /** Keeps a connection to the endpoint from now on. Resolves once it stands for the first time. */
  async connect(endpoint: TcpEndpoint): Promise<Peer> {
    const peer = await this.peers.dial(endpoint);
    // As the connection was dialled, which another name may have led to: by that it is lost, and given up.
    if ("port" in peer.dialled) this.#dialer.keep(peer.dialled);
    return peer;
  }

  score(peer: Peer): number {
    return "path" in peer.remote ? 0 : this.reputation.score(identifyHost(peer.remote.host));
  }
}

const MAX_BAN_YEARS = 100;
const MAX_BAN_MS = MAX_BAN_YEARS * 365.25 * 24 * 60 * 60 * 1000;

function readSubnet(what: string, text: string): Subnet {
  try {
    return parseSubnet(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LocalError("bad-argument", `Cannot ${what}: it ${error.message}: received ${text}`);
  }
}

function isIn(subnet: Subnet, endpoint: Endpoint): boolean {
  const address = "path" in endpoint ? undefined : identifyHost(endpoint.host).address;
  return address !== undefined && subnetHolds(subnet, address);
}
