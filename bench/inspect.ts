// How long `p2p inspect peers` takes at 1,000 peers: the executable (dist/p2p), a node in another process, real sockets.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { compiled } from "../tests/support/binary.ts";
import { RawPeer } from "../tests/support/raw_peer.ts";
import type { Row, Subject } from "./support.ts";
import { MS_PER_SECOND } from "../src/util/units.ts";

const PEERS = 1_000;
const ROUNDS = 9;
const NS_PER_MS = 1e6;

/** What is asked, interleaved: the start of the program alone, then a table, JSON, and a choice of rows. */
const COMMANDS: readonly (readonly string[])[] = [
  ["--version"],
  ["inspect", "peers"],
  ["inspect", "peers", "--json"],
  ["inspect", "peers", "--sort", "ping:desc", "--filter", "direction=inbound"],
];

export const subject: Subject = { name: `p2p inspect at ${PEERS} peers, medians of ${ROUNDS} rounds`, run };

async function run(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  const { file } = compiled();
  const flags = ["--network", "regtest", "--no-discover", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"];
  const node = spawn(file, ["node", ...flags, "--max-inbound", String(PEERS + 1), "--data-dir", folder], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const peers: RawPeer[] = [];
  try {
    const { port, control } = await readBanner(createInterface({ input: node.stderr }));
    for (let i = 0; i < PEERS; i++) {
      const peer = await RawPeer.dial(port);
      await peer.shakeHands({ userAgent: `/peer:${i}/` });
      peers.push(peer);
    }
    const times = COMMANDS.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, words] of COMMANDS.entries()) times[i]!.push(timeOnce(file, words, control));
    }
    return COMMANDS.map((words, i) => rowOf(words.join(" "), times[i]!));
  } finally {
    for (const peer of peers) peer.close();
    node.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readBanner(lines: AsyncIterable<string>): Promise<{ port: number; control: string }> {
  let control = "";
  for await (const line of lines) {
    control = /^control +(\S+)/.exec(line)?.[1] ?? control;
    const join = /--join \S+:(\d+)/.exec(line);
    if (join) return { port: Number(join[1]), control };
  }
  throw new Error("the node ended before it was up");
}

function timeOnce(file: string, words: readonly string[], control: string): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(file, words[0] === "inspect" ? [...words, "--control", control] : words, {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - startedAt;
}

function rowOf(name: string, times: readonly number[]): Row {
  const sorted = times.toSorted((left, right) => left - right);
  const medianMs = sorted[sorted.length >> 1]!;
  return { name, perSecond: MS_PER_SECOND / medianMs, meanNs: medianMs * NS_PER_MS, p99Ns: sorted.at(-1)! * NS_PER_MS };
}
