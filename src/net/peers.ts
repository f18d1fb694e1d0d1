import type { Connection, Endpoint, TcpEndpoint, Transport } from "../platform/types.ts";
import { LocalError, RemoteFault } from "../protocol/errors.ts";
import type { Message, MessageOf } from "../protocol/messages.ts";
import { DIAL_TIMEOUT_MS, REFUSAL_LOG_INTERVAL_MS, ROUND_TRIP_SAMPLES } from "../protocol/params.ts";
import { Peer } from "../peer/peer.ts";
import type { CloseReason, ConnectionKind, PeerObserver } from "../peer/peer_options.ts";
import { Turns } from "../peer/turns.ts";
import { ByteReader } from "../util/bytes.ts";
import type { Env, Logger } from "../util/env.ts";
import { RoundTrips } from "../util/round_trips.ts";
import type { WireCodec } from "../wire/codec.ts";
import { formatEndpoint } from "../util/endpoint.ts";

export interface PeersOptions {
  readonly env: Env;
  readonly transport: Transport;
  readonly codec: WireCodec;
  readonly maxInbound: number;
  readonly maxOutbound: number;
  /** Our version message for a connection, with the given nonce. */
  readonly version: (connection: Connection, nonce: bigint) => MessageOf<"version">;
  readonly observer: PeerObserver<Peer>;
}

/** The set of remote nodes that a node is connected to. */
export interface PeerSet {
  /** Peers whose handshake is done. */
  ready(): Iterable<Peer>;
  /** Encodes once and queues the same frame for each ready peer that `wants` it. Returns how many took it. */
  broadcast(message: Message, wants?: (peer: Peer) => boolean): number;
}

interface Waiting {
  readonly resolve: (peer: Peer) => void;
  readonly reject: (error: Error) => void;
}

const NONCE_SIZE_BYTES = 8;

/** Creates peers from connections of both directions, holds them to the limits, and keeps the registry. */
export class Peers implements PeerSet {
  readonly roundTrips = new RoundTrips(ROUND_TRIP_SAMPLES);
  readonly #options: PeersOptions;
  readonly #log: Logger;
  readonly #turns: Turns;
  readonly #peers = new Map<number, Peer>();
  /** Nonces of handshakes under way: a version message that carries one comes from ourselves. */
  readonly #nonces = new Map<number, bigint>();
  /** Dials under way and outbound peers, by endpoint: one connection an endpoint. */
  readonly #outbound = new Map<string, Promise<Peer>>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #stop = new AbortController();
  #nextId = 1;
  #inbound = 0;
  #refused = 0;
  #lastRefusalLog = Number.NEGATIVE_INFINITY;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#log = options.env.logger("net");
    this.#turns = new Turns(options.env);
  }

  get size(): number {
    return this.#peers.size;
  }

  /** Inbound connections refused since the start because the limit was reached. */
  get refused(): number {
    return this.#refused;
  }

  all(): Iterable<Peer> {
    return this.#peers.values();
  }

  get(id: number): Peer | undefined {
    return this.#peers.get(id);
  }

  *ready(): Iterable<Peer> {
    for (const peer of this.#peers.values()) if (peer.state === "ready") yield peer;
  }

  broadcast(message: Message, wants: (peer: Peer) => boolean = () => true): number {
    let frame: Uint8Array | undefined;
    let count = 0;
    for (const peer of this.ready()) {
      if (!wants(peer)) continue;
      frame ??= this.#options.codec.encode(message);
      if (peer.sendFrame(message.type, frame)) count++;
    }
    return count;
  }

  /** Takes a connection that a stranger opened, or refuses it when the table is full. */
  accept(connection: Connection): void {
    if (this.#stop.signal.aborted) return connection.abort();
    if (this.#inbound >= this.#options.maxInbound) return this.#refuse(connection);
    this.#inbound++;
    this.#add(connection, "inbound");
  }

  /**
   * Connects to an endpoint and shakes hands. A live connection to the same endpoint is reused.
   * Rejects with LocalError where nothing answers or the limit is reached, RemoteFault where the handshake fails.
   */
  dial(endpoint: TcpEndpoint): Promise<Peer> {
    const key = formatEndpoint(endpoint);
    const known = this.#outbound.get(key);
    if (known) return known;
    if (this.#stop.signal.aborted) {
      return Promise.reject(new LocalError("stopped", `Cannot dial ${key}: the node is stopped`));
    }
    const { maxOutbound } = this.#options;
    if (this.#outbound.size >= maxOutbound) {
      const text = `Cannot dial ${key}: ${maxOutbound} outbound peers is the limit (--max-outbound)`;
      return Promise.reject(new LocalError("limit", text));
    }
    const dialling = this.#dial(endpoint);
    this.#outbound.set(key, dialling);
    dialling.catch(() => {
      if (this.#outbound.get(key) === dialling) this.#outbound.delete(key);
    });
    return dialling;
  }

  tick(now: number): void {
    for (const peer of this.#peers.values()) peer.tick(now);
  }

  /** Closes every peer in order, and refuses new ones. */
  close(): void {
    this.#stop.abort();
    for (const peer of this.#peers.values()) peer.close("the node stops");
  }

  /** Cuts what is still open. */
  abort(): void {
    for (const peer of this.#peers.values()) peer.abort("the node stops");
  }

  async #dial(endpoint: TcpEndpoint): Promise<Peer> {
    const { transport } = this.#options;
    const connection = await transport.dial(endpoint, { timeoutMs: DIAL_TIMEOUT_MS, signal: this.#stop.signal });
    if (this.#stop.signal.aborted) {
      connection.abort();
      throw new LocalError("stopped", `Cannot dial ${formatEndpoint(endpoint)}: the node is stopped`);
    }
    return new Promise((resolve, reject) => this.#add(connection, "manual", endpoint, { resolve, reject }));
  }

  #add(connection: Connection, kind: ConnectionKind, dialled?: Endpoint, waiting?: Waiting): void {
    const { env, codec, version } = this.#options;
    const id = this.#nextId++;
    const nonce = new ByteReader(env.randomBytes(NONCE_SIZE_BYTES)).uint64();
    const peer = new Peer({
      id,
      kind,
      connection,
      codec,
      env,
      turns: this.#turns,
      ...(dialled && { dialled }),
      handshake: { ourVersion: () => version(connection, nonce), isOurNonce: (other) => this.#isOurNonce(other) },
      networkRoundTrips: this.roundTrips,
      observer: this.#observe(),
    });
    this.#peers.set(id, peer);
    this.#nonces.set(id, nonce);
    if (waiting) this.#waiting.set(id, waiting);
    peer.start();
  }

  #observe(): PeerObserver<Peer> {
    const { observer } = this.#options;
    return {
      ready: (peer) => {
        this.#nonces.delete(peer.id);
        observer.ready(peer);
        this.#waiting.get(peer.id)?.resolve(peer);
        this.#waiting.delete(peer.id);
      },
      message: (peer, message) => observer.message(peer, message),
      writable: (peer) => observer.writable(peer),
      closed: (peer, reason) => this.#onClosed(peer, reason),
      pong: (peer, roundTripMs) => observer.pong?.(peer, roundTripMs),
    };
  }

  #onClosed(peer: Peer, reason: CloseReason): void {
    this.#peers.delete(peer.id);
    this.#nonces.delete(peer.id);
    if (peer.direction === "inbound") this.#inbound--;
    else this.#outbound.delete(formatEndpoint(peer.dialled));
    this.#waiting.get(peer.id)?.reject(closeError(peer, reason));
    this.#waiting.delete(peer.id);
    this.#options.observer.closed(peer, reason);
  }

  #isOurNonce(nonce: bigint): boolean {
    for (const own of this.#nonces.values()) if (own === nonce) return true;
    return false;
  }

  /** One line a minute, however many are refused. */
  #refuse(connection: Connection): void {
    this.#refused++;
    connection.abort();
    const now = this.#options.env.now();
    if (now - this.#lastRefusalLog < REFUSAL_LOG_INTERVAL_MS) return;
    this.#lastRefusalLog = now;
    this.#log.warn("inbound connections are refused: the table is full", {
      limit: this.#options.maxInbound,
      option: "--max-inbound",
      refusedInAll: this.#refused,
    });
  }
}

/** What a failed handshake rejects with. */
function closeError(peer: Peer, reason: CloseReason): Error {
  const where = formatEndpoint(peer.dialled);
  switch (reason.code) {
    case "closed-by-us":
      return new LocalError("stopped", `Cannot reach ${where}: ${reason.detail}`);
    case "closed-by-remote":
    case "connection-lost":
      return new RemoteFault("handshake-refused", `${where} ended the connection (${reason.detail})`);
    case "internal-error":
      return new Error(`Cannot reach ${where}: ${reason.detail}`);
    default:
      return new RemoteFault(reason.code, `${where}: ${reason.detail}`);
  }
}
