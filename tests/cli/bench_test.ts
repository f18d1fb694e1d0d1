import process from "node:process";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled, END_TO_END, fromSource } from "../support/binary.ts";
import { type Command, Program, run } from "../support/program.ts";
import { ON_TERMINAL, Pty } from "../support/pty.ts";
import { siteTest } from "../support/site.ts";
import { poll } from "../support/wait.ts";

interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly lost: number;
  readonly latency: { readonly count: number; readonly p50Ms: number; readonly p99Ms: number };
}

const RUNTIMES: Readonly<Record<string, () => Command>> = {
  binary: compiled,
  bun: () => fromSource("bun"),
  deno: () => fromSource("deno"),
  node: () => fromSource("node"),
};
const SHORT = ["--duration", "250ms", "--warmup", "50ms", "--json"];

async function bench<R>(command: Command, ...words: readonly string[]): Promise<{ code: number | null; rows: R[] }> {
  const { code, stdout, stderr } = await run(command, ["bench", ...words]);
  // On a busy machine it takes so long that it says how far it is.
  assertMatch(stderr, /^(bench \d+% .*\n)*$/);
  return { code, rows: JSON.parse(stdout).rows };
}

for (const [name, command] of Object.entries(RUNTIMES)) {
  siteTest(`bench throughput on ${name}: everything that was sent is counted at the receiver`, async () => {
    const { code, rows } = await bench<Row>(command(), "throughput", ...SHORT);
    assertEquals([code, rows.map((row) => row.name)], [0, [
      "bare socket",
      "Peer.send, native wire",
      "node.send, native wire",
    ]]);
    for (const { perSecond, lost, latency } of rows) {
      assertEquals([perSecond > 0, lost, latency.count > 0, latency.p50Ms <= latency.p99Ms], [true, 0, true, true]);
    }
  });
}

siteTest("bench fanout: each message reaches each connection", async () => {
  const { code, rows } = await bench<Row>(compiled(), "fanout", "--peers", "5", "--wire", "bitcoin", ...SHORT);
  assertEquals([code, rows.map(({ lost }) => lost)], [0, [0, 0, 0]]);
});

siteTest("bench latency: each connection waits for its answers", async () => {
  const { code, rows } = await bench<Row & { connections: number }>(compiled(), "latency", "--peers", "3", ...SHORT);
  assertEquals([code, rows.map(({ connections }) => connections)], [0, [1, 1, 1, 3, 3, 3]]);
  assertEquals(rows.every(({ latency, perSecond }) => latency.count > 0 && perSecond > 0), true);
});

siteTest("bench latency: at a rate, a question is as late as it was answered after it was due", async () => {
  const { rows } = await bench<Row>(compiled(), "latency", "--peers", "2", "--rate", "100", ...SHORT);
  // Two connections at most, a hundred a second each: far below what either can do.
  assertEquals(rows.every(({ perSecond }) => perSecond > 0 && perSecond <= 2 * 150), true);
});

siteTest("bench flood: no control event is lost", async () => {
  const { code, rows } = await bench<{ name: string; controlEvents: number; controlEventsLost: number }>(
    compiled(),
    ...["flood", "--peers", "3", "--size", "100kB", "--duration", "1s", "--warmup", "100ms", "--json"],
  );
  assertEquals([code, rows.map(({ name }) => name)], [0, ["idle", "3 peers flood"]]);
  assertEquals(
    rows.every(({ controlEvents, controlEventsLost }) => controlEvents > 0 && controlEventsLost === 0),
    true,
  );
});

siteTest("bench handshake: strangers come, shake hands and leave", async () => {
  const { code, rows } = await bench<Row>(compiled(), "handshake", ...SHORT);
  assertEquals([code, rows.map(({ perSecond, latency }) => perSecond > 0 && latency.count > 0)], [0, [
    true,
    true,
    true,
  ]]);
});

siteTest("bench connections: all that came are held", async () => {
  const { code, rows } = await bench<{ name: string; lost: number; perSecond: number }>(
    compiled(),
    ...["connections", "--peers", "50", "--duration", "100ms", "--wire", "bitcoin", "--json"],
  );
  assertEquals([code, rows.map(({ lost, perSecond }) => lost === 0 && perSecond > 0)], [0, [true, true, true]]);
  assertEquals(rows.map(({ name }) => name), ["bare socket", "Peers, bitcoin wire", "node, bitcoin wire"]);
});

siteTest("bench relay: every node gets every block and every transaction", async () => {
  interface Row {
    readonly blocks: number;
    readonly latencies: { readonly count: number };
    readonly transactions: { readonly transactions: number; readonly perSecond: number };
  }
  const { code, rows } = await bench<Row>(
    compiled(),
    ...["relay", "--peers", "4", "--count", "3", "--size", "20kB", "--json"],
  );
  assertEquals([code, rows.length, rows[0]!.blocks, rows[0]!.latencies.count], [0, 1, 3, 3 * 3]);
  assertEquals([rows[0]!.transactions.transactions, rows[0]!.transactions.perSecond > 0], [4 * 50, true]);
});

siteTest("bench events --compare: only one channel loses control events to a slow reader", async () => {
  const { code, rows } = await bench<{ name: string; control: number; controlLostBySlow: number }>(
    compiled(),
    ...["events", "--compare", "--duration", "1s", "--warmup", "100ms", "--json"],
  );
  const [four, one] = rows.map(({ control, controlLostBySlow }) => controlLostBySlow / control);
  assertEquals([code, rows.length, four! < one!], [0, 2, true]);
});

siteTest("bench ring: the threads of the executable lose no frame", async () => {
  const { code, rows } = await bench<{ lost: number; perSecond: number }>(
    compiled(),
    ...["ring", "--count", "100k", "--size", "100", "--json"],
  );
  assertEquals([code, rows.length, rows.every(({ lost, perSecond }) => lost === 0 && perSecond > 0)], [0, 7, true]);
});

siteTest(
  "bench queue: sixteen threads of the executable push, nothing is lost or doubled, and each push is timed",
  async () => {
    interface Row {
      readonly producers: number;
      readonly lost: number;
      readonly doubled: number;
      readonly times: Readonly<Record<string, { readonly count: number }>>;
    }
    const { code, rows } = await bench<Row>(compiled(), "queue", "--count", "100k", "--json");
    assertEquals([code, rows.map(({ producers, lost, doubled }) => [producers, lost, doubled])], [0, [
      [16, 0, 0],
      [16, 0, 0],
    ]]);
    // A push that was refused is made again.
    assertEquals(rows[1]!.times["push from a thread"]!.count >= 100_000 / 5, true);
  },
);

siteTest("bench --compare: each pair has two sides", async () => {
  const { code, rows } = await bench<{ what: string; sides: readonly Row[] }>(
    compiled(),
    ...["fanout", "--compare", "--peers", "3", ...SHORT],
  );
  assertEquals([code, rows.map(({ sides }) => sides.length)], [0, [2, 2, 2]]);
});

siteTest("bench: what makes no sense is refused in one line", async () => {
  const refusals: readonly (readonly [words: readonly string[], why: string])[] = [
    [["thruput"], "throughput"],
    [["throughput", "--size", "15"], "--size: from 16 to"],
    [["throughput", "--peers", "3"], "--peers has no meaning for bench throughput"],
    [["throughput", "--duration", "1s", "--count", "3"], "contradict"],
    [["events", "--wire", "native"], "--wire has no meaning for bench events"],
    [["latency", "--runtime", "ruby"], "must be one of deno, bun, node"],
    [["fanout", "--peers", "0"], "--peers: must be a number from 1"],
  ];
  for (const [words, why] of refusals) {
    const { code, stdout, stderr } = await run(compiled(), ["bench", ...words]);
    assertEquals([code, stdout, stderr.split("\n").length], [2, "", 2]);
    assertStringIncludes(stderr, why);
  }
});

siteTest("bench --runtime, --count: so many messages, under another runtime", async () => {
  const words = ["throughput", "--runtime", "node", "--count", "500", "--warmup", "50ms", "--json"];
  const { code, rows } = await bench<Row>(compiled(), ...words);
  assertEquals([code, rows.length, rows.every(({ lost, perSecond }) => lost === 0 && perSecond > 0)], [0, 3, true]);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGKILL", null]] as const) {
  siteTest(`bench: ${signal} ends it, and the processes that it started`, async (site) => {
    const program = new Program(compiled(), ["bench", "fanout", "--peers", "2", "-v", "--log-format", "json"]);
    site.onEnd(() => program.cleanUp());
    await program.line(/peers-receiver/);
    const pids = [...program.stderr.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));
    assertEquals(pids.length, 4);
    assertEquals((await program.end(signal)).code, code);
    await poll("processes left", () => Promise.resolve(pids.filter(isAlive)), (alive) => alive.length === 0);
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

siteTest("bench: on a terminal a bar shows how far it is, and a histogram ends it", async (site) => {
  const pty = new Pty(compiled(), ["bench", "queue", "--count", "10k"], {
    columns: 120,
    rows: 60,
    env: { NO_COLOR: "1" },
  });
  site.onEnd(() => pty.cleanUp());
  assertEquals(await pty.ended(), 0);
  assertMatch(pty.output, /bench █+ 100% (\d+)\/\1 steps[^]*producers[^]*push: latency\s+[^]* µs {2}█+/);
}, { ...END_TO_END, skip: END_TO_END.skip || ON_TERMINAL.skip });

siteTest("bench shards: all that was sent is handled, whatever the number of threads", async () => {
  const { code, rows } = await bench<{ workers: number; perSecond: number; lost: number }>(
    compiled(),
    ...["shards", "--peers", "4", "--duration", "100ms", "--warmup", "20ms", "--json"],
  );
  assertEquals([code, rows.map(({ workers }) => workers)], [0, [0, 1, 2]]);
  for (const { perSecond, lost } of rows) assertEquals([perSecond > 0, lost], [true, 0]);
});
