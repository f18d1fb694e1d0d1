import {
  CLAIM_PATIENCE_SECONDS,
  CLAIM_TOLERANCE_BLOCKS,
  FLOOD_FACTOR,
  FLOOD_MIN_BYTES_PER_SECOND,
  FLOOD_MIN_MESSAGES_PER_SECOND,
  FLOOD_SHARE,
  MAX_PEER_FINDINGS,
  MIN_OTHERS,
  OFFENDER_MIN_SCORE,
  OFFENDER_RECENT_SECONDS,
  SLOW_PEER_FACTOR,
  SLOW_PEER_MIN_MS,
} from "../protocol/doctor_params.ts";
import { OUTBOX_LOW_WATER_BYTES } from "../protocol/connection_params.ts";
import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import { identifyHost } from "../net/host_identity.ts";
import type { Evidence, Finding, Observation } from "./diagnosis.ts";
import { median, type PeerRate, ratesOf } from "./peer_rates.ts";

const PERCENT = 100;

/** Who is slow, who floods, who says what is not so. Peers are judged against the others: what is usual differs. */
export function findPeers(observation: Observation): readonly Finding[] {
  const rates = ratesOf(observation);
  const findings = [
    ...floods(observation, rates),
    ...liars(observation),
    ...thrownOut(observation),
    ...slow(observation, rates),
  ];
  return findings.slice(0, MAX_PEER_FINDINGS);
}

function floods({ now }: Observation, rates: readonly PeerRate[]): Finding[] {
  const byMessages = outliers(rates, ({ messages }) => messages, FLOOD_MIN_MESSAGES_PER_SECOND);
  // Blocks that we ask for are bytes that we want.
  const byBytes = now.chain.syncing ? [] : outliers(rates, ({ bytes }) => bytes, FLOOD_MIN_BYTES_PER_SECOND);
  const peers = new Map([...byBytes, ...byMessages].map((outlier) => [outlier.rate.peer.id, outlier]));
  return [...peers.values()].map(({ rate: { peer, messages, bytes }, share, usual }) =>
    finding("flood", peer, `${name(peer)} floods: it sends most of what arrives`, {
      messagesPerSecond: round(messages),
      bytesPerSecond: round(bytes),
      sharePercent: round(share * PERCENT),
      usualPerSecond: round(usual),
      busiestType: busiestType(peer),
    }, `p2p inspect disconnect ${peer.id}, or p2p inspect ban ${hostOf(peer)} if it comes back`)
  );
}

interface Outlier {
  readonly rate: PeerRate;
  readonly share: number;
  /** The median of the others. */
  readonly usual: number;
}

/** Who has most of all, and far more than others. */
function outliers(rates: readonly PeerRate[], read: (rate: PeerRate) => number, least: number): Outlier[] {
  const total = rates.reduce((sum, rate) => sum + read(rate), 0);
  return rates.flatMap((rate) => {
    const value = read(rate);
    const others = rates.filter((other) => other !== rate).map(read);
    const usual = median(others) ?? 0;
    const isOutlier = others.length >= MIN_OTHERS && value >= least && value > FLOOD_FACTOR * usual &&
      value > FLOOD_SHARE * total;
    return isOutlier ? [{ rate, share: value / total, usual }] : [];
  });
}

/** Claims of the handshake that no header bears out, and addresses that broke rules. */
function liars({ now, peers }: Observation): Finding[] {
  const claims = peers.filter(({ state, connectedSeconds, claimedHeight, provenHeight }) =>
    state === "ready" && connectedSeconds >= CLAIM_PATIENCE_SECONDS &&
    claimedHeight > Math.max(provenHeight, now.chain.headers) + CLAIM_TOLERANCE_BLOCKS
  ).map((peer) =>
    finding("false-claim", peer, `${name(peer)} claims blocks whose headers it does not show`, {
      claimedHeight: peer.claimedHeight,
      provenHeight: peer.provenHeight,
      ourHeaders: now.chain.headers,
      connectedSeconds: peer.connectedSeconds,
    }, `p2p inspect disconnect ${peer.id}`)
  );
  const offenders = peers.filter(({ score }) => score > 0).map((peer) =>
    finding("misbehaviour", peer, `${name(peer)} breaks rules: at a score of 100 its address is left alone for a day`, {
      score: peer.score,
    }, null)
  );
  return [...claims, ...offenders];
}

/** Who broke rules and is gone: found out and thrown out at once, a liar is hardly ever among the peers. */
function thrownOut({ peers, offenders }: Observation): Finding[] {
  const here = new Set(peers.filter(({ score }) => score > 0).map((peer) => identifyHost(hostOf(peer)).key));
  return offenders.filter(({ address, score, secondsAgo }) =>
    score >= OFFENDER_MIN_SCORE && secondsAgo <= OFFENDER_RECENT_SECONDS && !here.has(address)
  ).map(({ address, fault, faults, score, secondsAgo, secondsLeft }) => ({
    id: "thrown-out",
    level: "warning" as const,
    peer: null,
    text: `${address} breaks rules, and was thrown out for it`,
    evidence: { lastFault: fault, faults, score, secondsAgo, secondsLeftAlone: secondsLeft },
    advice: secondsLeft === null ? `p2p inspect ban ${address}` : null,
    change: null,
  }));
}

function slow({ peers, workers }: Observation, rates: readonly PeerRate[]): Finding[] {
  const pings = peers.flatMap(({ pingMs }) => pingMs.median === null ? [] : [pingMs.median]);
  const usualPing = median(pings) ?? 0;
  const latencies = workers.flatMap(({ latencyMs }) => latencyMs === null ? [] : [latencyMs]);
  const usualLatency = median(latencies) ?? 0;
  return rates.flatMap(({ peer, dropped }) => {
    const evidence: Record<string, number | string> = {};
    const ping = peer.pingMs.median;
    if (ping !== null && isFar(ping, usualPing, pings.length)) {
      Object.assign(evidence, { pingMs: round(ping), usualPingMs: round(usualPing) });
    }
    for (const { peer: id, work, latencyMs, breaker } of workers) {
      if (id !== peer.id) continue;
      if (breaker !== "closed") evidence[`${work}Breaker`] = breaker;
      if (latencyMs !== null && isFar(latencyMs, usualLatency, latencies.length)) {
        Object.assign(evidence, { [`${work}Ms`]: round(latencyMs), usualMs: round(usualLatency) });
      }
    }
    if (peer.outbox.bytes > OUTBOX_LOW_WATER_BYTES) evidence.outboxBytes = peer.outbox.bytes;
    if (dropped > 0) evidence.droppedFrames = dropped;
    if (Object.keys(evidence).length === 0) return [];
    const text = `${name(peer)} is slow: it answers late, or does not take what is sent to it`;
    return [finding("slow", peer, text, evidence, `p2p inspect disconnect ${peer.id}: another peer takes its place`)];
  });
}

function isFar(ms: number, usualMs: number, count: number): boolean {
  return count > MIN_OTHERS && ms >= SLOW_PEER_MIN_MS && ms > SLOW_PEER_FACTOR * usualMs;
}

function finding(id: string, peer: PeerSnapshot, text: string, evidence: Evidence, advice: string | null): Finding {
  return {
    id,
    level: "warning",
    peer: peer.id,
    text,
    evidence: { address: peer.address, ...evidence },
    advice,
    change: null,
  };
}

function name({ id, address }: PeerSnapshot): string {
  return `peer ${id} (${address})`;
}

function hostOf({ address }: PeerSnapshot): string {
  return address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}

function busiestType({ messages }: PeerSnapshot): string {
  return Object.entries(messages.in).toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? "none";
}

function round(value: number): number {
  return value >= PERCENT ? Math.round(value) : Number(value.toFixed(1));
}
