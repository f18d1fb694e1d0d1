import type { PeerSet } from "../../net/peers.ts";
import type { Peer } from "../../peer/peer.ts";
import type { MessageOf } from "../../protocol/messages.ts";
import type { RequestsSnapshot } from "../../protocol/app_snapshots.ts";
import type { Env } from "../../util/env.ts";
import type { Service } from "../service.ts";
import { IncomingRequests, type RequestHandler } from "./incoming.ts";
import { OutgoingRequests, type RequestOptions } from "./outgoing.ts";

export interface RequestsDeps {
  readonly env: Env;
  readonly peers: PeerSet;
}

/** Asks peers and answers them, for applications. */
export class Requests implements Service {
  readonly name = "requests";
  readonly handles = {
    request: (peer: Peer, message: MessageOf<"request">) => this.#incoming.onRequest(peer, message),
    response: (peer: Peer, message: MessageOf<"response">) => this.#outgoing.onResponse(peer, message),
    cancel: (peer: Peer, message: MessageOf<"cancel">) => this.#incoming.onCancel(peer, message),
  };
  readonly #outgoing: OutgoingRequests;
  readonly #incoming: IncomingRequests;

  constructor({ env, peers }: RequestsDeps) {
    this.#outgoing = new OutgoingRequests(env, peers);
    this.#incoming = new IncomingRequests(env);
  }

  request(peer: number, method: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return this.#outgoing.ask(peer, method, payload, options);
  }

  handle(method: string, handler: RequestHandler): Disposable {
    return this.#incoming.handle(method, handler);
  }

  snapshot(): RequestsSnapshot {
    const { pending, unmatched } = this.#outgoing;
    return {
      methods: this.#incoming.methods(),
      pending,
      unmatched,
      running: this.#incoming.running,
      ...this.#incoming.counts,
    };
  }

  peerClosed(peer: Peer): void {
    this.#outgoing.remove(peer);
    this.#incoming.remove(peer);
  }

  /** The node stops: whoever waits hears of it. */
  close(): void {
    this.#outgoing.close();
    this.#incoming.close();
  }
}
