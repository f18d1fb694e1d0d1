import type { BanSnapshot } from "../../protocol/snapshots.ts";
import { formatDuration } from "../../util/units.ts";
import { type Column, printRows } from "../tables.ts";
import { nodeView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";

const MS_PER_SECOND = 1_000;

const BAN_COLUMNS: readonly Column<BanSnapshot>[] = [
  { title: "subnet", cell: ({ subnet }) => subnet },
  { title: "left", cell: ({ secondsLeft }) => formatDuration(secondsLeft * MS_PER_SECOND), isNumber: true },
  { title: "reason", cell: ({ reason }) => reason },
];

/** Who is not talked to. */
export const BAN_VIEWS: ViewTable = {
  bans: nodeView<readonly BanSnapshot[]>({
    summary: "who is banned",
    path: () => "/v1/bans",
    show: (bans, out) => printRows(bans, BAN_COLUMNS, out),
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
