import type { Chain } from "../chain/chain.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import type { Rates } from "../peer/pace.ts";
import type { Peer } from "../peer/peer.ts";
import { serviceNames } from "../protocol/service_flags.ts";
import type { ChainSnapshot } from "../protocol/chain_snapshots.ts";
import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import { MS_PER_SECOND } from "../util/units.ts";

const HEX_RADIX = 16;
const TENTHS = 10;

/** What a peer does not know of itself. */
export interface PeerFacts {
  /** The best height it is known to have, besides what it claimed. */
  readonly knownHeight: number;
  /** What its address did wrong of late. */
  readonly score: number;
  /** Bytes, about, that are held for it. */
  readonly heldBytes: number;
}

/** One peer as its owner sees it. */
export function snapshotPeer(peer: Peer, { knownHeight, score, heldBytes }: PeerFacts, now: number): PeerSnapshot {
  const version = peer.agreement?.version;
  const { last, min, mean, median, p95 } = peer.liveness.roundTrips;
  const { rates, receivedAt, sentAt } = peer.pace;
  const { block, transaction } = peer.usefulAt;
  const since = (at: number | undefined) =>
    at === undefined || !Number.isFinite(at) ? null : Math.floor((now - at) / MS_PER_SECOND);
  return {
    id: peer.id,
    address: formatEndpoint(peer.remote),
    direction: peer.direction,
    kind: peer.kind,
    state: peer.state === "ready" ? "ready" : "handshaking",
    wire: peer.wire,
    transport: "path" in peer.remote ? "unix" : "tcp",
    shard: peer.shard ?? null,
    version: version?.protocolVersion ?? 0,
    userAgent: version?.userAgent ?? "",
    services: serviceNames(version?.services ?? 0n),
    height: Math.max(version?.startHeight ?? 0, knownHeight),
    claimedHeight: version?.startHeight ?? 0,
    provenHeight: knownHeight,
    connectedSeconds: Math.floor((now - peer.connectedAt) / MS_PER_SECOND),
    pingMs: { last, min, mean, median, p95 },
    lastSeconds: {
      received: since(receivedAt),
      sent: since(sentAt),
      block: since(block),
      transaction: since(transaction),
    },
    rates: roundAll(rates),
    bytes: { in: peer.bytesIn, out: peer.bytesOut },
    messages: { in: { ...peer.messagesIn }, out: { ...peer.messagesOut } },
    mailbox: { bytes: peer.mailbox.bytes, paused: peer.mailbox.paused },
    outbox: { bytes: peer.outbox.bytes, frames: peer.outbox.frames, dropped: peer.outbox.dropped },
    heldBytes,
    cpuMs: peer.cpuMs,
    score: Math.round(score),
    permissions: [...peer.permissions],
  };
}

/** To a tenth: nobody reads more. */
function roundAll({ bytesIn, bytesOut, messagesIn, messagesOut }: Rates): Rates {
  const round = (rate: number) => Math.round(rate * TENTHS) / TENTHS;
  return {
    bytesIn: round(bytesIn),
    bytesOut: round(bytesOut),
    messagesIn: round(messagesIn),
    messagesOut: round(messagesOut),
  };
}

export function snapshotChain(chain: Chain): ChainSnapshot {
  const { tip, bestHeader } = chain;
  return {
    height: tip.height,
    bestHash: tip.hash,
    headers: bestHeader.height,
    bestHeaderHash: bestHeader.hash,
    work: tip.chainWork.toString(HEX_RADIX),
    syncing: chain.syncing,
    progress: chain.progress,
    medianTime: tip.medianTimePast,
    tipTime: tip.header.time,
    forks: chain.forks().map(({ tip, length }) => ({
      height: tip.height,
      hash: tip.hash,
      length,
      complete: tip.linked,
    })),
  };
}
