import type { MemoryNetwork } from "../platform/memory.ts";
import type { P2PNode } from "../node/types.ts";
import { LANE_POLICIES } from "../protocol/lanes.ts";
import { HANDSHAKE_TIMEOUT_MS, MAX_PING_TIMEOUT_MS } from "../protocol/connection_params.ts";
import { MISBEHAVIOUR_LIMIT } from "../protocol/peer_params.ts";
import { MAX_TRANSACTION_TIMEOUT_MS } from "../protocol/relay_params.ts";
import { MAX_STALL_TIMEOUT_MS } from "../protocol/sync_params.ts";
import { PENALTIES } from "../protocol/penalties.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import { MAX_MESSAGE_BYTES } from "../protocol/wire_limits.ts";
import { findShortage, findSurplus, hostOf, waysBetween } from "./ends.ts";
import type { Member } from "./member.ts";
import { AFTERMATH_MS, OVERDUE_SLACK_MS } from "./params.ts";

/** What must hold at every moment, or in the end. */
export type Invariant =
  | "one-tip"
  | "nothing-acknowledged-is-lost"
  | "what-happens-is-told"
  | "queues-are-bounded"
  | "no-honest-peer-is-punished"
  | "nothing-waits-for-ever"
  | "what-is-stopped-is-gone"
  | "counts-agree"
  | "no-internal-error"
  | "memory-is-flat";

/** An invariant does not hold. */
export class Broken extends Error {
  readonly invariant: Invariant;
  readonly atMs: number;

  constructor(invariant: Invariant, detail: string, atMs: number) {
    super(`${invariant} is broken at ${Math.round(atMs)} ms: ${detail}`);
    this.invariant = invariant;
    this.atMs = atMs;
  }
}

/** What ends the connections of honest peers only where something is wrong between them. */
const TIMEOUTS: ReadonlySet<string> = new Set(["handshake-timeout", "ping-timeout", "too-slow", "stalled"]);
/** Penalty of faults that honest peers have too. */
const MAX_INNOCENT_PENALTY = 5;
/** A read that was being handled when another one came, and a frame of which the rest is under way. */
const MAX_READ_BYTES = 65_536;
const MAX_MAILBOX_BYTES = 2 * MAX_READ_BYTES + MAX_MESSAGE_BYTES;
const MAX_OUTBOX_BYTES = Object.values(LANE_POLICIES).reduce((sum, { maxBytes }) => sum + maxBytes, MAX_MESSAGE_BYTES);
const MAX_OUTBOX_FRAMES = Object.values(LANE_POLICIES).reduce((sum, { maxFrames }) => sum + maxFrames, 0);
const MS_PER_SECOND = 1000;
/** Of a hash, in a message. */
const SHOWN_DIGITS = 20;

/** What is wrong, unless it will still come right. */
export interface Complaint {
  readonly invariant: Invariant;
  readonly what: string;
}

interface Wait {
  /** Changes whenever there is progress. */
  readonly mark: string;
  readonly since: number;
  seenAt: number;
}

/** Looks at every honest node and notes the first thing that is wrong. */
export class Watch {
  readonly #network: MemoryNetwork;
  readonly #isHonest: (host: string) => boolean;
  /** Until then honest peers may lose each other by what was done to them, in virtual milliseconds. */
  #roughUntil = 0;
  /** By host, then by what. */
  readonly #waits = new Map<string, Map<string, Wait>>();
  #broken: Broken | undefined;

  constructor(network: MemoryNetwork, isHonest: (host: string) => boolean) {
    this.#network = network;
    this.#isHonest = isHonest;
  }

  /** Notes that something is wrong; the first counts, since others may follow from it. */
  report(invariant: Invariant, detail: string): void {
    this.#broken ??= new Broken(invariant, detail, this.#network.now());
  }

  /** Throws what was noted. */
  throwIfBroken(): void {
    if (this.#broken) throw this.#broken;
  }

  /** Everything that can be seen of nodes that are up. */
  check(members: readonly Member[]): void {
    const peersOf = new Map<string, readonly PeerSnapshot[]>();
    for (const { host, node } of members) {
      if (!node) continue;
      const peers = node.peers();
      peersOf.set(host, peers);
      for (const peer of peers) {
        this.#checkQueues(host, peer);
        this.#checkWaits(host, peer);
      }
      this.#checkChannels(host, node);
      this.#checkRequests(host, node, peers.length);
      this.#checkCounts(host, node);
      this.#checkOffenders(host, node);
      this.#forgetEnded(host);
    }
    for (const way of waysBetween(peersOf)) {
      const surplus = findSurplus(way);
      if (surplus !== undefined) this.report("counts-agree", surplus);
    }
  }

  /** Something goes wrong for so long; connections that it broke may be noticed by a ping that gets no answer. */
  expectTrouble(forMs: number): void {
    this.#roughUntil = Math.max(this.#roughUntil, this.#network.now() + forMs + AFTERMATH_MS);
  }

  /** Nothing goes wrong, and nobody misses anybody for what did. */
  get isCalm(): boolean {
    return this.#network.now() >= this.#roughUntil;
  }

  peerLost(host: string, { peer, reason }: NodeEvents["peer:disconnected"]): void {
    if (!this.#isHonest(hostOf(peer))) return;
    if (TIMEOUTS.has(reason) && this.isCalm) {
      this.report("nothing-waits-for-ever", `${host} gives ${peer.address} up although all is well: ${reason}`);
    }
    if (isInnocent(reason, peer.score)) return;
    this.report("no-honest-peer-is-punished", `${host} blames ${peer.address}: ${reason}, score ${peer.score}`);
  }

  /** A member tells of another tip: one with more work than the last, and all blocks have the same. */
  tipTold({ host, told }: Member, height: number): void {
    if (told && height <= told.height) this.report("one-tip", `${host} goes from ${told.height} to ${height}`);
  }

  /** Members must have told of what they have. */
  checkTold(members: readonly Member[]): void {
    for (const { host, up, told } of members) {
      const { bestHash, height } = up.chain();
      if (told?.hash === bestHash) continue;
      this.report("what-happens-is-told", `${host} is at ${height} and told of ${told?.height}`);
    }
  }

  /** What members have for each other and did not send, handle or count yet. */
  findUnmoved(members: readonly Member[]): Complaint | undefined {
    const peersOf = new Map(members.map(({ host, up }) => [host, up.peers()]));
    for (const [host, peers] of peersOf) {
      for (const peer of peers) {
        const { mailbox, outbox, address } = peer;
        if (mailbox.bytes + outbox.bytes === 0 || !this.#isHonest(hostOf(peer))) continue;
        const what = `${host} holds ${mailbox.bytes} bytes of ${address}, and ${outbox.bytes} for it`;
        return { invariant: "nothing-waits-for-ever", what };
      }
    }
    const [what] = waysBetween(peersOf).map(findShortage).filter((text) => text !== undefined);
    return what === undefined ? undefined : { invariant: "counts-agree", what };
  }

  /** What a member said to have is there. */
  checkKept({ host, acknowledged }: Member, node: P2PNode): void {
    for (const hash of acknowledged) {
      if (node.block(hash)?.raw) continue;
      return this.report("nothing-acknowledged-is-lost", `${host} has lost block ${hash}`);
    }
  }

  /** A node that was to stop has not. */
  tooLate(host: string): void {
    this.report("what-is-stopped-is-gone", `${host}: did not stop in time`);
  }

  /** Of a node that has stopped nothing may be open on its host. */
  checkLeft(host: string, node: P2PNode, besides: { readonly sockets?: number } = {}): void {
    const { sockets, listeners, timers } = { ...this.#network.openOn(host), ...besides };
    const peers = node.peers().length;
    if (sockets + listeners + timers + peers === 0) return;
    const what = `${sockets} sockets, ${listeners} listeners, ${timers} timers, ${peers} peers`;
    this.report("what-is-stopped-is-gone", `${host}: ${what}`);
  }

  /** Members that should have one tip by now. */
  checkOneTip(members: readonly Member[], afterMs: number): void {
    const chains = members.map(({ host, up }) => ({ host, ...up.chain() }));
    if (new Set(chains.map(({ bestHash }) => bestHash)).size <= 1) return;
    const tips = chains.map(({ host, height, bestHash }) => `${host} ${height} ${bestHash.slice(-SHOWN_DIGITS)}`);
    this.report("one-tip", `after ${afterMs} ms: ${tips.join(", ")}`);
  }

  #checkQueues(host: string, { address, mailbox, outbox }: PeerSnapshot): void {
    if (mailbox.bytes > MAX_MAILBOX_BYTES) {
      this.report("queues-are-bounded", `${host} holds ${mailbox.bytes} bytes of ${address} unread`);
    }
    if (outbox.bytes > MAX_OUTBOX_BYTES || outbox.frames > MAX_OUTBOX_FRAMES) {
      const what = `${outbox.bytes} bytes, ${outbox.frames} frames`;
      this.report("queues-are-bounded", `${host} holds ${what} for ${address} unsent`);
    }
    if (outbox.bytes < 0 || outbox.frames < 0 || mailbox.bytes < 0) {
      this.report("counts-agree", `${host} holds less than nothing for ${address}`);
    }
  }

  #checkChannels(host: string, node: P2PNode): void {
    for (const { channel, usage } of node.channels()) {
      if (usage > 1) this.report("queues-are-bounded", `${host}: channel ${channel} is used by ${usage}`);
    }
  }

  #checkWaits(host: string, { id, address, state, version, connectedSeconds, messages }: PeerSnapshot): void {
    if (state === "handshaking") {
      // Who is leaving after a handshake looks the same, but for the version.
      if (version > 0) return;
      if (connectedSeconds * MS_PER_SECOND <= HANDSHAKE_TIMEOUT_MS + OVERDUE_SLACK_MS) return;
      return this.report("nothing-waits-for-ever", `${host} shakes hands with ${address} for ${connectedSeconds} s`);
    }
    const { ping = 0 } = messages.out;
    const { pong = 0 } = messages.in;
    if (ping > pong) this.#wait(host, `ping ${id}`, `${pong}`, MAX_PING_TIMEOUT_MS, `a pong of ${address}`);
  }

  #checkRequests(host: string, node: P2PNode, peers: number): void {
    for (const { peer, name, work, outstanding, answered, failures } of node.balancing().workers) {
      if (outstanding === 0 || work !== "blocks") continue;
      const mark = `${answered} ${failures}`;
      this.#wait(host, `${work} ${peer}`, mark, MAX_STALL_TIMEOUT_MS, `${outstanding} ${work} of ${name}`);
    }
    const { requested, count } = node.pool();
    if (requested === 0) return;
    // Each of those who announced it may have its time, one after the other.
    const bound = MAX_TRANSACTION_TIMEOUT_MS * Math.max(1, peers);
    this.#wait(host, "pool", `${requested} ${count}`, bound, `${requested} transactions`);
  }

  /** Of strangers whose handshake fails no event tells. */
  #checkOffenders(host: string, node: P2PNode): void {
    for (const { address, fault, score } of node.offenders()) {
      if (!this.#isHonest(address) || isInnocent(fault, score)) continue;
      this.report("no-honest-peer-is-punished", `${host} blames ${address}: ${fault}, score ${score}`);
    }
  }

  #checkCounts(host: string, node: P2PNode): void {
    const { announced, duplicates, dropped } = node.inventory();
    if (duplicates > announced || dropped > announced) {
      this.report("counts-agree", `${host}: ${duplicates} of ${announced} announced again, ${dropped} dropped`);
    }
  }

  #wait(host: string, key: string, mark: string, boundMs: number, what: string): void {
    const now = this.#network.now();
    let waits = this.#waits.get(host);
    if (!waits) this.#waits.set(host, waits = new Map());
    const known = waits.get(key);
    if (known?.mark !== mark) {
      waits.set(key, { mark, since: now, seenAt: now });
      return;
    }
    known.seenAt = now;
    const waitedMs = now - known.since;
    if (waitedMs <= boundMs + OVERDUE_SLACK_MS) return;
    this.report("nothing-waits-for-ever", `${host} waits ${Math.round(waitedMs)} ms for ${what}`);
  }

  /** Waits that were not seen this time are over. */
  #forgetEnded(host: string): void {
    const now = this.#network.now();
    const waits = this.#waits.get(host);
    for (const [key, { seenAt }] of waits ?? []) if (seenAt < now) waits!.delete(key);
  }
}

/** Whether an address that is blamed may be an honest peer's: slow and broken lines do such things too. */
function isInnocent(fault: string, score: number): boolean {
  const penalty = Object.hasOwn(PENALTIES, fault) ? PENALTIES[fault as keyof typeof PENALTIES] : 0;
  return penalty <= MAX_INNOCENT_PENALTY && score < MISBEHAVIOUR_LIMIT;
}
