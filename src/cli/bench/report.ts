import { toSafeJson } from "../../util/escape.ts";
import { formatSize } from "../../util/units.ts";
import type { Context, Output } from "../context.ts";
import { type Column, printRows } from "../tables.ts";
import type { Result, Share } from "./contest.ts";
import type { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";

const INDENT = 2;
const MEGA = 1_000_000;
const KILO = 1_000;
const RATIO_DIGITS = 2;
const MS_DIGITS = 2;
const BAR_WIDTH = 40;
const PERCENT = 100;
const LABEL_WIDTH = 20;

/** What a bench says of itself besides its rows. */
export interface Heading {
  readonly bench: string;
  /** What exactly is counted. */
  readonly what: string;
  readonly settings: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** Candidates of a flow, compared with the first one. */
export function reportFlows(
  context: Context,
  options: BenchOptions,
  heading: Heading,
  results: readonly Result[],
): void {
  if (options.json) return printJson(context, heading, results.map((result) => flowRow(result, results[0]!)));
  context.out.line(heading.what);
  printFlows(context.out, results);
  for (const { name, latencies } of results) drawHistogram(context.out, name, latencies);
}

/** One candidate as JSON shows it. */
export function flowRow({ latencies, ...result }: Result, first: Result): Readonly<Record<string, unknown>> {
  return { ...result, ratio: result.perSecond / first.perSecond, latency: latencies.summary() };
}

export function printFlows(out: Output, results: readonly Result[]): void {
  const first = results[0]!.perSecond;
  const columns: readonly Column<Result>[] = [
    { title: "", cell: ({ name }) => name },
    number("messages/s", ({ perSecond }) => formatCount(perSecond)),
    number("MB/s", ({ bytesPerSecond }) => (bytesPerSecond / MEGA).toFixed(0)),
    number("ratio", ({ perSecond }) => (perSecond / first).toFixed(RATIO_DIGITS)),
    number("CPU ns/message", ({ sender, receiver }) => formatCpu(sender, receiver)),
    number("RSS", ({ sender, receiver }) => formatResident(sender, receiver)),
    number("at msg/s", ({ pacedPerSecond }) => formatCount(pacedPerSecond)),
    number("p50 ms", ({ latencies }) => latencies.summary().p50Ms.toFixed(MS_DIGITS)),
    number("p99 ms", ({ latencies }) => latencies.summary().p99Ms.toFixed(MS_DIGITS)),
    number("CPU ns/message", ({ pacedSender, pacedReceiver }) => formatCpu(pacedSender, pacedReceiver)),
    number("lost", ({ lost, dropped }) => dropped === 0 ? String(lost) : `${lost} (${dropped} refused)`),
  ];
  printRows(results, columns, out);
}

export function printJson(context: Context, { bench, what, settings }: Heading, rows: readonly unknown[]): void {
  context.out.line(toSafeJson({ bench, what, ...settings, runtime: context.host.runtime, rows }, INDENT));
}

/** On a terminal only: elsewhere it would be in the way of whoever reads the table. */
export function drawHistogram(out: Output, name: string, latencies: Latencies): void {
  if (!out.stream.isTerminal || latencies.count === 0) return;
  const buckets = latencies.buckets();
  const largest = Math.max(...buckets.map(({ share }) => share));
  out.line(`\n${out.colors.bold(name)}: latency`);
  for (const { fromMs, toMs, share } of buckets) {
    const label = `${formatMs(fromMs)} to ${formatMs(toMs)}`.padStart(LABEL_WIDTH);
    const bar = "█".repeat(Math.round(share / largest * BAR_WIDTH)).padEnd(BAR_WIDTH);
    out.line(`${label}  ${bar} ${(share * PERCENT).toFixed(1).padStart("100.0".length)} %`);
  }
}

export function number<Row>(title: string, cell: (row: Row) => string): Column<Row> {
  return { title, cell, isNumber: true };
}

/** `4.21 M`, `812 k`, `97`. */
export function formatCount(count: number): string {
  if (count >= MEGA) return `${(count / MEGA).toFixed(RATIO_DIGITS)} M`;
  return count >= KILO ? `${(count / KILO).toFixed(count < KILO * PERCENT ? 1 : 0)} k` : count.toFixed(0);
}

export function formatMs(ms: number): string {
  return ms < 1 ? `${Math.round(ms * KILO)} µs` : `${Number(ms.toPrecision(RATIO_DIGITS + 1))} ms`;
}

/** Of the sender and the receiver. */
export function formatCpu(sender: Share, receiver: Share): string {
  return `${sender.cpuNsPerMessage.toFixed(0)} + ${receiver.cpuNsPerMessage.toFixed(0)}`;
}

export function formatResident(sender: Share, receiver: Share): string {
  return `${formatSize(sender.residentBytes)} + ${formatSize(receiver.residentBytes)}`;
}
