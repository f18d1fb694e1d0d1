import type { Chain } from "../chain/chain.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import type { Peer } from "../peer/peer.ts";
import { serviceNames } from "../protocol/service_flags.ts";
import type { ChainSnapshot, PeerSnapshot } from "../protocol/snapshots.ts";

const MS_PER_SECOND = 1000;
const HEX_RADIX = 16;

/** One peer as its owner sees it. `height`: the best height the peer is known to have, besides what it claimed. */
export function snapshotPeer(peer: Peer, knownHeight: number, now: number): PeerSnapshot {
  const version = peer.agreement?.version;
  const { last, min, mean } = peer.liveness.roundTrips;
  return {
    id: peer.id,
    address: formatEndpoint(peer.remote),
    direction: peer.direction,
    state: peer.state === "ready" ? "ready" : "handshaking",
    wire: peer.wire,
    transport: "path" in peer.remote ? "unix" : "tcp",
    version: version?.protocolVersion ?? 0,
    userAgent: version?.userAgent ?? "",
    services: serviceNames(version?.services ?? 0n),
    height: Math.max(version?.startHeight ?? 0, knownHeight),
    connectedSeconds: Math.floor((now - peer.connectedAt) / MS_PER_SECOND),
    pingMs: { last, min, mean },
    bytes: { in: peer.bytesIn, out: peer.bytesOut },
    messages: { in: { ...peer.messagesIn }, out: { ...peer.messagesOut } },
    mailbox: { bytes: peer.mailbox.bytes, paused: peer.mailbox.paused },
    outbox: { bytes: peer.outbox.bytes, frames: peer.outbox.frames, dropped: peer.outbox.dropped },
  };
}

export function snapshotChain(chain: Chain): ChainSnapshot {
  const { tip, bestHeader } = chain;
  return {
    height: tip.height,
    bestHash: tip.hash,
    headers: bestHeader.height,
    work: tip.chainWork.toString(HEX_RADIX),
    syncing: chain.syncing,
    progress: chain.progress,
    medianTime: tip.medianTimePast,
    forks: chain.forks().map(({ tip, length }) => ({ height: tip.height, hash: tip.hash, length })),
  };
}
