import type { TrafficByType } from "../../protocol/peer_snapshots.ts";
import { counter, type Definition, gauge, type Reading } from "./definition.ts";
import { each, one, type Sample } from "./samples.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** Who is connected, what goes over the connections, and what peers cost. */
export const PEER_METRICS: readonly Definition[] = [
  gauge(
    "peers",
    "Peers whose handshake is done.",
    ({ vitals: { peers: { inbound, outbound } } }) => each("direction", { inbound, outbound }),
  ),
  gauge(
    "peers_limit",
    "Most peers that may be connected.",
    ({ vitals: { peers } }) => each("direction", { inbound: peers.maxInbound, outbound: peers.maxOutbound }),
  ),
  gauge(
    "peers_handshaking",
    "Connections whose handshake is under way.",
    ({ vitals: { peers } }) => one(peers.handshaking),
  ),
  counter("peers_joined", "Handshakes that were done.", ({ vitals: { peers } }) => one(peers.joined)),
  counter("peers_left", "Peers that left after their handshake.", ({ vitals: { peers } }) => one(peers.left)),
  gauge(
    "peer_churn_ratio",
    "Share of the peers that leaves in an hour; there after five minutes.",
    ({ figures }) => one(figures.churnPerHour),
  ),
  counter(
    "connections_refused",
    "Connections refused before a handshake.",
    ({ vitals: { connections } }) => each("reason", connections.refused),
  ),
  counter(
    "connections_ended",
    "Connections that ended, by the code of the reason.",
    ({ vitals: { connections } }) => each("reason", connections.ended),
  ),
  counter(
    "connections_evicted",
    "Inbound peers that had to leave for others.",
    ({ vitals: { connections } }) => one(connections.evicted),
  ),
  counter("messages", "Messages received, and queued to be sent.", (reading) => byType(reading, "messages")),
  counter("message_bytes", "Bytes of those messages, with their headers.", (reading) => byType(reading, "bytes")),
  gauge(
    "peer_message_type_distribution",
    "Share of each type in the messages received in the last minute.",
    ({ figures }) => each("type", figures.typeShares),
  ),
  gauge(
    "inv_message_rate",
    "Inventory messages received a second, in the last minute.",
    ({ figures }) => one(figures.invMessagesPerSecond),
  ),
  gauge(
    "block_message_rate",
    "Blocks, whole or compact, received a second, in the last minute.",
    ({ figures }) => one(figures.blockMessagesPerSecond),
  ),
  gauge(
    "duplicate_inv_rate",
    "Share of the items announced in the last minute that repeated others.",
    ({ figures }) => one(figures.duplicateShare),
  ),
  gauge(
    "peer_held_bytes",
    "Bytes held for peers: what waits in their queues, and what is remembered of them.",
    ({ vitals: { peers } }) => one(peers.heldBytes),
  ),
  gauge("peer_held_bytes_max", "The same, of the peer with most.", ({ vitals: { peers } }) => one(peers.maxHeldBytes)),
  gauge("memory_per_peer_bytes", "Memory of the process, divided by its peers.", memoryPerPeer),
  counter(
    "peer_cpu_seconds",
    "Time that handling the messages of peers took, by samples.",
    ({ vitals: { traffic } }) => one(traffic.cpuMs / MS_PER_SECOND),
  ),
  gauge("cpu_per_peer_ratio", "Share of a core that a peer's messages took, the mean since the start.", cpuPerPeer),
];

function byType({ vitals: { traffic } }: Reading, what: "messages" | "bytes"): readonly Sample[] {
  return (["in", "out"] as const).flatMap((direction) =>
    Object.entries(traffic[direction] as TrafficByType).map(([type, counts]) => ({
      value: counts[what],
      labels: { type, direction },
    }))
  );
}

function memoryPerPeer({ vitals: { machine, peers } }: Reading): readonly Sample[] {
  const count = peers.inbound + peers.outbound;
  return one(machine && count > 0 ? machine.rssBytes / count : null);
}

function cpuPerPeer({ vitals: { traffic, peers, at, startedAt } }: Reading): readonly Sample[] {
  const count = peers.inbound + peers.outbound;
  return one(count > 0 && at > startedAt ? traffic.cpuMs / (at - startedAt) / count : null);
}
