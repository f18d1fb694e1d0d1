import type { PeerSnapshot } from "../../protocol/peer_snapshots.ts";
import type { Told } from "./columns.ts";
import { remoteHost, wholeNumber } from "../values.ts";
import { nodeView, tableView } from "./node_view.ts";
import { PEER_COLUMNS } from "./peer_columns.ts";
import { showPeer } from "./peer_record.ts";
import type { ViewTable } from "./view.ts";

/** Peers are numbered from 1. */
const PEER_ID = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** Who is connected, and who shall be. */
export const PEER_VIEWS: ViewTable = {
  peers: tableView<readonly PeerSnapshot[], Told<PeerSnapshot>>({
    summary: "who is connected, and how they do",
    hasLive: true,
    path: () => "/v1/peers",
    columns: PEER_COLUMNS,
  }),
  peer: nodeView<Told<PeerSnapshot>>({
    summary: "all about one peer",
    subject: "ID",
    subjectIs: PEER_ID,
    path: (id) => `/v1/peers/${encodeURIComponent(id)}`,
    show: (peer, { out }) => showPeer(peer, out),
  }),
  connect: nodeView({
    summary: "dial a peer",
    subject: "HOST:PORT",
    subjectIs: remoteHost,
    method: "POST",
    path: () => "/v1/peers",
    fields: (address) => ({ address }),
  }),
  disconnect: nodeView({
    summary: "end the connection to a peer",
    subject: "ID",
    subjectIs: PEER_ID,
    method: "DELETE",
    path: (id) => `/v1/peers/${encodeURIComponent(id)}`,
  }),
};
