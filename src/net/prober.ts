import {
  MAX_PROBE_INTERVAL_SECONDS,
  PROBE_INTERVAL_SECONDS,
  PROBE_LINGER_MS,
  PROBE_SCAN,
  SEED_PROBES,
} from "../protocol/address_params.ts";
import type { Peer } from "../peer/peer.ts";
import type { TcpEndpoint } from "../platform/types.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import type { Env, Logger } from "../util/env.ts";
import type { AddressBook, KnownAddress } from "./address_book.ts";
import { toEndpoint } from "./peer_address.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface ProberOptions {
  readonly env: Env;
  readonly book: AddressBook;
  readonly peers: ProberPeers;
}

/** What a prober needs of the registry of peers. */
export interface ProberPeers {
  dial(endpoint: TcpEndpoint, kind: "feeler"): Promise<Peer>;
  isDialled(endpoint: TcpEndpoint): boolean;
}

/** Dials the addresses of a seed's book in turn, to know which of them can be recommended. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #log: Logger;
  #active = 0;
  /** Where the search for due addresses goes on. */
  #cursor = 0;
  #isStopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#log = options.env.logger("prober");
  }

  /** Starts what is due, as far as there are places. */
  tick(): void {
    const { book, env } = this.#options;
    const now = Math.floor(env.wallClock() / MS_PER_SECOND);
    for (let looked = 0; looked < Math.min(PROBE_SCAN, book.size) && this.#active < SEED_PROBES; looked++) {
      const known = book.at(this.#cursor++ % book.size);
      if (known && isDue(known, now)) this.#probe(known, now);
    }
  }

  /** No probe begins from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  #probe(known: KnownAddress, now: number): void {
    const { book, peers } = this.#options;
    const endpoint = toEndpoint(known);
    if (this.#isStopped || peers.isDialled(endpoint)) return;
    this.#active++;
    book.attempt(known, now);
    peers.dial(endpoint, "feeler").then(
      (peer) => this.#onAnswer(known, peer),
      (error: Error) => this.#onFailure(known, error),
    );
  }

  #onAnswer(known: KnownAddress, peer: Peer): void {
    const { book, env } = this.#options;
    const now = Math.floor(env.wallClock() / MS_PER_SECOND);
    book.good(known, now);
    book.setServices(known, peer.agreement?.version.services ?? 0n);
    book.connected(known, now);
    book.probed(known, true, now);
    // The place is free once the peer has had time to answer our getaddr.
    env.after(PROBE_LINGER_MS, () => {
      this.#active--;
      if (peer.kind === "feeler") peer.close("probed");
    });
  }

  #onFailure(known: KnownAddress, error: Error): void {
    const { book, env } = this.#options;
    this.#active--;
    if (this.#isStopped) return;
    const now = Math.floor(env.wallClock() / MS_PER_SECOND);
    this.#log.debug("a probe failed", { address: formatEndpoint(toEndpoint(known)), error: error.message });
    book.failed(known, now);
    book.probed(known, false, now);
  }
}

/** One that fails is probed half as often each time. A probe that lies ahead was noted by a clock that has gone back. */
function isDue({ uptime, attempts, lastTry }: KnownAddress, now: number): boolean {
  const interval = Math.min(
    MAX_PROBE_INTERVAL_SECONDS,
    PROBE_INTERVAL_SECONDS * 2 ** Math.min(attempts, MAX_DOUBLINGS),
  );
  const last = Math.max(uptime?.lastProbe ?? 0, lastTry);
  return last > now || now - last >= interval;
}

const MAX_DOUBLINGS = 16;
