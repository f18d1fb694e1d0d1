import type { AddressesSnapshot, BalancingSnapshot, TopologySnapshot } from "../../protocol/snapshots.ts";
import { showAddresses } from "./address_table.ts";
import { showBalancing } from "./balancing_table.ts";
import { nodeView } from "./node_view.ts";
import { showTopology, showTopologyAsDot } from "./topology_table.ts";
import type { ViewTable } from "./view.ts";

const MS_PER_SECOND = 1_000;

/** The network around the node, and how work is spread over it. */
export const NETWORK_VIEWS: ViewTable = {
  addrs: nodeView<AddressesSnapshot>({
    summary: "the addresses that the node knows",
    path: () => "/v1/addresses",
    show: (book, out) => showAddresses(book, Math.floor(Date.now() / MS_PER_SECOND), out),
  }),
  topology: nodeView<TopologySnapshot>({
    summary: "the network as the node knows it",
    takes: ["dot"],
    path: () => "/v1/topology",
    show: (topology, out, { dot }) => dot ? showTopologyAsDot(topology, out) : showTopology(topology, out),
  }),
  balancing: nodeView<BalancingSnapshot>({
    summary: "how work is spread over peers",
    path: () => "/v1/balancing",
    show: showBalancing,
  }),
};
