import type { BalancingSnapshot, WorkerSnapshot } from "../../protocol/snapshots.ts";
import type { Output } from "../context.ts";
import { type Column, printRecord, printRows } from "../tables.ts";

const MS_DIGITS = 1;
const PERCENT = 100;

const COLUMNS: readonly Column<WorkerSnapshot>[] = [
  { title: "peer", cell: ({ peer }) => String(peer), isNumber: true },
  { title: "name", cell: ({ name }) => name },
  { title: "work", cell: ({ work }) => work },
  { title: "breaker", cell: ({ breaker, draining }) => draining ? "draining" : breaker },
  { title: "under way", cell: ({ outstanding }) => String(outstanding), isNumber: true },
  { title: "done", cell: ({ answered }) => String(answered), isNumber: true },
  { title: "failures", cell: ({ failures }) => String(failures), isNumber: true },
  {
    title: "time",
    cell: ({ latencyMs }) => latencyMs === null ? "-" : `${latencyMs.toFixed(MS_DIGITS)} ms`,
    isNumber: true,
  },
  { title: "health", cell: ({ health }) => `${Math.round(health * PERCENT)} %`, isNumber: true },
];

/** How each peer does its work, then requests to any of them. */
export function showBalancing({ workers, requests }: BalancingSnapshot, out: Output): void {
  printRows(workers, COLUMNS, out);
  out.line("");
  printRecord({ ...requests }, out);
}
