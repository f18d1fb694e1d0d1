import { type NodeRecord, NOTHING_KNOWN } from "../net/topology/node_record.ts";
import { snapshotTopology } from "../net/topology/snapshot.ts";
import { type Survey, surveyTopology } from "../net/topology/survey.ts";
import { type ToldRecord, Topology } from "../net/topology/topology.ts";
import type { PeerSet } from "../net/peers.ts";
import type { PeerAbilities } from "../net/request_worker.ts";
import type { Peer } from "../peer/peer.ts";
import { takesApps } from "../peer/takes_apps.ts";
import type { Cadences } from "../protocol/cadences.ts";
import type { MessageOf, TopologyRecord } from "../protocol/messages.ts";
import type { TopologySnapshot } from "../protocol/network_snapshots.ts";
import {
  LOAD_STEP,
  OBSERVE_PAUSE_MS,
  TOPOLOGY_BURST,
  TOPOLOGY_RATE,
  TOPOLOGY_REFRESH_MS,
} from "../protocol/topology_params.ts";
import { MAX_TOPOLOGY_LINKS, MAX_TOPOLOGY_RECORDS } from "../protocol/wire_limits.ts";
import { Allowance } from "../util/allowance.ts";
import { ByteReader } from "../util/bytes.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import type { Env } from "../util/env.ts";
import type { Service } from "./service.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface TopologyDeps {
  readonly env: Env;
  readonly peers: PeerSet;
  readonly cadences: Cadences;
  /** Where we are, and what we can do, as others are told. */
  readonly region: string;
  readonly capabilities: readonly string[];
  /** Share of our resources in use, 0 to 1. */
  readonly load: () => number;
  /** A peer that dialled us said which node it is, and nobody else says that it is that node. */
  readonly recognised: (peer: Peer, id: string) => void;
  /** A peer told something about itself. */
  readonly described: (peer: Peer, abilities: PeerAbilities) => void;
}

/** What passes between us and one peer. */
interface Correspondent {
  /** What it may still tell; it is made when it first tells something. */
  allowance: Allowance | undefined;
  /** Which node it said first that it is: who takes one name after the other could try them all. */
  id: bigint | undefined;
  /** Up to which news it was told. */
  toldRevision: number;
}

const ID_BYTES = 8;
const ID_DIGITS = 16;
const HEX_RADIX = 16;
const ID_PATTERN = /^[0-9a-f]{16}$/;
const MAX_AGE_SECONDS = 0xffff;
const MAX_RTT_MS = 0xffff_ffff;
const MAX_LOAD = 255;

/**
 * Learns who is in the network and who is connected to whom: on the native wire each node tells its peers of itself and
 * passes on what it hears; on the Bitcoin wire, whose nodes keep their connections to themselves, addresses are all that
 * can be known. What others say is never more than a picture: no connection is made or ended because of it, but that a
 * node to which there are two needs one only.
 */
export class TopologyService implements Service {
  readonly name = "topology";
  readonly handles = { topology: (peer: Peer, message: MessageOf<"topology">) => this.#onTopology(peer, message) };
  readonly topology: Topology;
  readonly #deps: TopologyDeps;
  readonly #id: bigint;
  readonly #correspondents = new Map<Peer, Correspondent>();
  #load = 0;
  #isDraining = false;
  /** What peers were told of us last, and when. */
  #told: NodeRecord = NOTHING_KNOWN;
  #toldAt = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  #measureAt = Number.NEGATIVE_INFINITY;
  #observedAt = Number.NEGATIVE_INFINITY;
  /** Ourselves as on the wire, as observed last. */
  #written: TopologyRecord | undefined;
  #ignored = 0;

  constructor(deps: TopologyDeps) {
    this.#deps = deps;
    this.#id = new ByteReader(deps.env.randomBytes(ID_BYTES)).uint64();
    this.topology = new Topology(formatId(this.#id), { ...NOTHING_KNOWN, ...this.#facts() });
  }

  /** Records that were ignored because a peer told too many. */
  get ignored(): number {
    return this.#ignored;
  }

  peerReady(peer: Peer): void {
    this.topology.peerReady(peer.id, formatEndpoint(peer.dialled));
    // Where connections are to stay private, on public networks and where only blocks are exchanged, none is told.
    if (!takesApps(peer) || peer.wire !== "native") return;
    const now = this.#deps.env.now();
    this.#correspondents.set(peer, { allowance: undefined, id: undefined, toldRevision: 0 });
    // Looking at all peers for each that comes would make ten thousand of them cost a hundred million looks.
    if (now >= this.#observedAt + OBSERVE_PAUSE_MS) this.#observe();
    peer.send(this.#ourWord());
  }

  peerClosed(peer: Peer): void {
    this.#correspondents.delete(peer);
    this.topology.peerClosed(peer.id, this.#deps.env.now());
  }

  tick(now: number): void {
    if (now < this.#nextAt) return;
    this.#nextAt = now + this.#deps.cadences.topologyMs;
    this.#measure(now);
    this.topology.expire(now);
    this.#observe();
    if (now >= this.#toldAt + TOPOLOGY_REFRESH_MS || this.#hasChanged()) this.#tellAll();
    for (const [peer, correspondent] of this.#correspondents) this.#tellNews(peer, correspondent, now);
  }

  /** A peer told us the address of a node, by its `addressKey`. */
  heardAddress(key: string): void {
    this.topology.hearAddress(key, this.#deps.env.now());
  }

  /** How much of the network can be reached from here. */
  survey(): Survey {
    this.#observe();
    return surveyTopology(this.topology);
  }

  snapshot(fanout: number): TopologySnapshot {
    this.#observe();
    return snapshotTopology(this.topology, fanout, this.#deps.env.now());
  }

  /** The node stops: peers hear that it takes nothing new, and that its links end. */
  close(): void {
    this.#isDraining = true;
    this.topology.observe(this.#facts(), new Map());
    this.#written = undefined;
    this.#tellAll();
    this.#correspondents.clear();
  }

  #onTopology(peer: Peer, { sender, records }: MessageOf<"topology">): void {
    const correspondent = this.#correspondents.get(peer);
    if (!correspondent) return;
    const now = this.#deps.env.now();
    correspondent.allowance ??= new Allowance(TOPOLOGY_BURST, TOPOLOGY_RATE, now);
    if (!correspondent.allowance.take(Math.max(1, records.length), now)) {
      this.#ignored += records.length;
      return;
    }
    const told = records.map(readRecord);
    this.topology.hear(peer.id, formatId(sender), told, now);
    // What it says of itself is about this connection, whoever else goes by the same id.
    const own = told[records.findLastIndex(({ id }) => id === sender)]?.record;
    if (own) {
      const { region, capabilities, load, draining } = own;
      this.#deps.described(peer, { region, capabilities, load, isDraining: draining });
    }
    if (correspondent.id !== undefined) return;
    this.#onName(peer, correspondent, sender);
    if (peer.direction === "inbound" && this.topology.nodeOf(peer.id)?.isFirstHand) {
      this.#deps.recognised(peer, formatId(sender));
    }
  }

  #onName(peer: Peer, correspondent: Correspondent, id: bigint): void {
    correspondent.id = id;
    const others = [...this.#correspondents].filter(([other, { id }]) => other !== peer && id === correspondent.id);
    for (const [other] of others) {
      if (!other.isOver && !peer.isOver) this.#deps.peers.meetAgain(peer, other, this.#id < id);
    }
  }

  #facts(): Omit<NodeRecord, "links"> {
    const { region, capabilities } = this.#deps;
    return { region, capabilities, load: this.#load, draining: this.#isDraining };
  }

  #measure(now: number): void {
    if (now < this.#measureAt) return;
    this.#measureAt = now + this.#deps.cadences.statisticsMs;
    this.#load = Math.min(1, Math.max(0, this.#deps.load()));
  }

  #observe(): void {
    const roundTrips = new Map<number, number>();
    for (const { id, liveness } of this.#deps.peers.ready()) roundTrips.set(id, liveness.roundTrips.smoothed ?? 0);
    this.topology.observe(this.#facts(), roundTrips);
    this.#observedAt = this.#deps.env.now();
    this.#written = undefined;
  }

  /** Whether peers should hear of us again at once. Times of links change all the time; they are told by and by. */
  #hasChanged(): boolean {
    const { links, load } = this.topology.self;
    const isLoadNews = Math.abs(load - this.#told.load) >= LOAD_STEP;
    return isLoadNews || links.size !== this.#told.links.size ||
      [...links.keys()].some((id) => !this.#told.links.has(id));
  }

  #tellAll(): void {
    this.#told = this.topology.self;
    this.#toldAt = this.#deps.env.now();
    this.#deps.peers.broadcast(this.#ourWord(), (peer) => this.#correspondents.has(peer));
  }

  #ourWord(): MessageOf<"topology"> {
    const { selfId, self } = this.topology;
    this.#written ??= this.#writeRecord({ id: selfId, ageMs: 0, record: self });
    return { type: "topology", sender: this.#id, records: [this.#written] };
  }

  #tellNews(peer: Peer, correspondent: Correspondent, now: number): void {
    if (correspondent.toldRevision === this.topology.revision) return;
    const news = this.topology.news(peer.id, correspondent.toldRevision, MAX_TOPOLOGY_RECORDS, now);
    const isAll = news.length < MAX_TOPOLOGY_RECORDS;
    const revision = isAll ? this.topology.revision : news.at(-1)!.revision;
    if (news.length > 0) {
      const records = news.map((each) => this.#writeRecord(each));
      // A full lane is no loss: it is told again with the next refresh.
      peer.send({ type: "topology", sender: this.#id, records });
    }
    correspondent.toldRevision = revision;
  }

  /** One second more than it is: a word must not grow younger by going round in circles. */
  #writeRecord({ id, ageMs, record }: ToldRecord): TopologyRecord {
    const isOurs = id === this.topology.selfId;
    const seconds = isOurs ? 0 : Math.floor(ageMs / MS_PER_SECOND) + 2;
    const nearest = [...record.links].filter(([other]) => ID_PATTERN.test(other))
      .toSorted(([, one], [, other]) => one - other).slice(0, MAX_TOPOLOGY_LINKS);
    return {
      id: parseId(id),
      ageSeconds: Math.min(MAX_AGE_SECONDS, seconds),
      region: record.region,
      capabilities: record.capabilities,
      load: Math.round(record.load * MAX_LOAD),
      draining: record.draining,
      links: nearest.map(([other, ms]) => ({ id: parseId(other), rttMs: Math.min(MAX_RTT_MS, Math.round(ms)) })),
    };
  }
}

function readRecord({ id, ageSeconds, links, load, region, capabilities, draining }: TopologyRecord): ToldRecord {
  const record: NodeRecord = {
    region,
    capabilities,
    load: load / MAX_LOAD,
    draining,
    links: new Map(links.map((link) => [formatId(link.id), link.rttMs])),
  };
  return { id: formatId(id), ageMs: ageSeconds * MS_PER_SECOND, record };
}

function formatId(id: bigint): string {
  return id.toString(HEX_RADIX).padStart(ID_DIGITS, "0");
}

function parseId(id: string): bigint {
  return BigInt(`0x${id}`);
}
