import type { Store, TcpEndpoint } from "../platform/types.ts";
import {
  BLOCK_ONLY_PATIENCE_MS,
  BLOCK_ONLY_PEERS,
  FEELER_INTERVAL_MS,
  FEW_PEERS,
  MAX_DIALS_UNDER_WAY,
  MAX_OWN_ENDPOINTS,
  SELECTIONS_PER_PLACE,
  STABLE_CONNECTION_MS,
} from "../protocol/peer_params.ts";
import { RemoteFault } from "../protocol/errors.ts";
import { serviceNames } from "../protocol/service_flags.ts";
import type { Peer } from "../peer/peer.ts";
import type { OutboundKind } from "../peer/peer_options.ts";
import { formatEndpoint, parseHostPort } from "../util/endpoint.ts";
import type { Env, Logger } from "../util/env.ts";
import { exponential } from "../util/portable_math.ts";
import { TwoGenerationSet } from "../util/two_generation_set.ts";
import type { AddressSource, SlotKind } from "./address_source.ts";
import { byUse } from "./by_use.ts";
import { identifyHost } from "./host_identity.ts";
import type { Reputation } from "./reputation.ts";
import { Resting } from "./resting.ts";

export interface SlotsOptions {
  readonly env: Env;
  readonly source: AddressSource;
  readonly reputation: Reputation;
  readonly store: Pick<Store, "anchors" | "putAnchors" | "commit">;
  readonly peers: SlotPeers;
  /** Whether a node with these services has what we lack: places are for such. */
  readonly isUseful: (services: bigint) => boolean;
  /** Outbound peers in all, besides one feeler; 0: nobody is dialled. */
  readonly maxOutbound: number;
}

/** What slots need of the registry of peers. */
export interface SlotPeers {
  all(): Iterable<Peer>;
  dial(endpoint: TcpEndpoint, kind: OutboundKind): Promise<Peer>;
  isDialled(endpoint: TcpEndpoint): boolean;
}

/** Kinds with a number of places to fill; the first is filled first: in a small network everything reaches everybody. */
const PLACED = ["full", "block-only"] as const satisfies readonly SlotKind[];
type PlacedKind = (typeof PLACED)[number];

/**
 * Keeps as many outbound peers of each kind as there are places, from candidates of an address source: no two of one
 * network group, none who is discouraged, none again too soon after a failure. One more connection, the feeler, tries
 * addresses; the last good one stays as a warm spare that takes the place of a lost peer at once. Peers for blocks only
 * are remembered as anchors, so that a restart leads back to somebody who was honest.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #log: Logger;
  /** Dials under way, by endpoint. */
  readonly #dialling = new Map<string, SlotKind>();
  readonly #resting: Resting;
  /** Endpoints at which we met ourselves. */
  readonly #ourselves = new TwoGenerationSet<string>(MAX_OWN_ENDPOINTS);
  #anchors: TcpEndpoint[] = [];
  #storedAnchors = "";
  #nextFeelerAt = Number.NEGATIVE_INFINITY;
  /** Places beyond the usual number, while the network looks wrong. */
  #extra = 0;
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#log = options.env.logger("net");
    this.#resting = new Resting(options.env);
  }

  start(): void {
    const { env, store } = this.#options;
    this.#state = "running";
    this.#anchors = store.anchors().map(readAnchor).filter((anchor) => anchor !== undefined);
    this.#nextFeelerAt = env.now() + this.#feelerPauseMs();
    this.tick(env.now());
  }

  /** Fills what is empty. Called once a second, and whenever a peer is lost. */
  tick(now: number): void {
    if (this.#state !== "running" || this.#options.maxOutbound === 0) return;
    this.#closeSurplus();
    this.#promoteSpare();
    while (this.#anchors.length > 0 && this.#hasRoom("block-only") && this.#dialOne("block-only", now));
    for (const kind of PLACED) while (this.#mayFill(kind) && this.#dialOne(kind, now));
    this.#widen(now);
    if (now >= this.#nextFeelerAt) this.#feel(now);
  }

  /** Tell it of every peer that closed. One that closes soon after each handshake is left alone longer each time. */
  peerClosed(peer: Peer): void {
    if (peer.direction !== "outbound" || this.#state !== "running") return;
    const now = this.#options.env.now();
    const key = formatEndpoint(peer.dialled);
    if (now - peer.connectedAt >= STABLE_CONNECTION_MS) this.#resting.forgive(key);
    if (peer.agreement) this.#resting.add(key, now);
    this.tick(now);
  }

  /** How many peers to have beyond the usual number. */
  setExtra(count: number): void {
    this.#extra = count;
    this.tick(this.#options.env.now());
  }

  /** Leaves nobody alone any longer: the network may have changed. Who fails again waits longer than before. */
  hurry(): void {
    const now = this.#options.env.now();
    this.#resting.endAll(now);
    this.tick(now);
  }

  /** Closes the peer that was of least use, so that somebody else takes its place. True if there was one. */
  rotate(): boolean {
    const worst = this.#peers("full").concat(this.#peers("block-only")).sort(byUse).at(-1);
    if (!worst) return false;
    this.#resting.add(formatEndpoint(worst.dialled), this.#options.env.now());
    worst.close("another peer is tried in its place");
    return true;
  }

  /** No dial begins from now on. Connections live on. */
  stop(): void {
    this.#saveAnchors();
    this.#state = "stopped";
  }

  /** Peers of a kind whose connection is not ending. */
  #peers(kind: OutboundKind): Peer[] {
    return [...this.#options.peers.all()].filter((peer) => peer.kind === kind && !peer.isOver);
  }

  /** Peers that the owner dialled take places of those that we chose. */
  #places(kind: PlacedKind): number {
    const free = Math.max(0, this.#options.maxOutbound - this.#peers("manual").length) + this.#extra;
    const blockOnly = Math.min(BLOCK_ONLY_PEERS, Math.floor(free / 2));
    return kind === "block-only" ? blockOnly : free - blockOnly;
  }

  #taken(kind: PlacedKind): number {
    return this.#peers(kind).length + [...this.#dialling.values()].filter((each) => each === kind).length;
  }

  #hasRoom(kind: PlacedKind): boolean {
    return this.#dialling.size < MAX_DIALS_UNDER_WAY && this.#taken(kind) < this.#places(kind);
  }

  /** Blocks alone are no way into a network: peers for nothing else come once a few stand that tell everything. */
  #mayFill(kind: PlacedKind): boolean {
    return this.#hasRoom(kind) && (kind === "full" || !this.#isCutShort());
  }

  /** Whether there are fewer than a few peers for everything, though there are places for them. */
  #isCutShort(): boolean {
    const places = this.#places("full");
    const manual = this.#peers("manual").filter(({ state }) => state === "ready").length;
    const full = this.#peers("full").filter(({ state }) => state === "ready").length;
    return full < places && manual + full < FEW_PEERS;
  }

  /** Where nobody else was found for a while, a peer for blocks becomes one for everything: by a new connection. */
  #widen(now: number): void {
    if (this.#dialling.size > 0 || !this.#isCutShort()) return;
    const isDue = (peer: Peer) => peer.state === "ready" && now - peer.connectedAt >= BLOCK_ONLY_PATIENCE_MS;
    const dialled = this.#peers("block-only").find(isDue)?.dialled;
    if (dialled && "port" in dialled) this.#dial(dialled, "full", now);
  }

  /** The least useful go where there are too many: the owner dialled somebody, or the network looks right again. */
  #closeSurplus(): void {
    for (const kind of PLACED) {
      const ready = this.#peers(kind).filter(({ state }) => state === "ready").sort(byUse);
      for (const peer of ready.slice(this.#places(kind))) peer.close("its place is needed (--max-outbound)");
    }
  }

  #promoteSpare(): void {
    const isShort = this.#peers("full").length < this.#places("full");
    const spare = isShort && this.#peers("feeler").find(({ state }) => state === "ready");
    if (!spare || this.#isGroupTaken(spare.remote)) return;
    spare.become("full");
    this.#log.debug("the spare takes a place", { peer: spare.id });
  }

  /** False if there is nobody to dial now. */
  #dialOne(kind: SlotKind, now: number): boolean {
    const endpoint = this.#choose(kind, now);
    if (!endpoint) return false;
    this.#dial(endpoint, kind, now);
    return true;
  }

  #choose(kind: SlotKind, now: number): TcpEndpoint | undefined {
    while (kind === "block-only" && this.#anchors.length > 0) {
      const anchor = this.#anchors.shift()!;
      if (this.#isEligible(anchor, kind, now)) return anchor;
    }
    for (let tries = 0; tries < SELECTIONS_PER_PLACE; tries++) {
      const candidate = this.#options.source.select(kind, now);
      if (!candidate) return undefined;
      if (this.#isEligible(candidate.endpoint, kind, now)) return candidate.endpoint;
    }
    return undefined;
  }

  #isEligible(endpoint: TcpEndpoint, kind: SlotKind, now: number): boolean {
    const { peers, reputation } = this.#options;
    const key = formatEndpoint(endpoint);
    if (this.#ourselves.has(key) || peers.isDialled(endpoint) || this.#isHere(endpoint)) return false;
    if (this.#resting.has(key, now)) return false;
    if (reputation.standing(identifyHost(endpoint.host)) !== "good") return false;
    return kind === "feeler" || !this.#isGroupTaken(endpoint);
  }

  /**
   * Whether somebody is connected from that very address, whoever dialled: most likely it is the same node, and on
   * Bitcoin's wire nothing would tell. Behind addresses that are not public there are many.
   */
  #isHere({ host }: TcpEndpoint): boolean {
    if (identifyHost(host).scope !== "global") return false;
    for (const { remote } of this.#options.peers.all()) if ("host" in remote && remote.host === host) return true;
    return false;
  }

  /** Addresses of this machine and of private networks have no owners to be told apart by. */
  #isGroupTaken(endpoint: Peer["remote"]): boolean {
    if ("path" in endpoint) return false;
    const { group, scope } = identifyHost(endpoint.host);
    if (scope !== "global") return false;
    const taken = [...this.#peers("full"), ...this.#peers("block-only")].map(({ remote }) => remote);
    return taken.some((remote) => "host" in remote && identifyHost(remote.host).group === group) ||
      [...this.#dialling].some(([key, kind]) => kind !== "feeler" && groupOfKey(key) === group);
  }

  #dial(endpoint: TcpEndpoint, kind: SlotKind, now: number): void {
    const { env, source, peers } = this.#options;
    const key = formatEndpoint(endpoint);
    this.#dialling.set(key, kind);
    source.attempted(endpoint, now);
    peers.dial(endpoint, kind).then(
      (peer) => {
        this.#dialling.delete(key);
        this.#onConnected(peer, endpoint);
      },
      (error: Error) => {
        this.#dialling.delete(key);
        if (this.#state !== "running") return;
        this.#log.debug(error.message, { address: key, kind });
        if (error instanceof RemoteFault && error.code === "self-connection") this.#ourselves.add(key);
        // No other dial at once: in a list of dead addresses that would be a storm.
        this.#resting.add(key, env.now());
        source.failed(endpoint, env.now());
      },
    );
  }

  #onConnected(peer: Peer, endpoint: TcpEndpoint): void {
    if (this.#state !== "running") return;
    const { env, source } = this.#options;
    const hasPlace = peer.kind === "full" || peer.kind === "block-only";
    if (hasPlace && !this.#isUseful(peer) && !source.isDoor(endpoint)) {
      source.failed(endpoint, env.now());
      return peer.blame(new RemoteFault("missing-services", `${describeServices(peer)}: nothing for a place of ours`));
    }
    source.connected(peer, env.now());
    if (peer.kind === "block-only") this.#saveAnchors();
    if (peer.kind === "feeler") this.#keepAsSpare(peer);
  }

  #isUseful({ agreement }: Peer): boolean {
    return this.#options.isUseful(agreement?.version.services ?? 0n);
  }

  /** The new one was good a moment ago; how the old one is doing, nobody has looked. */
  #keepAsSpare(peer: Peer): void {
    if (!this.#isUseful(peer)) return peer.close("it has nothing for us that a spare would need");
    for (const other of this.#peers("feeler")) if (other !== peer) other.close("a newer spare takes its place");
    this.#promoteSpare();
  }

  #feel(now: number): void {
    this.#nextFeelerAt = now + this.#feelerPauseMs();
    if (![...this.#dialling.values()].includes("feeler")) this.#dialOne("feeler", now);
  }

  /** Exponentially distributed, so that nobody can tell from one feeler when the next one comes. */
  #feelerPauseMs(): number {
    return exponential(this.#options.env.random(), FEELER_INTERVAL_MS);
  }

  /** Written as soon as they change: a process that is killed has no time for it. */
  #saveAnchors(): void {
    const anchors = this.#peers("block-only").filter(({ state }) => state === "ready")
      .slice(0, BLOCK_ONLY_PEERS).map(({ dialled }) => formatEndpoint(dialled));
    const text = anchors.join();
    if (anchors.length === 0 || text === this.#storedAnchors) return;
    this.#storedAnchors = text;
    this.#options.store.putAnchors(anchors);
    this.#options.store.commit();
  }
}

/** For the log. */
function describeServices({ agreement }: Peer): string {
  return serviceNames(agreement?.version.services ?? 0n).join(", ") || "no services";
}

function groupOfKey(key: string): string {
  return identifyHost(parseHostPort(key).host).group;
}

function readAnchor(text: string): TcpEndpoint | undefined {
  try {
    return parseHostPort(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
