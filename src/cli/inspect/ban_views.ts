import type { BanSnapshot, OffenderSnapshot } from "../../protocol/peer_snapshots.ts";
import type { DataColumn, Told } from "./columns.ts";
import { subnet } from "../values.ts";
import { nodeView, tableView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

const BAN_COLUMNS: readonly DataColumn<Told<BanSnapshot>>[] = [
  { name: "subnet", help: "who is banned", rank: 0, value: ({ subnet }) => subnet },
  { name: "left", help: "how long it goes on", unit: "seconds", rank: 1, value: ({ secondsLeft }) => secondsLeft },
  { name: "reason", help: "why", rank: 2, value: ({ reason }) => reason },
];

const OFFENDER_COLUMNS: readonly DataColumn<Told<OffenderSnapshot>>[] = [
  { name: "address", help: "who did it, connected or not", rank: 0, value: ({ address }) => address },
  { name: "fault", help: "what it did last", rank: 1, value: ({ fault }) => fault },
  { name: "faults", help: "how many there were", unit: "count", rank: 4, value: ({ faults }) => faults },
  { name: "ago", help: "since the last one", unit: "seconds", rank: 2, value: ({ secondsAgo }) => secondsAgo },
  {
    name: "score",
    help: "at 100 an address is left alone for a day; it halves in an hour",
    unit: "count",
    rank: 3,
    value: ({ score }) => score,
  },
  {
    name: "left-alone",
    help: "how long nobody is taken from there; addresses of this machine and of private networks never are",
    unit: "seconds",
    rank: 5,
    value: ({ secondsLeft }) => secondsLeft,
  },
];

/** Who is not talked to, and who gave reason to. */
export const BAN_VIEWS: ViewTable = {
  offenders: tableView<readonly OffenderSnapshot[], Told<OffenderSnapshot>>({
    summary: "who broke rules of late, connected or not",
    path: () => "/v1/offenders",
    columns: OFFENDER_COLUMNS,
  }),
  bans: tableView<readonly BanSnapshot[], Told<BanSnapshot>>({
    summary: "who is banned",
    path: () => "/v1/bans",
    columns: BAN_COLUMNS,
  }),
  ban: nodeView({
    summary: "talk to an address or a subnet no more",
    subject: "ADDRESS|CIDR",
    subjectIs: subnet,
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
    subjectIs: subnet,
    method: "DELETE",
    path: (subnet) => `/v1/bans/${encodeURIComponent(subnet)}`,
  }),
};
