import type { PeerSnapshot } from "../../protocol/peer_snapshots.ts";
import type { Output } from "../context.ts";
import { printRecord, printRows } from "../tables.ts";
import { showCell, type Told } from "./columns.ts";
import { PEER_COLUMNS } from "./peer_columns.ts";

type Peer = Told<PeerSnapshot>;

/** Shows all that the node knows about one peer: every column of the table with what it means, then messages by type. */
export function showPeer(peer: Peer, out: Output): void {
  printRows(PEER_COLUMNS, [
    { title: "what", cell: ({ name }) => name },
    { title: "value", cell: (column) => showCell(column, peer) },
    { title: "meaning", cell: ({ help }) => help },
  ], out);
  const types = [...new Set([...Object.keys(peer.messages?.in ?? {}), ...Object.keys(peer.messages?.out ?? {})])]
    .sort();
  if (types.length === 0) return;
  out.line("");
  const count = (counts: Readonly<Record<string, number>> | undefined, type: string) => String(counts?.[type] ?? 0);
  printRows(types, [
    { title: "message", cell: (type) => type },
    { title: "in", isNumber: true, cell: (type) => count(peer.messages?.in, type) },
    { title: "out", isNumber: true, cell: (type) => count(peer.messages?.out, type) },
  ], out);
  if (peer.mailbox?.paused) {
    out.line("");
    printRecord({ reading: "paused: what it sent is handled first" }, out);
  }
}
