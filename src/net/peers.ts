import type { Endpoint, Listener, TcpEndpoint } from "../platform/types.ts";
import { type FaultCode, LocalError, RemoteFault } from "../protocol/errors.ts";
import type { Message, MessageOf } from "../protocol/messages.ts";
import { ROUND_TRIP_SAMPLES } from "../protocol/connection_params.ts";
import { SHUTDOWN_DRAIN_MS } from "../protocol/params.ts";
import { PENALTIES } from "../protocol/penalties.ts";
import { NO_PERMISSIONS, type Permissions } from "../protocol/permissions.ts";
import type { ConnectionCounts, TrafficSnapshot } from "../protocol/peer_snapshots.ts";
import type { Line, Lines } from "../peer/line.ts";
import type { Peer } from "../peer/peer.ts";
import type { CloseReason, ConnectionKind, OutboundKind, PeerObserver } from "../peer/peer_options.ts";
import { createPeerTimes } from "../peer/peer_times.ts";
import { ByteReader } from "../util/bytes.ts";
import type { Env } from "../util/env.ts";
import { RoundTrips } from "../util/round_trips.ts";
import type { WireCodec } from "../wire/codec.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { identifyHost } from "./host_identity.ts";
import { Inbound, type InboundLimits } from "./inbound.ts";
import { Outbound } from "./outbound.ts";
import { Refusals } from "./refusals.ts";
import { secondConnection } from "./second_connection.ts";
import type { Reputation } from "./reputation.ts";
import { Traffic } from "./traffic.ts";

export interface PeersOptions extends InboundLimits {
  readonly env: Env;
  readonly lines: Lines;
  readonly codec: WireCodec;
  readonly maxOutbound: number;
  readonly reputation: Reputation;
  /** Numbers for network groups, keyed with a secret. */
  readonly groupKey: (group: string) => number;
  /** Our version message for a connection, with the given nonce. */
  readonly version: (line: Line, nonce: bigint, terms: Terms) => MessageOf<"version">;
  readonly observer: PeerObserver<Peer>;
}

/** The set of remote nodes that a node is connected to. */
export interface PeerSet {
  get(id: number): Peer | undefined;
  /** Peers whose handshake is done. */
  ready(): Iterable<Peer>;
  /**
   * Encodes once and queues the same frame for each ready peer that `wants` it. Returns how many took it; `refused` is
   * told of each whose queue did not.
   */
  broadcast(message: Message, wants?: (peer: Peer) => boolean, refused?: (peer: Peer) => void): number;
  /**
   * `claimant` says that it is the node that `first` said before it is: one of them ends, if that is for us to do.
   * `isOurIdLower`: than that node's.
   */
  meetAgain(claimant: Peer, first: Peer, isOurIdLower: boolean): void;
}

/** What a connection is about, and what the other side may do on it. */
export type Terms = Pick<Peer, "isBlockOnly" | "permissions">;

/** A dial that waits for its handshake. */
interface Waiting {
  readonly resolve: (peer: Peer) => void;
  readonly reject: (error: Error) => void;
}

const NONCE_SIZE_BYTES = 8;

/** Creates peers from connections of both directions, holds them to the limits, and keeps the registry. */
export class Peers implements PeerSet {
  readonly times = createPeerTimes();
  readonly roundTrips = new RoundTrips(ROUND_TRIP_SAMPLES);
  readonly #options: PeersOptions;
  readonly #peers = new Map<number, Peer>();
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #refusals: Refusals;
  /** One for all of them. */
  readonly #observer: PeerObserver<Peer>;
  /** Nonces of handshakes under way: a version message that carries one comes from ourselves. */
  readonly #nonces = new Map<number, bigint>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended = new Map<string, number>();
  readonly #past = new Traffic();
  readonly #stop = new AbortController();
  #evicted = 0;
  #nextId = 1;
  #onLastPeer: (() => void) | undefined;

  constructor(options: PeersOptions) {
    const { env, lines, reputation } = options;
    this.#options = options;
    this.#inbound = new Inbound(options);
    this.#refusals = new Refusals(env);
    this.#observer = this.#observe();
    this.#outbound = new Outbound({
      lines,
      reputation,
      refusals: this.#refusals,
      maxManual: options.maxOutbound,
      roundTrips: this.roundTrips,
      signal: this.#stop.signal,
      shakeHands: (line, endpoint, kind) => this.#shakeHands(line, endpoint, kind),
    });
  }

  get size(): number {
    return this.#peers.size;
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

  counts(): ConnectionCounts {
    return { refused: this.#refusals.counts(), evicted: this.#evicted, ended: Object.fromEntries(this.#ended) };
  }

  /** What went over all connections since the start. */
  traffic(): TrafficSnapshot {
    return this.#past.snapshot(this.#peers.values());
  }

  broadcast(
    message: Message,
    wants: (peer: Peer) => boolean = () => true,
    refused: (peer: Peer) => void = () => {},
  ): number {
    let frame: Uint8Array | undefined;
    let count = 0;
    for (const peer of this.ready()) {
      if (!wants(peer)) continue;
      frame ??= this.#options.codec.encode(message);
      if (peer.sendFrame(message.type, frame)) count++;
      else refused(peer);
    }
    return count;
  }

  /** Takes peers on an address from now on. Rejects with LocalError if it cannot be had. */
  listen(endpoint: Endpoint): Promise<Listener> {
    return this.#options.lines.listen(endpoint, (line) => this.#accept(line));
  }

  /** Takes a connection that a stranger opened, or refuses it. Where the table is full, the least deserving leaves. */
  #accept(line: Line): void {
    if (this.#stop.signal.aborted) return line.abort();
    const admission = this.#inbound.admit(line.remote);
    if (admission.kind === "refused") {
      this.#refusals.note(admission.reason, formatEndpoint(line.remote), admission.limit);
      return line.abort();
    }
    if (admission.leaves) {
      this.#evicted++;
      // Cut, not closed: whoever does not read would hold two places until the last bytes are given up.
      admission.leaves.abort("evicted: the table of inbound peers is full (--max-inbound)");
    }
    this.#add(line, "inbound", admission.permissions);
  }

  /**
   * Connects to an endpoint and shakes hands. A live connection to the same endpoint is reused; it then serves the
   * stronger purpose. Rejects with LocalError where nothing answers, the limit is reached or the address is banned,
   * RemoteFault where the handshake fails.
   */
  dial(endpoint: TcpEndpoint, kind: OutboundKind = "manual"): Promise<Peer> {
    return this.#outbound.dial(endpoint, kind);
  }

  /** Whether a connection to the endpoint is there or under way. */
  isDialled(endpoint: TcpEndpoint): boolean {
    return this.#outbound.has(endpoint);
  }

  meetAgain(claimant: Peer, first: Peer, isOurIdLower: boolean): void {
    const second = secondConnection(claimant, first, isOurIdLower);
    if (second) this.#outbound.endSecond(second, second === claimant ? first : claimant);
  }

  tick(now: number): void {
    for (const peer of this.#peers.values()) peer.tick(now);
  }

  /** Ends at once what waits for the network: no dial is under way and nobody is let in from now on. */
  interrupt(): void {
    this.#stop.abort();
  }

  /** Interrupts, sends each peer what is queued for it, and resolves once all are gone; who takes too long is cut. */
  async drain(): Promise<void> {
    this.interrupt();
    for (const peer of this.#peers.values()) peer.close("the node stops");
    if (this.#peers.size === 0) return;
    const timer = this.#options.env.after(SHUTDOWN_DRAIN_MS, () => {
      for (const peer of this.#peers.values()) peer.abort("the node stops");
    });
    await new Promise<void>((resolve) => this.#onLastPeer = resolve);
    timer.cancel();
  }

  #shakeHands(line: Line, endpoint: TcpEndpoint, kind: OutboundKind): Promise<Peer> {
    const permissions = "path" in line.remote
      ? NO_PERMISSIONS
      : this.#options.reputation.permissions(identifyHost(line.remote.host));
    return new Promise((resolve, reject) => this.#add(line, kind, permissions, endpoint, { resolve, reject }));
  }

  #add(
    line: Line,
    kind: ConnectionKind,
    permissions: Permissions,
    dialled?: Endpoint,
    waiting?: Waiting,
  ): void {
    const { env, version } = this.#options;
    const id = this.#nextId++;
    const nonce = new ByteReader(env.randomBytes(NONCE_SIZE_BYTES)).uint64();
    const isBlockOnly = kind === "block-only";
    const peer = line.toPeer({
      id,
      kind,
      isBlockOnly,
      permissions,
      ...(dialled && { dialled }),
      handshake: {
        ourVersion: () => version(line, nonce, { isBlockOnly, permissions }),
        isOurNonce: (other) => this.#isOurNonce(other),
      },
      networkRoundTrips: this.roundTrips,
      observer: this.#observer,
      times: this.times,
    });
    this.#peers.set(id, peer);
    this.#nonces.set(id, nonce);
    if (kind === "inbound") this.#inbound.add(peer);
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
      ping: (peer) => observer.ping?.(peer),
      pong: (peer, roundTripMs) => observer.pong?.(peer, roundTripMs),
    };
  }

  #onClosed(peer: Peer, reason: CloseReason): void {
    this.#peers.delete(peer.id);
    this.#past.add(peer);
    this.#nonces.delete(peer.id);
    this.#inbound.remove(peer);
    this.#outbound.forget(peer);
    this.#ended.set(reason.code, (this.#ended.get(reason.code) ?? 0) + 1);
    if (isFault(reason.code)) this.#holdAgainst(peer, reason.code);
    this.#waiting.get(peer.id)?.reject(closeError(peer, reason));
    this.#waiting.delete(peer.id);
    this.#options.observer.closed(peer, reason);
    if (this.#peers.size === 0) this.#onLastPeer?.();
  }

  /** Peers that their owner chose keep their good name: it is his to end that. */
  #holdAgainst(peer: Peer, code: FaultCode): void {
    if ("path" in peer.remote || peer.kind === "manual" || peer.permissions.has("noban")) return;
    this.#options.reputation.blame(identifyHost(peer.remote.host), code);
  }

  /** Whoever sees it first tells the other end of the connection, which would only see it close. */
  #isOurNonce(nonce: bigint): boolean {
    for (const [id, own] of this.#nonces) {
      if (own !== nonce) continue;
      this.#peers.get(id)?.blame(new RemoteFault("self-connection", "our own nonce arrived at another connection"));
      return true;
    }
    return false;
  }
}

function isFault(code: CloseReason["code"]): code is FaultCode {
  return Object.hasOwn(PENALTIES, code);
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
