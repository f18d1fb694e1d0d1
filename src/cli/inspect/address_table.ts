import type { AddressesSnapshot, AddressSnapshot } from "../../protocol/snapshots.ts";
import { formatDuration } from "../../util/units.ts";
import type { Output } from "../context.ts";
import { type Column, printRecord, printRows } from "../tables.ts";

const MS_PER_SECOND = 1_000;
const PERCENT = 100;

/** Shows an address book: how many there are of what, then some of them. `now`: Unix seconds. */
export function showAddresses({ addresses, ...counts }: AddressesSnapshot, now: number, out: Output): void {
  printRecord({ ...counts, networks: { ...counts.networks }, gossip: { ...counts.gossip } }, out);
  if (addresses.length === 0) return;
  out.line("");
  printRows(addresses, columns(now), out);
}

function columns(now: number): readonly Column<AddressSnapshot>[] {
  return [
    { title: "address", cell: ({ address }) => address },
    { title: "table", cell: ({ tried }) => tried ? "tried" : "new" },
    { title: "heard of", cell: ({ time }) => formatAge(time, now), isNumber: true },
    { title: "answered", cell: ({ lastSuccess }) => formatAge(lastSuccess, now), isNumber: true },
    { title: "failures", cell: ({ attempts }) => String(attempts), isNumber: true },
    { title: "1d", cell: ({ uptime }) => formatShare(uptime?.["1d"]), isNumber: true },
    { title: "services", cell: ({ services }) => services.join(",") },
    { title: "told by", cell: ({ source }) => source },
  ];
}

function formatAge(time: number, now: number): string {
  return time === 0 ? "-" : formatDuration(Math.max(0, now - time) * MS_PER_SECOND);
}

function formatShare(share: number | undefined): string {
  return share === undefined ? "-" : `${(share * PERCENT).toFixed(0)} %`;
}
