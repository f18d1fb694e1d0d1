import type { TcpEndpoint } from "../platform/types.ts";
import { STABLE_CONNECTION_MS } from "../protocol/peer_params.ts";
import type { Peer } from "../peer/peer.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { backoffMs } from "./backoff.ts";

export interface DialerOptions {
  readonly env: Env;
  /** Rejects where no peer was made. */
  readonly dial: (endpoint: TcpEndpoint) => Promise<Peer>;
}

interface Target {
  readonly endpoint: TcpEndpoint;
  /** Dials since the last connection that lasted. */
  failures: number;
  timer: Timer | undefined;
}

/** Keeps connections to chosen endpoints: dials again after each loss, with growing pauses and jitter. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #log: Logger;
  readonly #targets = new Map<string, Target>();
  #stopped = false;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#log = options.env.logger("net");
  }

  /** Dials now, and again whenever the connection is lost. */
  keep(endpoint: TcpEndpoint): void {
    const key = formatEndpoint(endpoint);
    if (this.#stopped || this.#targets.has(key)) return;
    const target: Target = { endpoint, failures: 0, timer: undefined };
    this.#targets.set(key, target);
    this.#dial(target);
  }

  /** Tell it of every outbound peer that closed. */
  peerClosed(peer: Peer): void {
    if (peer.direction !== "outbound") return;
    const target = this.#targets.get(formatEndpoint(peer.dialled));
    // A peer that closed during its handshake is seen by the dial that waits for it.
    if (!target || !peer.agreement) return;
    const isStable = this.#options.env.now() - peer.connectedAt >= STABLE_CONNECTION_MS;
    target.failures = isStable ? 0 : target.failures + 1;
    this.#schedule(target);
  }

  /** Dials it no longer when it is lost. */
  release(endpoint: TcpEndpoint): void {
    const key = formatEndpoint(endpoint);
    this.#targets.get(key)?.timer?.cancel();
    this.#targets.delete(key);
  }

  /** Dials at once everybody who is waited for: the network may have changed. */
  hurry(): void {
    for (const target of this.#targets.values()) {
      if (!target.timer) continue;
      target.timer.cancel();
      this.#dial(target);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const target of this.#targets.values()) target.timer?.cancel();
    this.#targets.clear();
  }

  #dial(target: Target): void {
    target.timer = undefined;
    this.#options.dial(target.endpoint).catch((error: Error) => this.#onFailure(target, error));
  }

  /** The first failure is news; the same again is only for those who look closely. */
  #onFailure(target: Target, error: Error): void {
    if (this.#targets.get(formatEndpoint(target.endpoint)) !== target) return;
    const level = target.failures === 0 ? "warn" : "debug";
    this.#log[level](error.message, { address: formatEndpoint(target.endpoint), attempt: target.failures + 1 });
    target.failures++;
    this.#schedule(target);
  }

  #schedule(target: Target): void {
    const { env } = this.#options;
    const isWanted = this.#targets.get(formatEndpoint(target.endpoint)) === target;
    if (!isWanted || target.timer) return;
    target.timer = env.after(backoffMs(target.failures, env.random()), () => this.#dial(target));
  }
}
