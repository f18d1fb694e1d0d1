import type { ChannelUse } from "../../bus/bus.ts";
import type { ShardSnapshot } from "../../protocol/peer_snapshots.ts";
import { toSafeJson } from "../../util/escape.ts";
import { EXIT } from "../exit.ts";
import type { Json } from "../render_message.ts";
import { printRecord } from "../tables.ts";
import { awaitReadiness, findControl } from "./ask.ts";
import type { DataColumn, Told } from "./columns.ts";
import { NODE_PLACE } from "./flags.ts";
import { nodeView, tableView } from "./node_view.ts";
import type { Question, ViewTable } from "./view.ts";

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

type Shard = Told<ShardSnapshot>;

const SHARD_COLUMNS: readonly DataColumn<Shard>[] = [
  { name: "id", help: "names it in a peer's column shard", unit: "count", rank: 0, value: ({ id }) => id },
  { name: "state", help: "running, or down until it is started again", rank: 3, value: ({ state }) => state },
  { name: "peers", help: "connections in it", unit: "count", rank: 1, value: ({ peers }) => peers },
  { name: "in", help: "how full its ring to the main thread is", unit: "share", rank: 4, value: use("toMain") },
  { name: "out", help: "how full the ring to it is", unit: "share", rank: 5, value: use("toShard") },
  {
    name: "waiting",
    help: "bytes that wait for room in the ring to it",
    unit: "bytes",
    rank: 6,
    value: ({ waitingBytes }) => waitingBytes,
  },
  { name: "delay", help: "how late its event loop was", unit: "ms", rank: 2, value: ({ delayMs }) => delayMs },
  { name: "restarts", help: "how often it failed", unit: "count", rank: 7, value: ({ restarts }) => restarts },
];

function use(way: keyof ShardSnapshot["ringUse"]): (shard: Shard) => number | null | undefined {
  return ({ ringUse }) => ringUse?.[way];
}

/** The node as a whole. */
export const NODE_VIEWS: ViewTable = {
  node: nodeView({
    summary: "version, network, where it listens, what it did",
    hasLive: true,
    path: () => "/v1/node",
  }),
  shards: tableView<{ readonly shards?: readonly Shard[] }, Shard>({
    summary: "the threads that connections are in: p2p node --workers",
    path: () => "/v1/node",
    rows: ({ shards = [] }) => shards,
    columns: SHARD_COLUMNS,
  }),
  ready: {
    summary: "whether it has caught up and serves others; exit 1 if not, with --wait TIME not until then",
    takes: [...NODE_PLACE, "json"],
    run: showReadiness,
  },
  channels: tableView<readonly ChannelUse[], Channel>({
    summary: "how full the channels of events are, and what subscribers missed",
    path: () => "/v1/channels",
    columns: CHANNEL_COLUMNS,
  }),
};

async function showReadiness({ context: { host, out }, settings }: Question): Promise<number> {
  const control = await findControl(settings, host.environment);
  const { isReady, answer } = await awaitReadiness(control, settings.wait ?? 0);
  if (settings.json) out.line(toSafeJson(answer));
  else printRecord(answer as { readonly [key: string]: Json }, out);
  return isReady ? EXIT.done : EXIT.no;
}
