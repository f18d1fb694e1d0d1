// The subjects of `p2p bench` that run in processes of their own, in short form: the program measures, this only asks.

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Row, Subject } from "./support.ts";

/** One row of the program's JSON, as far as all subjects have the same. */
type Json = Readonly<Record<string, unknown>>;

const ENTRY = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const SHORT = ["--duration", "1s", "--warmup", "500ms"];
const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;
const KIB = 1_024;

function subject(name: string, args: readonly string[], rowOf: (row: Json) => Row): Subject {
  return {
    name: `${name} (in processes of their own; p2p bench ${name} tells more)`,
    run: async () => (await runProgram(["bench", name, ...args, "--json"])).map(rowOf),
  };
}

export const throughput = subject("throughput", SHORT, (row) => flowRow(row, "messages"));
export const fanout = subject("fanout", SHORT, (row) => flowRow(row, "deliveries"));
export const latency = subject("latency", SHORT, (row) => ({
  name: String(row.name),
  unit: "round trips",
  perSecond: Number(row.perSecond),
  meanNs: Number(row.p50Ms) * NS_PER_MS,
  p99Ns: Number(row.p99Ms) * NS_PER_MS,
}));
export const handshake = subject("handshake", SHORT, (row) => flowRow(row, "handshakes"));
export const connections = subject("connections", ["--duration", "1s"], (row) => ({
  name: `${row.name}: connections taken, ${(Number(row.bytesEach) / KIB).toFixed(1)} KiB each`,
  unit: "connections",
  perSecond: Number(row.perSecond),
  meanNs: NS_PER_SECOND / Number(row.perSecond),
}));
export const flood = subject("flood", SHORT, (row) => ({
  name: `${row.name}: blocks taken, and pings meanwhile`,
  unit: "blocks",
  perSecond: Number(row.blocksPerSecond),
  ...latencyOf(row.pings),
}));
export const relay = subject("relay", ["--count", "20"], (row) => ({
  name: `${row.name}: until another node has a block`,
  unit: "blocks",
  perSecond: NS_PER_SECOND / latencyOf(row.last).meanNs,
  ...latencyOf(row.latencies),
}));
export const events = subject("events", SHORT, (row) => ({
  name: `${row.name}: deliveries, and control events meanwhile`,
  unit: "deliveries",
  perSecond: Number(row.deliveredPerSecond),
  ...latencyOf(row.fast),
}));

export const rings = subject("ring", ["--count", "5M"], (row) => ({
  name: String(row.name),
  unit: "frames",
  perSecond: Number(row.perSecond),
  meanNs: Number(row.nsPerFrame),
}));

function flowRow(row: Json, unit: string): Row {
  return { name: String(row.name), unit, perSecond: Number(row.perSecond), ...latencyOf(row.latency) };
}

/** The median stands where others have the mean: it is what these subjects are about. */
function latencyOf(summary: unknown): { readonly meanNs: number; readonly p99Ns: number } {
  const { p50Ms, p99Ms } = summary as { readonly p50Ms: number; readonly p99Ms: number };
  return { meanNs: p50Ms * NS_PER_MS, p99Ns: p99Ms * NS_PER_MS };
}

/** The program from its sources, under the runtime that runs the benches. */
function runProgram(args: readonly string[]): Promise<readonly Json[]> {
  const before = process.versions["deno"] ? ["run", "-A", "--no-check"] : [];
  const child = spawn(process.execPath, [...before, ENTRY, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve((JSON.parse(output) as { readonly rows: readonly Json[] }).rows);
      else reject(new Error(`p2p ${args.join(" ")} ended with ${code}`));
    });
  });
}
