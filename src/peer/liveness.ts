import { RemoteFault } from "../protocol/errors.ts";
import type { MessageOf } from "../protocol/messages.ts";
import {
  MAX_PING_TIMEOUT_MS,
  MIN_PING_TIMEOUT_MS,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  ROUND_TRIP_SAMPLES,
  TIMEOUT_ROUND_TRIPS,
} from "../protocol/connection_params.ts";
import { AwaitedAnswer } from "../util/awaited_answer.ts";
import { ByteReader } from "../util/bytes.ts";
import type { Env } from "../util/env.ts";
import { RoundTrips } from "../util/round_trips.ts";

const NONCE_SIZE_BYTES = 8;

const PING_BOUNDS = { initialMs: PING_TIMEOUT_MS, minMs: MIN_PING_TIMEOUT_MS, maxMs: MAX_PING_TIMEOUT_MS };

interface Pending {
  readonly nonce: bigint;
  readonly pong: AwaitedAnswer;
  /** False: the pong may have waited for us to read it. */
  readonly isMeasured: boolean;
}

/** Asks whether a peer is still there, and learns how far away it is. */
export class Liveness {
  readonly roundTrips = new RoundTrips(ROUND_TRIP_SAMPLES);
  readonly #network: RoundTrips;
  #pending: Pending | undefined;
  /** What the remote takes while nothing of it is read. */
  #taking: AwaitedAnswer | undefined;
  #nextPingAt = 0;

  /** `network` gathers the round trips of all peers; it serves those who have none of their own yet. */
  constructor(network: RoundTrips) {
    this.#network = network;
  }

  /**
   * The ping to send now, if one is due. `bytesIn`: what the remote has sent so far. Throws RemoteFault when the last
   * one was not answered in time.
   */
  tick(now: number, bytesIn: number, env: Pick<Env, "randomBytes">): MessageOf<"ping"> | undefined {
    if (this.#pending) {
      const { pong } = this.#pending;
      const allowed = this.roundTrips.timeoutMs(TIMEOUT_ROUND_TRIPS, PING_BOUNDS);
      if (!pong.isOverdue(now, bytesIn, allowed, MAX_PING_TIMEOUT_MS)) return undefined;
      const waited = now - pong.askedAt;
      throw new RemoteFault("ping-timeout", `no pong for ${Math.round(waited)} ms, ${Math.round(allowed)} allowed`);
    }
    if (now < this.#nextPingAt) return undefined;
    const nonce = new ByteReader(env.randomBytes(NONCE_SIZE_BYTES)).uint64();
    this.#pending = { nonce, pong: new AwaitedAnswer(now, bytesIn), isMeasured: true };
    this.#nextPingAt = now + PING_INTERVAL_MS;
    return { type: "ping", nonce };
  }

  /**
   * In place of `tick` while we read nothing from the remote: its pong may lie where we do not look. What it takes is
   * its sign of life then. `bytesOut`: what it has taken so far. Throws RemoteFault when it takes nothing for too long.
   */
  tickUnread(now: number, bytesOut: number, hasWaiting: boolean): void {
    if (!this.#taking || !hasWaiting) this.#taking = new AwaitedAnswer(now, bytesOut);
    if (!this.#taking.isOverdue(now, bytesOut, MAX_PING_TIMEOUT_MS, Number.POSITIVE_INFINITY)) return;
    throw new RemoteFault("too-slow", `takes nothing of what it asked for, for ${MAX_PING_TIMEOUT_MS} ms`);
  }

  /** We read on: the time for a pong that is still to come begins anew. */
  readOn(now: number, bytesIn: number): void {
    this.#taking = undefined;
    if (!this.#pending) return;
    this.#pending = { nonce: this.#pending.nonce, pong: new AwaitedAnswer(now, bytesIn), isMeasured: false };
  }

  /**
   * The round trip in milliseconds; undefined if none was measured, also for a pong that answers no ping of ours
   * (harmless; BIP31).
   */
  onPong(nonce: bigint, now: number): number | undefined {
    if (this.#pending?.nonce !== nonce) return undefined;
    const { pong, isMeasured } = this.#pending;
    this.#pending = undefined;
    if (!isMeasured) return undefined;
    const sampleMs = now - pong.askedAt;
    this.roundTrips.add(sampleMs);
    this.#network.add(sampleMs);
    return sampleMs;
  }
}
