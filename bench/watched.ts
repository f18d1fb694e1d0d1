// What watching a node costs it: messages of an application flow from one process to another, while nobody looks, and
// while a dashboard is open and Prometheus scrapes every 5 s, in turns; or, quiet, nothing flows.
// Usage: bun bench/watched.ts [IDLE_PEERS [quiet]]

import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openNode } from "../mod.ts";
import { serveControl } from "../src/cli/serve_control.ts";
import type { Vitals } from "../src/doctor/vitals.ts";
import { createEnv } from "../src/platform/env.ts";

const ROUNDS = 9;
const WINDOW_MS = 6_000;
const PAYLOAD_BYTES = 248;
const BURST = 1_000;
const FULL_OUTBOX_BYTES = 1_048_576;
const RETRY_MS = 1;
const PERCENT = 100;
/** What src/dashboard asks for, how often; and a scrape. */
const ASKED: readonly (readonly [path: string, intervalMs: number])[] = [
  ["/v1/vitals", 2_000],
  ["/v1/peers", 2_000],
  ["/v1/doctor", 5_000],
  ["/v1/topology", 10_000],
  ["/metrics", 5_000],
];

/** The node that is watched: takes messages, and has its control API on a port. Says its two ports. */
async function receive(): Promise<void> {
  const node = openNode({ network: "p2p", discover: false, listen: ["127.0.0.1:0"], maxInbound: 1_000 });
  node.on("app:message", () => {});
  await node.start();
  node.diagnose();
  const server = await serveControl({ host: "127.0.0.1", port: 0 }, node, createEnv(), {
    runtime: "bench",
    token: undefined,
  });
  console.log([node.listening[0]!, server.local].map((place) => "port" in place ? place.port : 0).join(" "));
}

/** Idle peers, and one that sends as fast as it can, unless it is quiet. */
async function send(port: number, idle: number, isQuiet: boolean): Promise<void> {
  const connect = [`127.0.0.1:${port}`];
  for (let i = 0; i < idle; i++) await openNode({ network: "p2p", connect, discover: false }).start();
  const node = openNode({ network: "p2p", connect, discover: false });
  const ready = new Promise<number>((resolve) => node.on("peer:connected", ({ peer }) => resolve(peer.id)));
  await node.start();
  const id = await ready;
  const payload = new Uint8Array(PAYLOAD_BYTES);
  console.log("ready");
  const burst = () => {
    const [peer] = node.peers();
    if (!peer) return;
    if (peer.outbox.bytes > FULL_OUTBOX_BYTES) return void setTimeout(burst, RETRY_MS);
    for (let i = 0; i < BURST; i++) node.send(id, payload);
    setImmediate(burst);
  };
  if (!isQuiet) burst();
}

async function measure(idle: number, isQuiet: boolean): Promise<void> {
  const receiver = start("receive");
  const [port, control] = (await firstLine(receiver)).split(" ").map(Number) as [number, number];
  const sender = start("send", String(port), String(idle), isQuiet ? "quiet" : "");
  await firstLine(sender);
  const windows = { alone: [] as Window[], watched: [] as Window[] };
  await measureWindow(control);
  for (let round = 0; round < ROUNDS; round++) {
    windows.alone.push(await measureWindow(control));
    const watching = watch(control);
    windows.watched.push(await measureWindow(control));
    watching.abort();
  }
  sender.kill();
  receiver.kill();
  const [alone, watched] = [windows.alone, windows.watched];
  const talker = isQuiet ? "1 that says nothing" : "1 that sends";
  console.log(`peers: ${talker}, ${idle} idle; ${ROUNDS} pairs of windows of ${WINDOW_MS / 1_000} s, medians`);
  if (!isQuiet) {
    const rate = ratioOf(watched, alone, ({ perSecond }) => perSecond);
    const cpu = ratioOf(watched, alone, ({ cpuMs, perSecond }) => cpuMs / perSecond);
    console.log(`messages/s alone: ${Math.round(median(alone.map(({ perSecond }) => perSecond)))}`);
    console.log(`throughput, watched to alone: ${(PERCENT * (rate - 1)).toFixed(1)} %`);
    console.log(`CPU a message, watched to alone: ${(PERCENT * (cpu - 1)).toFixed(1)} %`);
  }
  const cpuOf = (list: readonly Window[]) => median(list.map(({ cpuMs }) => cpuMs)).toFixed(2);
  console.log(`CPU, ms a second: ${cpuOf(alone)} alone, ${cpuOf(watched)} watched`);
  const megabytes = (list: readonly Window[]) => median(list.map(({ rssBytes }) => rssBytes)) / 2 ** 20;
  console.log(`memory: ${megabytes(alone).toFixed(1)} MiB alone, ${megabytes(watched).toFixed(1)} MiB watched`);
}

interface Window {
  readonly perSecond: number;
  /** Of the node's process, in a second. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

async function measureWindow(control: number): Promise<Window> {
  const before = await vitals(control);
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  const after = await vitals(control);
  const seconds = (after.at - before.at) / 1_000;
  return {
    perSecond: (messagesOf(after) - messagesOf(before)) / seconds,
    cpuMs: (after.machine!.cpuMs - before.machine!.cpuMs) / seconds,
    rssBytes: after.machine!.rssBytes,
  };
}

/** Does what an open dashboard and a scraper do, until aborted. */
function watch(control: number): AbortController {
  const ending = new AbortController();
  const { signal } = ending;
  const ask = (path: string) => fetch(`http://127.0.0.1:${control}${path}`, { signal });
  const ignore = () => {};
  ask("/v1/events?channels=control,sync").then((response) => response.text()).catch(ignore);
  for (const [path, intervalMs] of ASKED) {
    const once = () => ask(path).then((response) => response.text()).catch(ignore);
    const timer = setInterval(once, intervalMs);
    signal.addEventListener("abort", () => clearInterval(timer));
    void once();
  }
  return ending;
}

async function vitals(control: number): Promise<Vitals> {
  const response = await fetch(`http://127.0.0.1:${control}/v1/vitals`);
  return await response.json() as Vitals;
}

function messagesOf({ traffic }: Vitals): number {
  return traffic.in.app?.messages ?? 0;
}

/** The median of the ratios of neighbours: what slows the machine down slows both. */
function ratioOf(some: readonly Window[], others: readonly Window[], read: (window: Window) => number): number {
  return median(some.map((window, i) => read(window) / read(others[i]!)));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function start(...args: readonly string[]) {
  return spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

function firstLine({ stdout }: ReturnType<typeof start>): Promise<string> {
  return new Promise((resolve) => createInterface({ input: stdout! }).once("line", resolve));
}

const [role, ...args] = process.argv.slice(2);
if (role === "receive") await receive();
else if (role === "send") await send(Number(args[0]), Number(args[1]), args[2] === "quiet");
else await measure(Number(role ?? 0), args[0] === "quiet");
