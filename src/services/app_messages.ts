import type { Bus } from "../bus/bus.ts";
import type { PeerSet } from "../net/peers.ts";
import { checkBytes } from "../protocol/caller_checks.ts";
import type { Peer } from "../peer/peer.ts";
import { takesApps } from "../peer/takes_apps.ts";
import type { MessageOf } from "../protocol/messages.ts";
import type { AppMessagesSnapshot } from "../protocol/app_snapshots.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import type { Service } from "./service.ts";

export interface AppMessagesDeps {
  readonly bus: Bus<NodeEvents>;
  readonly peers: PeerSet;
}

/** Carries an application's bytes to one peer and from it, as they are. */
export class AppMessages implements Service {
  readonly name = "app-messages";
  readonly handles = { app: (peer: Peer, message: MessageOf<"app">) => this.#onApp(peer, message) };
  readonly #bus: Bus<NodeEvents>;
  readonly #peers: PeerSet;
  /** Whose outbox was full: the program waits to hear that it is not any more. */
  readonly #refused = new Set<number>();
  #received = 0;
  #unheard = 0;

  constructor({ bus, peers }: AppMessagesDeps) {
    this.#bus = bus;
    this.#peers = peers;
  }

  peerClosed(peer: Peer): void {
    this.#refused.delete(peer.id);
  }

  /** False if it was not queued: there is no such peer, it takes no such messages, or its lane is full. */
  send(id: number, payload: Uint8Array): boolean {
    checkBytes(`send to peer ${id}`, payload);
    const peer = this.#peers.get(id);
    if (!peer || !takesApps(peer)) return false;
    const isQueued = peer.send({ type: "app", payload });
    if (!isQueued && !peer.isOver) this.#awaitRoom(peer);
    return isQueued;
  }

  peerWritable(peer: Peer): void {
    if (this.#refused.delete(peer.id)) this.#bus.publish("peer:writable", { peer: peer.id });
  }

  /** Messages that a shard took, and that nobody listened to. */
  noteUnheard(count: number): void {
    this.#received += count;
    this.#unheard += count;
  }

  counts(): AppMessagesSnapshot {
    return { received: this.#received, unheard: this.#unheard };
  }

  #awaitRoom(peer: Peer): void {
    this.#refused.add(peer.id);
    peer.awaitRoom();
  }

  #onApp(peer: Peer, message: MessageOf<"app">): void {
    if (!takesApps(peer)) return;
    this.#received++;
    if (!this.#bus.hasSubscribers("app:message")) this.#unheard++;
    else this.#bus.publish("app:message", { peer: peer.id, payload: message.payload }, message.payload.length);
  }
}
