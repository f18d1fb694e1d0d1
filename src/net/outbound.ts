import type { TcpEndpoint } from "../platform/types.ts";
import { LocalError } from "../protocol/errors.ts";
import {
  DIAL_TIMEOUT_MS,
  MAX_DIAL_TIMEOUT_MS,
  MIN_DIAL_TIMEOUT_MS,
  TIMEOUT_ROUND_TRIPS,
} from "../protocol/connection_params.ts";
import { MAX_SECOND_ENDPOINTS } from "../protocol/peer_params.ts";
import type { Line, Lines } from "../peer/line.ts";
import type { Peer } from "../peer/peer.ts";
import type { OutboundKind } from "../peer/peer_options.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import type { RoundTrips } from "../util/round_trips.ts";
import { identifyHost } from "./host_identity.ts";
import type { Refusals } from "./refusals.ts";
import type { Reputation } from "./reputation.ts";

export interface OutboundOptions {
  readonly lines: Lines;
  readonly reputation: Reputation;
  readonly refusals: Refusals;
  /** Peers that the owner may have dialled at a time. */
  readonly maxManual: number;
  /** Round trips of all peers together. */
  readonly roundTrips: RoundTrips;
  /** Aborted: no dial begins or goes on. */
  readonly signal: AbortSignal;
  /** Makes a peer of the connection; resolves once the handshake is done. */
  readonly shakeHands: (line: Line, endpoint: TcpEndpoint, kind: OutboundKind) => Promise<Peer>;
}

interface Entry {
  /** The endpoint as it was dialled. */
  readonly key: string;
  kind: OutboundKind;
  readonly dialling: Promise<Peer>;
  /** Undefined until its handshake is done. */
  peer: Peer | undefined;
  /** `host:port` of the remote, as the connection has it; undefined until there is one. */
  remote: string | undefined;
}

const DIAL_BOUNDS = { initialMs: DIAL_TIMEOUT_MS, minMs: MIN_DIAL_TIMEOUT_MS, maxMs: MAX_DIAL_TIMEOUT_MS };

/** Dials under way and outbound peers, by endpoint: whoever wants the same endpoint shares one connection. */
export class Outbound {
  readonly #options: OutboundOptions;
  /** By the endpoint as it was dialled. */
  readonly #entries = new Map<string, Entry>();
  /** Endpoints that lead to nodes with which another connection stands, the newest last. */
  readonly #seconds = new Map<string, Peer>();

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  has(endpoint: TcpEndpoint): boolean {
    const key = formatEndpoint(endpoint);
    return this.#entries.has(key) || this.#seconds.has(key) || this.#leadingTo(key) !== undefined;
  }

  dial(endpoint: TcpEndpoint, kind: OutboundKind): Promise<Peer> {
    const key = formatEndpoint(endpoint);
    const known = this.#entries.get(key) ?? this.#leadingTo(key);
    if (known && !isTooNarrow(known, kind)) return strengthen(known, kind);
    const obstacle = this.#obstacle(endpoint, kind);
    if (obstacle) return Promise.reject(obstacle);
    if (known) this.#entries.delete(known.key);
    const entry: Entry = { key, kind, dialling: this.#dial(endpoint, key), peer: undefined, remote: undefined };
    this.#entries.set(key, entry);
    entry.dialling.then((peer) => this.#onDialled(entry, peer), () => this.#drop(entry));
    if (known) this.#replace(known, entry);
    return entry.dialling;
  }

  /** Ends a connection that we dialled: the other one is to the same node, and its endpoint counts as dialled while it stands. */
  endSecond(peer: Peer, other: Peer): void {
    const key = formatEndpoint(peer.dialled);
    this.#options.refusals.note("duplicate", key);
    this.#seconds.delete(key);
    this.#seconds.set(key, other);
    const [oldest] = this.#seconds.keys();
    if (this.#seconds.size > MAX_SECOND_ENDPOINTS) this.#seconds.delete(oldest!);
    peer.close("another connection leads to the same node");
  }

  /** The peer is gone. */
  forget(peer: Peer): void {
    for (const [key, other] of this.#seconds) if (other === peer) this.#seconds.delete(key);
    for (const entry of this.#entries.values()) if (entry.peer === peer) return this.#drop(entry);
  }

  #onDialled(entry: Entry, peer: Peer): void {
    entry.peer = peer;
    // A name that led to a peer that was there is no connection of its own; and one may end as soon as it stands.
    if (formatEndpoint(peer.dialled) !== entry.key || peer.isOver) this.#drop(entry);
  }

  #drop(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }

  /** What the handshake of the old one said stays said, so it ends; where there is no new one, it stays. */
  #replace(old: Entry, { dialling }: Entry): void {
    const onFailure = () => {
      if (old.peer && !old.peer.isOver && !this.#entries.has(old.key)) this.#entries.set(old.key, old);
    };
    dialling.then(async () => {
      const peer = await old.dialling;
      peer.close("a connection for everything takes its place");
    }).catch(onFailure);
  }

  #obstacle(endpoint: TcpEndpoint, kind: OutboundKind): LocalError | undefined {
    const where = formatEndpoint(endpoint);
    const { signal, maxManual } = this.#options;
    if (signal.aborted) return stopped(where);
    const manual = [...this.#entries.values()].filter((entry) => entry.kind === "manual").length;
    if (kind === "manual" && manual >= maxManual) {
      return new LocalError("limit", `Cannot dial ${where}: ${maxManual} outbound peers is the limit (--max-outbound)`);
    }
    return this.#refuse(endpoint, where, kind);
  }

  /** A ban holds for everybody; what an address did is no matter where the owner asks for it. */
  #refuse(endpoint: TcpEndpoint, where: string, kind: OutboundKind): LocalError | undefined {
    const { reputation, refusals } = this.#options;
    const identity = identifyHost(endpoint.host);
    const standing = reputation.standing(identity);
    if (standing === "good" || (standing === "discouraged" && kind === "manual")) return undefined;
    if (reputation.permissions(identity).has("noban")) return undefined;
    refusals.note(standing, where);
    const hint = standing === "banned" ? " (p2p inspect unban lifts it)" : "";
    return new LocalError("banned", `Cannot dial ${where}: its address is ${standing}${hint}`);
  }

  async #dial(endpoint: TcpEndpoint, key: string): Promise<Peer> {
    const { lines, signal, roundTrips, refusals, shakeHands } = this.#options;
    const timeoutMs = roundTrips.timeoutMs(TIMEOUT_ROUND_TRIPS, DIAL_BOUNDS);
    const line = await lines.dial(endpoint, { timeoutMs, signal });
    const kind = this.#entries.get(key)?.kind ?? "manual";
    const other = this.#leadingTo(formatEndpoint(line.remote));
    const remote = { ...endpoint, ..."host" in line.remote && line.remote };
    const refusal = signal.aborted ? stopped(key) : this.#refuse(remote, key, kind);
    if (refusal || other) line.abort();
    if (refusal) throw refusal;
    if (other) {
      refusals.note("duplicate", key);
      return strengthen(other, kind);
    }
    const entry = this.#entries.get(key);
    if (entry) entry.remote = formatEndpoint(line.remote);
    return shakeHands(line, endpoint, kind);
  }

  /** The entry of a connection to this remote, whatever name was dialled. */
  #leadingTo(remote: string): Entry | undefined {
    for (const entry of this.#entries.values()) if (entry.remote === remote) return entry;
    return undefined;
  }
}

/** Whether a connection for blocks only stands where one for everything is wanted. */
function isTooNarrow(known: Entry, kind: OutboundKind): boolean {
  return known.kind === "block-only" && (kind === "manual" || kind === "full");
}

/** Of two purposes, the owner's wish comes first; a feeler gives way to any. */
async function strengthen(entry: Entry, kind: OutboundKind): Promise<Peer> {
  const isStronger = (kind === "manual" && entry.kind !== "manual") || (kind === "full" && entry.kind === "feeler");
  if (isStronger) entry.kind = kind;
  const peer = await entry.dialling;
  if (peer.kind !== entry.kind && (entry.kind === "manual" || entry.kind === "full")) peer.become(entry.kind);
  return peer;
}

function stopped(where: string): LocalError {
  return new LocalError("stopped", `Cannot dial ${where}: the node is stopped`);
}
