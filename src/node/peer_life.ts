import type { Bus } from "../bus/bus.ts";
import type { BestChainChange, LedgerWatcher } from "../ledger/ledger.ts";
import type { Peer } from "../peer/peer.ts";
import type { CloseReason, PeerObserver } from "../peer/peer_options.ts";
import type { Message } from "../protocol/messages.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import { RARE_LOG_INTERVAL_MS } from "../protocol/params.ts";
import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import type { PeerChains } from "../services/peer_chains.ts";
import type { Service } from "../services/service.ts";
import type { Env, Logger } from "../util/env.ts";
import { RareLog } from "../util/rare_log.ts";
import type { Acquaintances } from "./acquaintances.ts";
import type { Connections } from "./connections.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { buildDispatch } from "./dispatch.ts";
import { snapshotPeer } from "./snapshot.ts";

export interface PeerLifeOptions {
  readonly env: Env;
  readonly bus: Bus<NodeEvents>;
  readonly peerChains: PeerChains;
}

/** Those who are told of peers; they are made after the peers' registry, which needs the observer. */
export interface PeerCircle {
  readonly connections: Connections;
  readonly acquaintances: Acquaintances;
  readonly services: readonly Service[];
}

/** Tells services and the owner of each peer, from handshake to end, and services of each message, of time and of the chain. */
export class PeerLife implements LedgerWatcher {
  readonly observer: PeerObserver<Peer> = {
    ready: (peer) => this.#onReady(peer),
    message: (peer, message) => this.#dispatch(peer, message),
    writable: (peer) => this.#services.forEach((service) => service.peerWritable?.(peer)),
    closed: (peer, reason) => this.#onClosed(peer, reason),
    ping: ({ id }) => this.#bus.publish("peer:ping", { peer: id }),
    pong: ({ id }, roundTripMs) => this.#bus.publish("peer:pong", { peer: id, roundTripMs }),
  };
  readonly #env: Env;
  readonly #log: Logger;
  /** Of those who never were peers: anybody can cause any number of them. */
  readonly #failures: RareLog;
  readonly #bus: Bus<NodeEvents>;
  readonly #peerChains: PeerChains;
  readonly #counts = { joined: 0, left: 0 };
  #circle: PeerCircle | undefined;
  #services: readonly Service[] = [];
  #dispatch: (peer: Peer, message: Message) => void = () => {};

  constructor({ env, bus, peerChains }: PeerLifeOptions) {
    this.#env = env;
    this.#log = env.logger("node");
    this.#failures = new RareLog(this.#log, () => env.now(), RARE_LOG_INTERVAL_MS);
    this.#bus = bus;
    this.#peerChains = peerChains;
  }

  /** Call it once, before the first connection. */
  attach(circle: PeerCircle): void {
    this.#circle = circle;
    this.#services = circle.services;
    this.#dispatch = buildDispatch(circle.services);
  }

  chainChanged(change: BestChainChange): void {
    this.#eachService((service) => service.chainChanged?.(change));
  }

  /** Timeouts of services. */
  tickServices(now: number): void {
    this.#eachService((service) => service.tick?.(now));
  }

  /** Handshakes done, and peers that left after theirs, since the start. */
  get counts(): { readonly joined: number; readonly left: number } {
    return this.#counts;
  }

  /** Bytes, about, that are held for a peer: what waits in its queues, and what services remember of it. */
  heldBytes(peer: Peer): number {
    let bytes = peer.mailbox.bytes + peer.outbox.bytes;
    for (const service of this.#services) bytes += service.heldBytes?.(peer) ?? 0;
    return bytes;
  }

  snapshot(peer: Peer): PeerSnapshot {
    const knownHeight = this.#peerChains.best(peer)?.height ?? 0;
    const score = this.#circle?.connections.score(peer) ?? 0;
    return snapshotPeer(peer, { knownHeight, score, heldBytes: this.heldBytes(peer) }, this.#env.now());
  }

  #onReady(peer: Peer): void {
    this.#counts.joined++;
    this.#peerChains.add(peer);
    const snapshot = this.snapshot(peer);
    const { id, direction, address, userAgent, height } = snapshot;
    this.#log.info("peer connected", { peer: id, direction, address, userAgent, height });
    this.#bus.publish("peer:connected", { peer: snapshot });
    for (const service of this.#services) service.peerReady?.(peer);
  }

  #onClosed(peer: Peer, reason: CloseReason): void {
    if (peer.agreement) this.#onLeft(peer, reason);
    else this.#noteFailure(peer, reason);
    this.#peerChains.remove(peer);
    this.#circle?.acquaintances.peerClosed(peer);
    this.#circle?.connections.peerClosed(peer);
  }

  #onLeft(peer: Peer, reason: CloseReason): void {
    this.#counts.left++;
    const snapshot = this.snapshot(peer);
    const { id, direction, address } = snapshot;
    this.#log.info("peer disconnected", { peer: id, direction, address, reason: reason.code, detail: reason.detail });
    this.#bus.publish("peer:disconnected", { peer: snapshot, reason: reason.code });
    this.#eachService((service) => service.peerClosed?.(peer));
  }

  /** Who dialled hears of it as well; all are counted by reason. */
  #noteFailure({ id, direction, dialled }: Peer, { code, detail }: CloseReason): void {
    this.#failures.write("info", `${direction} ${code}`, "a connection ended before its handshake", () => {
      return { peer: id, direction, address: formatEndpoint(dialled), reason: code, detail };
    });
  }

  /** Outside a peer's turn, where nobody else catches: a bug in one service costs that call, and the node lives. */
  #eachService(call: (service: Service) => void): void {
    for (const service of this.#services) {
      try {
        call(service);
      } catch (error) {
        const stack = error instanceof Error ? error.stack : String(error);
        this.#log.error("internal error in a service", { service: service.name, stack });
      }
    }
  }
}
