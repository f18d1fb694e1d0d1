import type { Wish } from "../net/any_of.ts";
import type { CompiledRules } from "../net/balancing/rules.ts";
import { type DispatcherOptions, RequestDispatcher } from "../net/request_dispatcher.ts";
import type { DispatchOptions } from "../net/request_job.ts";
import type { PeerAbilities } from "../net/request_worker.ts";
import type { Peer } from "../peer/peer.ts";
import { takesApps } from "../peer/takes_apps.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import type { Env } from "../util/env.ts";
import type { Service } from "./service.ts";

export interface AnyOfRequestsDeps {
  readonly env: Env;
  readonly rules: CompiledRules;
  /** Shares of the work by a peer's name or region. */
  readonly weights: ReadonlyMap<string, number>;
  readonly region: string;
  readonly healthIntervalMs: number;
  /** Asks one peer. */
  readonly ask: DispatcherOptions["ask"];
}

/** Requests of applications to whichever peer answers them best. */
export class AnyOfRequests implements Service {
  readonly name = "any-of-requests";
  readonly handles = {};
  readonly dispatcher: RequestDispatcher;

  constructor(deps: AnyOfRequestsDeps) {
    this.dispatcher = new RequestDispatcher(deps);
  }

  peerReady(peer: Peer): void {
    if (!takesApps(peer)) return;
    const { id, direction, dialled } = peer;
    const name = formatEndpoint(dialled);
    // The port that it came from is chosen anew each time.
    const home = direction === "inbound" && "host" in dialled ? dialled.host : name;
    this.dispatcher.add({ id, name, home });
  }

  peerClosed(peer: Peer): void {
    this.dispatcher.remove(peer.id);
  }

  tick(now: number): void {
    this.dispatcher.tick(now);
  }

  /** What a peer says of itself. */
  describe(peer: Peer, abilities: PeerAbilities): void {
    this.dispatcher.describe(peer.id, abilities);
  }

  request(wish: Wish, method: string, payload: Uint8Array, options: DispatchOptions): Promise<Uint8Array> {
    return this.dispatcher.request(wish, method, payload, options);
  }

  close(): void {
    this.dispatcher.close();
  }
}
