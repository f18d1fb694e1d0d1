import type { PeerSnapshot } from "../../protocol/snapshots.ts";
import { formatDuration, formatSize } from "../../util/units.ts";
import { type Column, printRows } from "../tables.ts";
import { nodeView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";

const MS_PER_SECOND = 1_000;
const SHORT_TIME_DIGITS = 1;

const PEER_COLUMNS: readonly Column<PeerSnapshot>[] = [
  { title: "id", cell: ({ id }) => String(id), isNumber: true },
  { title: "address", cell: ({ address }) => address },
  { title: "direction", cell: ({ direction }) => direction },
  { title: "state", cell: ({ state }) => state },
  { title: "kind", cell: ({ kind }) => kind },
  { title: "user agent", cell: ({ userAgent }) => userAgent },
  { title: "height", cell: ({ height }) => String(height), isNumber: true },
  { title: "ping", cell: ({ pingMs }) => formatPing(pingMs.last), isNumber: true },
  { title: "in", cell: ({ bytes }) => formatSize(bytes.in), isNumber: true },
  { title: "out", cell: ({ bytes }) => formatSize(bytes.out), isNumber: true },
  {
    title: "connected",
    cell: ({ connectedSeconds }) => formatDuration(connectedSeconds * MS_PER_SECOND),
    isNumber: true,
  },
];

/** Who is connected, and who shall be. */
export const PEER_VIEWS: ViewTable = {
  peers: nodeView<readonly PeerSnapshot[]>({
    summary: "who is connected",
    path: () => "/v1/peers",
    show: (peers, out) => printRows(peers, PEER_COLUMNS, out),
  }),
  peer: nodeView({
    summary: "all about one peer",
    subject: "ID",
    path: (id) => `/v1/peers/${encodeURIComponent(id)}`,
  }),
  connect: nodeView({
    summary: "dial a peer",
    subject: "HOST:PORT",
    method: "POST",
    path: () => "/v1/peers",
    fields: (address) => ({ address }),
  }),
  disconnect: nodeView({
    summary: "end the connection to a peer",
    subject: "ID",
    method: "DELETE",
    path: (id) => `/v1/peers/${encodeURIComponent(id)}`,
  }),
};

function formatPing(ms: number | null): string {
  return ms === null ? "-" : `${ms.toFixed(SHORT_TIME_DIGITS)} ms`;
}
