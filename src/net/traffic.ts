import type { Peer } from "../peer/peer.ts";
import type { TrafficByType, TrafficSnapshot } from "../protocol/peer_snapshots.ts";

type Counts = Record<string, { messages: number; bytes: number }>;

/** What went over the connections of peers that are gone. With that of those who are here it is all since the start. */
export class Traffic {
  readonly #in: Counts = {};
  readonly #out: Counts = {};
  #cpuMs = 0;
  #dropped = 0;

  /** Call it once a peer, in its end. */
  add(peer: Peer): void {
    addTo(this.#in, peer.messagesIn, peer.bytesInOf);
    addTo(this.#out, peer.messagesOut, peer.bytesOutOf);
    this.#cpuMs += peer.cpuMs;
    this.#dropped += peer.outbox.dropped;
  }

  /** Together with the peers that are here. */
  snapshot(peers: Iterable<Peer>): TrafficSnapshot {
    const all = new Traffic();
    copyTo(all.#in, this.#in);
    copyTo(all.#out, this.#out);
    all.#cpuMs = this.#cpuMs;
    all.#dropped = this.#dropped;
    for (const peer of peers) all.add(peer);
    return { in: all.#in as TrafficByType, out: all.#out as TrafficByType, cpuMs: all.#cpuMs, dropped: all.#dropped };
  }
}

function addTo(
  counts: Counts,
  messages: Readonly<Record<string, number>>,
  bytes: Readonly<Record<string, number>>,
): void {
  // No lists: there may be thousands of peers, and this is done every few seconds.
  for (const type in messages) {
    const entry = counts[type] ??= { messages: 0, bytes: 0 };
    entry.messages += messages[type]!;
    entry.bytes += bytes[type] ?? 0;
  }
}

function copyTo(counts: Counts, others: Counts): void {
  for (const [type, entry] of Object.entries(others)) counts[type] = { ...entry };
}
