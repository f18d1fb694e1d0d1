import { CHANNEL_CAPACITIES, CHANNELS } from "../../src/bus/channels.ts";
import type { Observation } from "../../src/doctor/diagnosis.ts";
import { figuresOf } from "../../src/doctor/figures.ts";
import type { Vitals } from "../../src/doctor/vitals.ts";
import { markOf, type PeerMark } from "../../src/doctor/window.ts";
import type { PeerSnapshot } from "../../src/protocol/peer_snapshots.ts";
import type { TimesSnapshot } from "../../src/util/recent_times.ts";

type Deep<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Deep<T[K]> } : T;

const NO_TIMES: TimesSnapshot = { count: 0, sumMs: 0, p50Ms: null, p90Ms: null, p99Ms: null, maxMs: null };

/** Figures of a node that has nothing to complain about. */
const WELL: Vitals = {
  at: 0,
  startedAt: 0,
  peers: {
    inbound: 4,
    outbound: 4,
    handshaking: 0,
    maxInbound: 117,
    maxOutbound: 10,
    joined: 8,
    left: 0,
    heldBytes: 8_000,
    maxHeldBytes: 1_000,
  },
  traffic: { in: {}, out: {}, cpuMs: 0, dropped: 0 },
  connections: {
    refused: { full: 0, address: 0, group: 0, banned: 0, discouraged: 0, duplicate: 0 },
    evicted: 0,
    ended: {},
  },
  channels: CHANNELS.map((channel) => {
    const capacity = CHANNEL_CAPACITIES[channel];
    return { channel, capacity, published: 0, offered: 0, lag: 0, usage: 0, bytes: 0, subscribers: 1, wait: NO_TIMES };
  }),
  channelMode: "segmented",
  dedupe: "drop",
  inventory: { announced: 0, duplicates: 0, dropped: 0 },
  pool: { count: 0, bytes: 0, requested: 0 },
  chain: { height: 100, headers: 100, syncing: false, progress: 1, medianTime: 1_000_000 },
  wallClockSeconds: 1_000_000,
  spacingSeconds: 600,
  blocks: { connected: 0, disconnected: 0, reorganisations: 0, orphans: 0, orphansHeld: 0, refused: 0 },
  queues: {
    mailboxBytes: 0,
    pausedPeers: 0,
    outboxBytes: 0,
    outboxFrames: 0,
    requests: 0,
    requestBytes: 0,
    requestsUnderWay: 0,
    requestsRefused: 0,
    blocksInFlight: 0,
  },
  times: {
    blockPropagation: NO_TIMES,
    transactionDelivery: NO_TIMES,
    turnWait: NO_TIMES,
    writeWait: NO_TIMES,
    requestWait: NO_TIMES,
  },
  shards: [],
  machine: null,
};

/** The figures of a healthy node, with what the test says. */
export function vitals(changes: Deep<Vitals> = {}): Vitals {
  return merge(WELL, changes) as Vitals;
}

/** Use of the channels: of `data`, `missed` of so many offered events, and how full it is. */
export function channelsWith(
  changes: { readonly offered?: number; readonly lag?: number; readonly usage?: number; readonly capacity?: number },
): Vitals["channels"] {
  return WELL.channels.map((use) => use.channel === "data" ? { ...use, ...changes } : use);
}

/** A peer like all others. */
export function peerWith(id: number, changes: Deep<PeerSnapshot> = {}): PeerSnapshot {
  const usual: PeerSnapshot = {
    id,
    address: `10.0.0.${id}:8333`,
    direction: "outbound",
    kind: "full",
    state: "ready",
    wire: "bitcoin",
    transport: "tcp",
    shard: null,
    version: 70016,
    userAgent: "/usual/",
    services: [],
    height: 100,
    claimedHeight: 100,
    provenHeight: 100,
    connectedSeconds: 3_600,
    pingMs: { last: 50, min: 40, mean: 50, median: 50, p95: 50 },
    lastSeconds: { received: 1, sent: 1, block: null, transaction: null },
    rates: { bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 },
    bytes: { in: 0, out: 0 },
    messages: { in: {}, out: {} },
    mailbox: { bytes: 0, paused: false },
    outbox: { bytes: 0, frames: 0, dropped: 0 },
    heldBytes: 0,
    cpuMs: 0,
    score: 0,
    permissions: [],
  };
  return merge(usual, changes) as PeerSnapshot;
}

export const WINDOW_SECONDS = 60;

/** What a doctor sees a minute after everything stood at zero. */
export function observation(
  now: Deep<Vitals> = {},
  { peers = [peerWith(1), peerWith(2), peerWith(3)], before = [], workers = [], offenders = [] }: {
    readonly peers?: readonly PeerSnapshot[];
    /** The peers as they were; who is not there came later. */
    readonly before?: readonly PeerSnapshot[];
    readonly workers?: Observation["workers"];
    readonly offenders?: Observation["offenders"];
  } = {},
): Observation {
  const present = vitals({ at: WINDOW_SECONDS * 1_000, ...now });
  const past = vitals({ dedupe: present.dedupe });
  return {
    now: present,
    figures: figuresOf([past, present], [past]),
    peers,
    workers,
    offenders,
    marks: new Map<number, PeerMark>(before.map((peer) => [peer.id, markOf(peer)])),
    marksSeconds: WINDOW_SECONDS,
  };
}

export function times(p50Ms: number, p99Ms = p50Ms): TimesSnapshot {
  return { count: 100, sumMs: 100 * p50Ms, p50Ms, p90Ms: p99Ms, p99Ms, maxMs: p99Ms };
}

function merge(base: unknown, changes: unknown): unknown {
  if (changes === undefined) return base;
  const isRecord = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isRecord(base) || !isRecord(changes)) return changes;
  const merged: { [name: string]: unknown } = { ...base as object };
  for (const [name, value] of Object.entries(changes as object)) merged[name] = merge(merged[name], value);
  return merged;
}
