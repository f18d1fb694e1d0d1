import type { BanSnapshot } from "../../protocol/snapshots.ts";
import type { DataColumn, Told } from "./columns.ts";
import { nodeView, tableView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";

const MS_PER_SECOND = 1_000;

const BAN_COLUMNS: readonly DataColumn<Told<BanSnapshot>>[] = [
  { name: "subnet", help: "who is banned", rank: 0, value: ({ subnet }) => subnet },
  { name: "left", help: "how long it goes on", unit: "seconds", rank: 1, value: ({ secondsLeft }) => secondsLeft },
  { name: "reason", help: "why", rank: 2, value: ({ reason }) => reason },
];

/** Who is not talked to. */
export const BAN_VIEWS: ViewTable = {
  bans: tableView<readonly BanSnapshot[], Told<BanSnapshot>>({
    summary: "who is banned",
    path: () => "/v1/bans",
    columns: BAN_COLUMNS,
  }),
  ban: nodeView({
    summary: "talk to an address or a subnet no more",
    subject: "ADDRESS|CIDR",
    takes: ["for", "reason"],
    method: "POST",
    path: () => "/v1/bans",
    fields: (address, { for: durationMs, reason }) => ({
      address,
      ...(durationMs !== undefined && { seconds: durationMs / MS_PER_SECOND }),
      ...(reason !== undefined && { reason }),
    }),
  }),
  unban: nodeView({
    summary: "lift a ban",
    subject: "ADDRESS|CIDR",
    method: "DELETE",
    path: (subnet) => `/v1/bans/${encodeURIComponent(subnet)}`,
  }),
};
