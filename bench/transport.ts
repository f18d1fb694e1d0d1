// Bare byte streams between two processes over loopback, counted at the receiver: the ceiling for all that is above.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Connection, Listener } from "../src/platform/types.ts";
import type { Row, Subject } from "./support.ts";
import { ADAPTERS, FrameCounter } from "./transport_frames.ts";

const WARM_UP_MS = 300;
const DURATION_MS = 1000;
const RUNS = 3;
const LARGE_PIECE_BYTES = 65_536;
const SMALL_PIECE_BYTES = 4096;
const ROUND_TRIP_BYTES = 32;
const WARM_UP_ROUND_TRIPS = 1000;
const ROUND_TRIPS = 10_000;
const DIAL = { timeoutMs: 10_000 };
const NS_PER_MS = 1e6;
const P99 = 0.99;

type Side = "dialled" | "accepted";

export const subject: Subject = {
  name: "Transport (two processes; frames of 256 bytes parsed in place; the receiver dialled or accepted; best of 3)",
  async run() {
    const rows: Row[] = [];
    for (const adapter of Object.keys(ADAPTERS)) {
      for (const side of ["dialled", "accepted"] as const) {
        rows.push(await best(() => measureFlood(adapter, side, LARGE_PIECE_BYTES, "frames")));
      }
      rows.push(await best(() => measureFlood(adapter, "dialled", LARGE_PIECE_BYTES, "bytes")));
      rows.push(await best(() => measureFlood(adapter, "dialled", SMALL_PIECE_BYTES, "bytes")));
      rows.push(await measureRoundTrips(adapter));
    }
    return rows;
  },
};

async function best(measure: () => Promise<Row>): Promise<Row> {
  const rows: Row[] = [];
  for (let i = 0; i < RUNS; i++) rows.push(await measure());
  return rows.reduce((left, right) => left.perSecond > right.perSecond ? left : right);
}

async function measureFlood(adapter: string, side: Side, piece: number, unit: "frames" | "bytes"): Promise<Row> {
  const counter = new FrameCounter();
  const { connection, stop } = await connect(adapter, side, "flood", piece);
  connection.start(counter);
  await sleep(WARM_UP_MS);
  const [start, frames, sizeBytes] = [performance.now(), counter.frames, counter.sizeBytes];
  await sleep(DURATION_MS);
  const seconds = (performance.now() - start) / 1000;
  const count = unit === "frames" ? counter.frames - frames : counter.sizeBytes - sizeBytes;
  await stop();
  return { name: `${adapter}: ${unit}, ${piece / 1024} KiB writes, ${side}`, perSecond: count / seconds, unit };
}

async function measureRoundTrips(adapter: string): Promise<Row> {
  const { connection, stop } = await connect(adapter, "dialled", "echo", 0);
  const times: number[] = [];
  const request = new Uint8Array(ROUND_TRIP_BYTES);
  let missing = 0;
  let sentAt = 0;
  await new Promise<void>((resolve) => {
    const ask = () => {
      missing = ROUND_TRIP_BYTES;
      sentAt = performance.now();
      connection.write(request);
    };
    const data = (chunk: Uint8Array) => {
      missing -= chunk.length;
      if (missing > 0) return;
      times.push(performance.now() - sentAt);
      if (times.length === WARM_UP_ROUND_TRIPS + ROUND_TRIPS) resolve();
      else ask();
    };
    connection.start({ data, drained() {}, closed() {} });
    ask();
  });
  await stop();
  const sorted = times.slice(WARM_UP_ROUND_TRIPS).sort((left, right) => left - right);
  const meanNs = NS_PER_MS * sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  const p50Us = Math.round(sorted[sorted.length >> 1]! * 1000);
  const p99Ns = NS_PER_MS * sorted[Math.floor(sorted.length * P99)]!;
  return { name: `${adapter}: round trip of 32 bytes, p50 ${p50Us} µs`, perSecond: 1e9 / meanNs, meanNs, p99Ns };
}

interface Link {
  readonly connection: Connection;
  stop(): Promise<void>;
}

/** A connection to a process of its own, which sends or echoes. */
async function connect(adapter: string, side: Side, mode: "flood" | "echo", piece: number): Promise<Link> {
  const transport = ADAPTERS[adapter]!();
  const accepted = Promise.withResolvers<Connection>();
  let listener: Listener | undefined;
  let child: ChildProcess;
  if (side === "accepted") {
    listener = await transport.listen({ host: "127.0.0.1", port: 0 }, accepted.resolve);
    child = startFar([adapter, mode, `${piece}`, "port" in listener.local ? `${listener.local.port}` : ""]);
  } else {
    child = startFar([adapter, mode, `${piece}`]);
    const [line] = await once(createInterface({ input: child.stdout! }), "line");
    accepted.resolve(transport.dial({ host: "127.0.0.1", port: Number(line) }, DIAL));
  }
  const ended = once(child, "exit");
  const connection = await accepted.promise;
  const stop = async () => {
    connection.abort();
    listener?.close();
    await ended;
  };
  return { connection, stop };
}

function startFar(args: readonly string[]): ChildProcess {
  const script = fileURLToPath(new URL("transport_far.ts", import.meta.url));
  const runtimeArgs = process.versions["deno"] ? ["run", "-A", "--no-check"] : [];
  return spawn(process.execPath, [...runtimeArgs, script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
