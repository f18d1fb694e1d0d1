// What `bun bench` runs: every subject, or those that are named. The same file runs on Deno and Node.
// Usage: bun bench [SUBJECT …]

import { cpus } from "node:os";
import Table from "cli-table3";
import { VERSION } from "../src/util/version.ts";
import type { Row, Subject } from "./support.ts";

/** Those of `p2p bench`, in short form. */
const PROGRAM_SUBJECTS = [
  "throughput",
  "latency",
  "handshake",
  "connections",
  "fanout",
  "flood",
  "relay",
  "events",
  "rings",
] as const;

/** Loaded one at a time: a subject pays for its own imports only. */
const SUBJECTS: Readonly<Record<string, () => Promise<{ readonly subject: Subject }>>> = {
  addresses: () => import("./addresses.ts"),
  bytes: () => import("./bytes.ts"),
  capture: () => import("./capture.ts"),
  chain: () => import("./chain.ts"),
  compact: () => import("./compact.ts"),
  eviction: () => import("./eviction.ts"),
  notifications: () => import("./notifications.ts"),
  bells: () => import("./bells.ts"),
  "ring-seam": () => import("./ring_seam.ts"),
  held: () => import("./held.ts"),
  inspect: () => import("./inspect.ts"),
  store: () => import("./store.ts"),
  sync: () => import("./sync.ts"),
  topology: () => import("./topology.ts"),
  transport: () => import("./transport.ts"),
  transactions: () => import("./transactions.ts"),
  "memory-network": () => import("./memory_network.ts"),
  codec: () => import("./codec.ts"),
  hasher: () => import("./hasher.ts"),
  "codec-native": () => import("./codec_native.ts"),
  ...Object.fromEntries(PROGRAM_SUBJECTS.map((name) => [name, () => loadProgramSubject(name)])),
};

async function loadProgramSubject(name: (typeof PROGRAM_SUBJECTS)[number]): Promise<{ readonly subject: Subject }> {
  return { subject: (await import("./program.ts"))[name] };
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in SUBJECTS));
  if (unknown.length > 0) {
    console.error(`Unknown subject ${unknown.join(", ")}; there are: ${Object.keys(SUBJECTS).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  console.log(`p2p ${VERSION} on ${describeRuntime()}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}`);
  for (const [name, load] of Object.entries(SUBJECTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { subject } = await load();
    console.log(`\n${subject.name}\n${format(await subject.run())}`);
  }
}

function describeRuntime(): string {
  const { deno, bun, node } = process.versions;
  const name = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
  return `${name} (${process.platform} ${process.arch})`;
}

function format(rows: readonly Row[]): string {
  const table = new Table({
    head: ["", "per second", "mean", "p99", "±", "vs first"],
    colAligns: ["left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  const first = rows[0]?.perSecond ?? 0;
  for (const { name, perSecond, unit = "operations", meanNs, p99Ns, marginPercent } of rows) {
    table.push([
      name,
      `${Math.round(perSecond).toLocaleString("en-US")} ${unit}`,
      formatTime(meanNs),
      formatTime(p99Ns),
      marginPercent === undefined ? "" : `${marginPercent.toFixed(1)} %`,
      `${(perSecond / first).toFixed(2)} ×`,
    ]);
  }
  return table.toString();
}

function formatTime(ns: number | undefined): string {
  if (ns === undefined) return "";
  if (ns < 1e3) return `${ns.toFixed(1)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toFixed(1)} µs` : `${(ns / 1e6).toFixed(1)} ms`;
}

await main();
