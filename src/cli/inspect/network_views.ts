import type { BalancingSnapshot, WorkerSnapshot } from "../../protocol/app_snapshots.ts";
import type {
  AddressesSnapshot,
  AddressSnapshot,
  TopologyNodeSnapshot,
  TopologySnapshot,
} from "../../protocol/network_snapshots.ts";
import type { Output } from "../context.ts";
import { printRecord } from "../tables.ts";
import type { DataColumn, Told } from "./columns.ts";
import { nodeView, tableView } from "./node_view.ts";
import { showTopologyAsDot } from "./topology_dot.ts";
import type { View, ViewTable } from "./view.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

const MEAN_DIGITS = 2;
const ADDRESS_WIDTH = 48;
const ID_WIDTH = 16;

type Address = Told<AddressSnapshot>;
type Worker = Told<WorkerSnapshot>;
type TopologyNode = Told<TopologyNodeSnapshot>;

/** How often it was there, by window of time; only one of them stands in the usual table. */
const UPTIME_COLUMNS: readonly DataColumn<Address>[] = [
  uptimeColumn("two-hours", "2h"),
  uptimeColumn("eight-hours", "8h"),
  { ...uptimeColumn("day", "1d"), rank: 6 },
  uptimeColumn("week", "1w"),
];

const ADDRESS_COLUMNS: readonly DataColumn<Address>[] = [
  { name: "address", help: "where it is", rank: 0, maxWidth: ADDRESS_WIDTH, value: ({ address }) => address },
  { name: "table", help: "tried: it answered us once", rank: 1, value: ({ tried }) => tried ? "tried" : "new" },
  { name: "heard", help: "since somebody saw it", unit: "seconds", rank: 2, value: ({ time }) => age(time) },
  {
    name: "answered",
    help: "since it answered us",
    unit: "seconds",
    rank: 3,
    value: ({ lastSuccess }) => age(lastSuccess),
  },
  { name: "asked", help: "since we dialled it", unit: "seconds", value: ({ lastTry }) => age(lastTry) },
  { name: "failures", help: "failed dials since then", unit: "count", rank: 4, value: ({ attempts }) => attempts },
  ...UPTIME_COLUMNS,
  { name: "services", help: "what it serves", rank: 5, value: ({ services }) => services?.join(",") },
  { name: "source", help: "who told us first", rank: 7, maxWidth: ADDRESS_WIDTH, value: ({ source }) => source },
];

const WORKER_COLUMNS: readonly DataColumn<Worker>[] = [
  { name: "peer", help: "its id", unit: "count", rank: 0, value: ({ peer }) => peer },
  { name: "name", help: "where it is", rank: 4, maxWidth: ADDRESS_WIDTH, value: ({ name }) => name },
  { name: "work", help: "blocks or requests", rank: 1, value: ({ work }) => work },
  {
    name: "breaker",
    help: "open: it failed so often that it is not asked for a while",
    rank: 2,
    value: ({ breaker, draining }) => draining ? "draining" : breaker,
  },
  {
    name: "open",
    help: "asked for, and not there yet",
    unit: "count",
    rank: 3,
    value: ({ outstanding }) => outstanding,
  },
  { name: "done", help: "answers", unit: "count", rank: 5, value: ({ answered }) => answered },
  { name: "failures", help: "no answers", unit: "count", rank: 6, value: ({ failures }) => failures },
  { name: "time", help: "for one answer, smoothed", unit: "ms", rank: 7, value: ({ latencyMs }) => latencyMs },
  { name: "health", help: "good ones of the latest answers", unit: "share", rank: 8, value: ({ health }) => health },
  { name: "region", help: "where it says it is", value: ({ region }) => region },
  { name: "load", help: "how busy it says it is", unit: "share", value: ({ load }) => load },
];

const TOPOLOGY_COLUMNS: readonly DataColumn<TopologyNode>[] = [
  { name: "id", help: "names it in the network", rank: 0, maxWidth: ID_WIDTH, value: ({ id }) => id },
  { name: "source", help: "self, peer, gossip or address", rank: 1, value: ({ source }) => source },
  { name: "address", help: "where it is", rank: 2, maxWidth: ADDRESS_WIDTH, value: ({ address }) => address },
  { name: "region", help: "where it says it is", rank: 5, value: ({ region }) => region },
  { name: "capabilities", help: "what it can do", rank: 8, value: ({ capabilities }) => capabilities?.join(" ") },
  { name: "load", help: "how busy it says it is", unit: "share", rank: 7, value: ({ load }) => load },
  { name: "hops", help: "links on the quickest way", unit: "count", rank: 3, value: ({ path }) => path?.hops },
  { name: "rtt", help: "round trip on the quickest way", unit: "ms", rank: 4, value: ({ path }) => path?.rttMs },
  { name: "heard", help: "since it was heard of", unit: "seconds", rank: 6, value: ({ ageSeconds }) => ageSeconds },
  { name: "reporters", help: "peers that told of it", unit: "count", value: ({ reporters }) => reporters },
];

const TOPOLOGY_TABLE = tableView<TopologySnapshot, TopologyNode>({
  summary: "the network as the node knows it",
  takes: ["dot"],
  path: () => "/v1/topology",
  needs: ["nodes", "links", "metrics", "broadcast"],
  columns: TOPOLOGY_COLUMNS,
  rows: ({ nodes }) => nodes,
  withRows: (answer, nodes) => ({ ...answer, nodes }),
  after: (topology, { out }) => showWhole(topology, out),
});
const TOPOLOGY_GRAPH = nodeView<TopologySnapshot>({
  summary: TOPOLOGY_TABLE.summary,
  path: () => "/v1/topology",
  needs: ["nodes", "links", "metrics", "broadcast"],
  show: (topology, { out }) => showTopologyAsDot(topology, out),
});

const TOPOLOGY_VIEW: View = {
  ...TOPOLOGY_TABLE,
  run: (question) => (question.settings.dot ? TOPOLOGY_GRAPH : TOPOLOGY_TABLE).run(question),
};

/** The network around the node, and how work is spread over it. */
export const NETWORK_VIEWS: ViewTable = {
  addrs: tableView<AddressesSnapshot, Address>({
    summary: "the addresses that the node knows",
    path: () => "/v1/addresses",
    needs: ["addresses"],
    columns: ADDRESS_COLUMNS,
    rows: ({ addresses }) => addresses,
    withRows: (answer, addresses) => ({ ...answer, addresses }),
    before: ({ addresses: _, local, ...counts }, { out }) => {
      printRecord({
        ...counts,
        networks: { ...counts.networks },
        gossip: { ...counts.gossip },
        local: local && { ...local },
      }, out);
      out.line("");
    },
  }),
  topology: TOPOLOGY_VIEW,
  balancing: tableView<BalancingSnapshot, Worker>({
    summary: "how work is spread over peers",
    path: () => "/v1/balancing",
    needs: ["workers", "requests"],
    columns: WORKER_COLUMNS,
    rows: ({ workers }) => workers,
    withRows: (answer, workers) => ({ ...answer, workers }),
    after: ({ requests }, { out }) => {
      out.line("");
      printRecord({ ...requests }, out);
    },
  }),
};

function uptimeColumn(name: string, window: string): DataColumn<Address> {
  const help = `share of the last ${name.replace("-", " ")} that it was there, as a seed saw it (p2p node --seed)`;
  return { name, help, unit: "share", value: ({ uptime }) => uptime?.[window] };
}

/** Seconds since a moment of the address book; null for never. */
function age(time: number | undefined): number | null {
  return time === undefined || time === 0 ? null : Math.max(0, Date.now() / MS_PER_SECOND - time);
}

/** What the whole of a topology comes to. */
function showWhole({ metrics, broadcast }: TopologySnapshot, out: Output): void {
  const { regions, meanLinks, ...counts } = metrics;
  out.line("");
  printRecord({
    ...counts,
    meanLinks: meanLinks.toFixed(MEAN_DIGITS),
    regions: Object.entries(regions).map(([name, count]) => `${name || "unknown"} ${count}`),
    broadcast: `${broadcast.reached} nodes in ${broadcast.depth} steps, ${broadcast.fanout} copies each`,
  }, out);
}
