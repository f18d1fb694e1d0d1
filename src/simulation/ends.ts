import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";

/** What the nodes on some hosts say of their peers. */
export type PeersByHost = ReadonlyMap<string, readonly PeerSnapshot[]>;

/** One way of a connection between two of those nodes: what one end sent, and what of it arrived at the other. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly sent: Counts;
  readonly arrived: Counts;
}

/** Messages by type, and bytes in all. */
interface Counts {
  readonly messages: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/** The host that a peer is on. */
export function hostOf({ address }: Pick<PeerSnapshot, "address">): string {
  return address.slice(0, address.lastIndexOf(":"));
}

/** Both ways of every connection of which both ends can be told. */
export function waysBetween(peersOf: PeersByHost): readonly Way[] {
  const ends = new Map<string, PeerSnapshot | undefined>();
  for (const [host, peers] of peersOf) {
    for (const peer of peers) {
      const key = `${host} ${hostOf(peer)} ${peer.direction}`;
      // Two connections of the same two hosts in one direction cannot be told apart.
      ends.set(key, ends.has(key) ? undefined : peer);
    }
  }
  const ways: Way[] = [];
  for (const [key, near] of ends) {
    const [to, from, direction] = key.split(" ") as [string, string, string];
    const far = ends.get(`${from} ${to} ${direction === "inbound" ? "outbound" : "inbound"}`);
    // Of different ages, they are ends of two connections: one host crashed, and the other has yet to notice.
    if (!near || !far || near.connectedSeconds !== far.connectedSeconds) continue;
    const sent = { messages: far.messages.out, bytes: far.bytes.out };
    ways.push({ from, to, sent, arrived: { messages: near.messages.in, bytes: near.bytes.in } });
  }
  return ways;
}

/** More arrived than was sent: what, or undefined where that is not so. */
export function findSurplus({ from, to, sent, arrived }: Way): string | undefined {
  for (const [type, count] of Object.entries(arrived.messages)) {
    const most = sent.messages[type] ?? 0;
    if (count > most) return `${to} got ${count} ${type} of ${most} that ${from} sent`;
  }
  return arrived.bytes > sent.bytes ? `${to} got ${arrived.bytes} bytes of ${sent.bytes} that ${from} sent` : undefined;
}

/** Less arrived than was sent: it is under way, or one end counts wrong. */
export function findShortage({ from, to, sent, arrived }: Way): string | undefined {
  for (const [type, count] of Object.entries(sent.messages)) {
    const least = arrived.messages[type] ?? 0;
    if (count > least) return `${from} sent ${count} ${type}, of which ${to} got ${least}`;
  }
  return arrived.bytes < sent.bytes
    ? `${from} sent ${sent.bytes} bytes, of which ${to} got ${arrived.bytes}`
    : undefined;
}
