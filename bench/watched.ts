// What watching a node costs it: messages of an application flow from one process to another, while nobody looks, and
// while a dashboard is open and Prometheus scrapes every 5 s, in turns; or, quiet, nothing flows.
// Windows are short and in the order alone, watched, watched, alone, so that what else the machine does, and what grows
// with time, falls on both alike. What counts is the CPU time of the node's process and its heap after a collection.
// Usage: bun bench/watched.ts [IDLE_PEERS [quiet]]

import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openNode } from "../mod.ts";
import { serveControl } from "../src/cli/serve_control.ts";
import type { Vitals } from "../src/doctor/vitals.ts";
import { createEnv } from "../src/platform/env.ts";
import { currentHost } from "../src/platform/host.ts";
import { MS_PER_SECOND } from "../src/util/units.ts";

/** Each of them is compared by itself; the median of them is the result, and how far they lie apart what it is worth. */
const GROUPS = 5;
const WINDOW_MS = 2_000;
const PAYLOAD_BYTES = 248;
const BURST = 1_000;
const FULL_OUTBOX_BYTES = 1_048_576;
const RETRY_MS = 1;
const PERCENT = 100;
const MIB = 2 ** 20;
/**
 * What src/dashboard asks for, and a scrape, in the five watched windows of a group: every 2, 5 and 10 s. A group is ten
 * seconds of each kind, so that all of it is in there as often as it happens.
 */
const ASKED: readonly (readonly string[])[] = [
  ["/v1/vitals", "/v1/peers", "/v1/doctor", "/metrics"],
  ["/v1/vitals", "/v1/peers"],
  ["/v1/vitals", "/v1/peers", "/v1/doctor", "/metrics"],
  ["/v1/vitals", "/v1/peers"],
  ["/v1/vitals", "/v1/peers", "/v1/topology"],
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
  // Each line asks for the memory after a collection.
  const host = currentHost();
  createInterface({ input: process.stdin }).on("line", () => {
    host.collectGarbage();
    console.log(JSON.stringify(host.memory()));
  });
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
  const answers = createInterface({ input: receiver.stdout! })[Symbol.asyncIterator]();
  const [port, control] = (await answers.next()).value!.split(" ").map(Number) as [number, number];
  const sender = start("send", String(port), String(idle), isQuiet ? "quiet" : "");
  await firstLine(sender);
  const collected = async () => {
    receiver.stdin!.write("\n");
    return JSON.parse((await answers.next()).value!) as Memory;
  };
  await measureWindow(control, []);
  const groups: Group[] = [];
  for (let i = 0; i < GROUPS; i++) groups.push(await measureGroup(control, collected));
  sender.kill();
  receiver.kill();
  report(groups, idle, isQuiet);
}

/** All windows of a kind together. */
interface Window {
  readonly seconds: number;
  readonly messages: number;
  /** Of the node's process. */
  readonly cpuMs: number;
}

interface Memory {
  readonly residentBytes: number;
  readonly heapBytes: number;
}

interface Group {
  readonly alone: Window;
  readonly watched: Window;
  readonly memory: { readonly alone: Memory; readonly watched: Memory };
}

async function measureGroup(control: number, collected: () => Promise<Memory>): Promise<Group> {
  const windows = { alone: [] as Window[], watched: [] as Window[] };
  let stream: AbortController | undefined;
  for (const [i, paths] of ASKED.entries()) {
    const alone = async () => {
      stream?.abort();
      stream = undefined;
      windows.alone.push(await measureWindow(control, []));
    };
    const watched = async () => {
      stream ??= follow(control);
      windows.watched.push(await measureWindow(control, paths));
    };
    for (const next of i % 2 === 0 ? [alone, watched] : [watched, alone]) await next();
  }
  stream?.abort();
  const alone = await collected();
  stream = follow(control);
  for (const path of new Set(ASKED.flat())) await ask(control, path);
  const watched = await collected();
  stream.abort();
  return { alone: sum(windows.alone), watched: sum(windows.watched), memory: { alone, watched } };
}

async function measureWindow(control: number, paths: readonly string[]): Promise<Window> {
  const before = await vitals(control);
  const asked = Promise.all(paths.map((path) => ask(control, path)));
  await Promise.all([asked, new Promise((resolve) => setTimeout(resolve, WINDOW_MS))]);
  const after = await vitals(control);
  return {
    seconds: (after.at - before.at) / MS_PER_SECOND,
    messages: messagesOf(after) - messagesOf(before),
    cpuMs: after.machine!.cpuMs - before.machine!.cpuMs,
  };
}

function report(groups: readonly Group[], idle: number, isQuiet: boolean): void {
  const talker = isQuiet ? "1 that says nothing" : "1 that sends";
  const seconds = (ASKED.length * WINDOW_MS) / MS_PER_SECOND;
  console.log(`peers: ${talker}, ${idle} idle; ${GROUPS} times ${seconds} s of each kind, in turns of ${WINDOW_MS} ms`);
  const show = (what: string, unit: string, read: (group: Group) => number) => {
    const values = groups.map(read);
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(1));
    console.log(`${what}: ${median(values).toFixed(1)} ${unit} (${low} to ${high})`);
  };
  const percent = (read: (window: Window) => number) => ({ alone, watched }: Group) =>
    PERCENT * (read(watched) / read(alone) - 1);
  if (!isQuiet) {
    show("messages alone", "k/s", ({ alone }) => alone.messages / alone.seconds / MS_PER_SECOND);
    show("CPU a message, watched to alone", "%", percent(({ cpuMs, messages }) => cpuMs / messages));
    show("throughput, watched to alone", "%", percent(({ messages, seconds }) => messages / seconds));
  }
  show("CPU alone", "ms/s", ({ alone }) => alone.cpuMs / alone.seconds);
  if (isQuiet) {
    show("CPU more when watched", "ms/s", ({ alone, watched }) => {
      return watched.cpuMs / watched.seconds - alone.cpuMs / alone.seconds;
    });
  }
  const more = (key: keyof Memory) => ({ memory }: Group) => (memory.watched[key] - memory.alone[key]) / MIB;
  show("heap after a collection, more when watched", "MiB", more("heapBytes"));
  show("resident then, more when watched", "MiB", more("residentBytes"));
}

/** The stream of events that a dashboard holds open. */
function follow(control: number): AbortController {
  const ending = new AbortController();
  fetch(`http://127.0.0.1:${control}/v1/events?channels=control,sync`, { signal: ending.signal })
    .then((response) => response.text()).catch((error: unknown) => {
      if (!ending.signal.aborted) throw error;
    });
  return ending;
}

async function ask(control: number, path: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${control}${path}`)).text();
}

async function vitals(control: number): Promise<Vitals> {
  return JSON.parse(await ask(control, "/v1/vitals")) as Vitals;
}

function messagesOf({ traffic }: Vitals): number {
  return traffic.in.app?.messages ?? 0;
}

function sum(windows: readonly Window[]): Window {
  return windows.reduce((all, each) => ({
    seconds: all.seconds + each.seconds,
    messages: all.messages + each.messages,
    cpuMs: all.cpuMs + each.cpuMs,
  }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function start(...args: readonly string[]) {
  return spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: ["pipe", "pipe", "inherit"] });
}

function firstLine({ stdout }: ReturnType<typeof start>): Promise<string> {
  return new Promise((resolve) => createInterface({ input: stdout! }).once("line", resolve));
}

const [role, ...args] = process.argv.slice(2);
if (role === "receive") await receive();
else if (role === "send") await send(Number(args[0]), Number(args[1]), args[2] === "quiet");
else await measure(Number(role ?? 0), args[0] === "quiet");
