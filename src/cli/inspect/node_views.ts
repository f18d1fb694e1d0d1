import type { ChannelUse } from "../../bus/bus.ts";
import type { DataColumn, Told } from "./columns.ts";
import { nodeView, tableView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";

type Channel = Told<ChannelUse>;

const CHANNEL_COLUMNS: readonly DataColumn<Channel>[] = [
  { name: "channel", help: "its name", rank: 0, value: ({ channel }) => channel },
  {
    name: "capacity",
    help: "events that wait at most for one subscriber",
    unit: "count",
    rank: 4,
    value: ({ capacity }) => capacity,
  },
  {
    name: "usage",
    help: "how full the fullest subscriber's queue is",
    unit: "share",
    rank: 1,
    value: ({ usage }) => usage,
  },
  { name: "published", help: "events since the start", unit: "count", rank: 3, value: ({ published }) => published },
  { name: "lag", help: "events that subscribers missed", unit: "count", rank: 2, value: ({ lag }) => lag },
  { name: "subscribers", help: "who reads them", unit: "count", rank: 5, value: ({ subscribers }) => subscribers },
];

/** The node as a whole. */
export const NODE_VIEWS: ViewTable = {
  node: nodeView({
    summary: "version, network, where it listens, what it did",
    hasLive: true,
    path: () => "/v1/node",
  }),
  channels: tableView<readonly ChannelUse[], Channel>({
    summary: "how full the channels of events are, and what subscribers missed",
    path: () => "/v1/channels",
    columns: CHANNEL_COLUMNS,
  }),
};
