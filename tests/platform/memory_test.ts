import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { LocalError } from "../../src/protocol/errors.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { Connection } from "../../src/platform/types.ts";
import { CLOSE_TIMEOUT_MS } from "../../src/platform/socket_connection.ts";
import { silentLogger } from "../../src/util/env.ts";
import { record, Recorder } from "../conformance/recorder.ts";

const PORT = 8333;
const DIAL = { timeoutMs: 120_000 };

/** A recorded connection from `a` to `b`. */
async function connected(network: MemoryNetwork): Promise<{ near: Recorder; far: Recorder }> {
  let far: Recorder | undefined;
  await network.transport("b").listen({ host: "b", port: PORT }, (connection) => far = record(connection));
  let near: Recorder | undefined;
  network.transport("a").dial({ host: "b", port: PORT }, DIAL).then((connection) => near = record(connection));
  await network.run(() => near !== undefined && far !== undefined);
  return { near: near!, far: far! };
}

async function outcome<T>(network: MemoryNetwork, promise: Promise<T>): Promise<T | Error> {
  let settled: T | Error | undefined;
  promise.then((value) => settled = value, (error: Error) => settled = error);
  await network.run(() => settled !== undefined);
  return settled!;
}

/** What 20 hosts that send to each other at random go through, as one text. */
async function trace(seed: number): Promise<string> {
  const network = createMemoryNetwork({
    seed,
    link: {
      latencyMs: 10,
      jitterMs: 20,
      lossRate: 0.1,
      bandwidthBytesPerSecond: 50_000,
      pieceBytes: { least: 1, most: 200 },
    },
  });
  const lines: string[] = [];
  const hosts = Array.from({ length: 20 }, (_, index) => `10.0.0.${index}`);
  const attend = (host: string, connection: Connection) => {
    const { random, nextTurn, soon } = network.env(host);
    const recorder = record(connection);
    recorder.onData = (chunk) => {
      lines.push(`${network.now()} ${host} ${chunk.length}`);
      if (random() < 0.3) soon(() => void connection.write(new Uint8Array(10)));
      if (random() < 0.2) nextTurn(() => connection.close());
    };
    recorder.onClosed = () => lines.push(`${network.now()} ${host} closed ${recorder.error?.message}`);
    connection.write(new Uint8Array(1000));
  };
  for (const host of hosts) {
    await network.transport(host).listen({ host: "0.0.0.0", port: PORT }, (connection) => attend(host, connection));
    const { after, random } = network.env(host);
    for (let i = 0; i < 5; i++) {
      const remote = hosts[Math.floor(random() * hosts.length)]!;
      after(random() * 1000, () => {
        network.transport(host).dial({ host: remote, port: PORT }, DIAL).then(
          (connection) => attend(host, connection),
          (error: Error) => lines.push(`${network.now()} ${host} ${error.message}`),
        );
      });
    }
  }
  await network.run(500);
  network.partition([hosts.slice(0, 10)]);
  await network.run(2000);
  network.heal();
  network.kill(hosts[0]!);
  await network.run();
  return lines.join("\n");
}

test("the same seed gives the same trace, another seed another", async () => {
  const first = await trace(42);
  assert(first.length > 10_000);
  assertEquals(await trace(42), first);
  assertNotEquals(await trace(43), first);
});

test("the trace is the same on every runtime", async () => {
  // Digest of the trace as it came out on Node, to be compared on Bun and Deno.
  assertEquals(fingerprint(await trace(42)), TRACE_FINGERPRINT);
});

const TRACE_FINGERPRINT = "9b799e7b";

/** FNV-1a of the text, for 32 bits. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

test("bytes take the latency of their link", async () => {
  const network = createMemoryNetwork({ seed: 1, link: { latencyMs: 40 } });
  const { near, far } = await connected(network);
  const sentAt = network.now();
  near.connection.write(Uint8Array.of(1));
  await network.run(() => far.sizeBytes > 0);
  assertEquals(network.now() - sentAt, 40);
});

test("bandwidth is shared by the connections of a link", async () => {
  const network = createMemoryNetwork({ seed: 1, link: { latencyMs: 0, bandwidthBytesPerSecond: 1000 } });
  const first = await connected(network);
  const second = await outcome(network, network.transport("a").dial({ host: "b", port: PORT }, DIAL));
  assert(!(second instanceof Error));
  const sentAt = network.now();
  first.near.connection.write(new Uint8Array(500));
  second.write(new Uint8Array(500));
  first.near.connection.write(new Uint8Array(1));
  await network.run(() => first.far.sizeBytes === 501);
  assertEquals(Math.round(network.now() - sentAt), 1001);
});

test("loss delays and loses nothing", async () => {
  const network = createMemoryNetwork({ seed: 1, link: { latencyMs: 1, lossRate: 0.5, pieceBytes: 10 } });
  const { near, far } = await connected(network);
  const sent = Uint8Array.from({ length: 1000 }, (_, index) => index);
  near.connection.write(sent);
  await network.run(() => far.sizeBytes === sent.length);
  assertEquals(far.bytes, sent);
  assert(network.now() > 200);
});

test("a new link counts for what is sent from then on", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  network.setLink("b", "a", { latencyMs: 500, pieceBytes: 1 });
  const sentAt = network.now();
  near.connection.write(new Uint8Array(3));
  await network.run(() => far.sizeBytes === 3);
  assertEquals([network.now() - sentAt, far.chunks.length], [500, 3]);
});

test("a link out of range is an error of the caller", () => {
  const network = createMemoryNetwork({ seed: 1 });
  assertThrows(() => network.setLink("a", "b", { latencyMs: -1 }), LocalError, "latencyMs");
  assertThrows(() => network.setLink("a", "b", { latencyMs: 1, lossRate: 1 }), LocalError, "lossRate");
});

test("what a partition holds arrives once it heals", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  network.partition([["a"]]);
  near.connection.write(Uint8Array.of(1, 2, 3));
  await network.run(network.now() + 30_000);
  assertEquals(far.sizeBytes, 0);
  network.heal();
  await network.run(() => far.sizeBytes > 0);
  assertEquals(far.bytes, Uint8Array.of(1, 2, 3));
});

test("a partition that lasts ends the connections over which somebody sends", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  network.partition([["a"]]);
  near.connection.write(Uint8Array.of(1));
  await network.run(network.now() + 61_000);
  assertEquals([near.closedCount, far.closedCount], [1, 0]);
  assert(near.error);
  network.heal();
  await network.run();
  assertEquals([near.closedCount, far.closedCount], [1, 1]);
});

test("a dial into a partition succeeds if that heals in time", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  await network.transport("b").listen({ host: "b", port: PORT }, () => {});
  network.partition([["a"], ["b"]]);
  network.env("b").after(10_000, () => network.heal());
  const connection = await outcome(network, network.transport("a").dial({ host: "b", port: PORT }, DIAL));
  assert(!(connection instanceof Error));
  assert(network.now() >= 10_000);
});

test("a dial across a partition ends at its time limit", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  await network.transport("b").listen({ host: "b", port: PORT }, () => {});
  network.partition([["a"]]);
  const error = await outcome(network, network.transport("a").dial({ host: "b", port: PORT }, { timeoutMs: 5000 }));
  assert(error instanceof LocalError && error.code === "timeout");
  assertEquals(network.now(), 5000);
});

test("a killed host says nothing more, and its connections are reset", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  let ticks = 0;
  network.env("b").after(10, () => ticks++);
  network.kill("b");
  await network.run();
  assertEquals([near.closedCount, far.closedCount, ticks], [1, 0, 0]);
  const error = await outcome(network, network.transport("a").dial({ host: "b", port: PORT }, DIAL));
  assert(error instanceof LocalError && error.message.includes("refused"));
});

test("what is left to run of a process that ended is known as such, and sends nothing", async () => {
  const processes: { readonly isUp: boolean }[] = [];
  const network = createMemoryNetwork({
    seed: 1,
    logger: (_host, _category, process) => {
      processes.push(process);
      return silentLogger;
    },
  });
  const { near, far } = await connected(network);
  network.env("a").logger("net");
  // As a promise's callback would that settled before.
  network.kill("a", { silently: true });
  near.connection.write(Uint8Array.of(1));
  await network.run(1000);
  assertEquals([far.sizeBytes, processes.map(({ isUp }) => isUp)], [0, [false]]);
  network.env("a").logger("net");
  assertEquals(processes.map(({ isUp }) => isUp), [false, true]);
});

test("a machine that is gone is noticed only by those who send to it", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near } = await connected(network);
  network.kill("b", { silently: true });
  await network.run(3_600_000);
  assertEquals(near.closedCount, 0);
  near.connection.write(Uint8Array.of(1));
  await network.run(network.now() + 61_000);
  assertEquals(near.closedCount, 1);
});

test("a close that the remote does not answer ends at its time limit", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near } = await connected(network);
  network.kill("b", { silently: true });
  const closedAt = network.now();
  near.connection.close();
  await network.run(() => near.closedCount > 0);
  assertEquals(network.now() - closedAt, CLOSE_TIMEOUT_MS);
  assert(near.error);
});

test("ports are not shared in memory", async () => {
  const transport = createMemoryNetwork({ seed: 1 }).transport("a");
  const listening = transport.listen({ host: "a", port: PORT }, () => {}, { reusePort: true });
  await assertRejects(() => listening, LocalError, "shares no ports");
});

test("a host that comes back knows nothing of its former connections", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near } = await connected(network);
  network.kill("b", { silently: true });
  near.connection.write(Uint8Array.of(1));
  await network.run(network.now() + 1000);
  const again = await connected(network);
  assertEquals(near.closedCount, 1);
  again.near.connection.write(Uint8Array.of(1));
  await network.run(() => again.far.sizeBytes === 1);
});

test("names resolve as the table says, and can be dialled", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  network.setName("seed.example", ["b", "c"]);
  assertEquals(await network.transport("a").resolve("seed.example"), ["b", "c"]);
  assertEquals(await network.transport("a").resolve("other.example"), []);
  await network.transport("b").listen({ host: "0.0.0.0", port: PORT }, () => {});
  const connection = await outcome(network, network.transport("a").dial({ host: "seed.example", port: PORT }, DIAL));
  assert(!(connection instanceof Error));
  assertEquals(connection.remote, { host: "b", port: PORT });
  const error = await outcome(network, network.transport("a").dial({ host: "other.example", port: PORT }, DIAL));
  assert(error instanceof LocalError && error.message.includes("no such host"));
});

test("a chunk is overwritten after data where that is asked for", async () => {
  const network = createMemoryNetwork({ seed: 1, scrambleChunks: true });
  const { near, far } = await connected(network);
  let kept: Uint8Array = new Uint8Array();
  far.onData = (chunk) => kept = chunk;
  near.connection.write(Uint8Array.of(1, 2, 3));
  await network.run(() => far.sizeBytes === 3);
  assertNotEquals(kept, Uint8Array.of(1, 2, 3));
  assertEquals(far.bytes, Uint8Array.of(1, 2, 3));
});

test("timers, turns and microtasks run in virtual order; cancelled ones do not", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { after, soon, nextTurn, now } = network.env("a");
  const order: string[] = [];
  const note = (what: string) => () => order.push(`${what}@${now()}`);
  after(5, note("late"));
  after(5, note("later"));
  after(1, () => {
    nextTurn(note("turn"));
    soon(note("soon"));
    note("first")();
  });
  after(3, note("cancelled")).cancel();
  assertEquals(await network.run(), false);
  assertEquals(order, ["first@1", "soon@1", "turn@1", "late@5", "later@5"]);
});

test("many cancelled timers are swept away", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { after } = network.env("a");
  let fired = 0;
  for (let i = 0; i < 10_000; i++) {
    const timer = after(1000 + i, () => fired++);
    if (i % 10 !== 0) timer.cancel();
  }
  await network.run();
  assertEquals([fired, network.eventCount], [1000, 1000]);
});

test("promise callbacks run before time passes", async () => {
  const network = createMemoryNetwork({ seed: 1, link: { latencyMs: 10 } });
  await network.transport("b").listen({ host: "b", port: PORT }, () => {});
  const times: number[] = [];
  const dial = async () => {
    await network.transport("a").dial({ host: "b", port: PORT }, DIAL);
    for (let i = 0; i < 100; i++) await Promise.resolve();
    times.push(network.now());
  };
  network.env("a").after(25, () => {});
  void dial();
  await network.run();
  assertEquals(times, [20]);
});

test("promise callbacks of a timer run before time passes, though nothing else happens for long", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { after } = network.env("a");
  const times: number[] = [];
  const wait = async () => {
    for (let i = 0; i < 3; i++) {
      await new Promise<void>((resolve) => void after(100, resolve));
      times.push(network.now());
    }
  };
  for (const delayMs of [99.9, 5000, 9000]) after(delayMs, () => {});
  void wait();
  await network.run();
  assertEquals(times, [100, 200, 300]);
});

test("run stops at its time, and the clock stands there", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  let fired = 0;
  network.env("a").after(10, () => fired++);
  network.env("a").after(11, () => fired++);
  assertEquals(await network.run(10), true);
  assertEquals([fired, network.now()], [1, 10]);
  await network.run(500);
  assertEquals([fired, network.now()], [2, 500]);
});

test("random numbers of a host depend on the seed and its name only", () => {
  const draw = (seed: number, host: string) => createMemoryNetwork({ seed }).env(host).random();
  assertEquals(draw(1, "a"), draw(1, "a"));
  assertNotEquals(draw(1, "a"), draw(1, "b"));
  assertNotEquals(draw(1, "a"), draw(2, "a"));
});

test("a way from one host to another may be slower than the way back", async () => {
  const network = createMemoryNetwork({
    seed: 1,
    linkOf: (from) => ({ latencyMs: from === "a" ? 10 : 300 }),
  });
  const { near, far } = await connected(network);
  const since = network.now();
  let [there, back] = [0, 0];
  far.onData = () => there = network.now() - since;
  near.onData = () => back = network.now() - since;
  near.connection.write(new Uint8Array(1));
  far.connection.write(new Uint8Array(1));
  await network.run(() => there > 0 && back > 0);
  assertEquals([there, back], [10, 300]);
});

test("a way that is cut holds what is sent in its direction only, until the network heals", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  network.cut("a", "b");
  near.connection.write(new Uint8Array(3));
  far.connection.write(new Uint8Array(5));
  await network.run(network.now() + 1000);
  assertEquals([far.bytes, near.bytes].map(({ length }) => length), [0, 5]);
  network.heal();
  await network.run(network.now() + 1000);
  assertEquals(far.bytes.length, 3);
});

test("a host's clock on the wall may be wrong, for all processes that run there", () => {
  const network = createMemoryNetwork({ seed: 1 });
  const right = network.env("right");
  const wrong = network.env("wrong");
  network.setClock("wrong", -5000);
  assertEquals(wrong.wallClock() - right.wallClock(), -5000);
  network.kill("wrong");
  assertEquals(network.env("wrong").wallClock() - right.wallClock(), -5000);
});

test("what a host has open is known", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { near, far } = await connected(network);
  const timer = network.env("a").after(1000, () => {});
  network.env("a").after(500, () => {});
  assertEquals(network.openOn("a"), { sockets: 1, listeners: 0, timers: 2 });
  assertEquals(network.openOn("b"), { sockets: 1, listeners: 1, timers: 0 });
  timer.cancel();
  near.connection.abort();
  far.connection.abort();
  await network.run(network.now() + 600);
  assertEquals(network.openOn("a"), { sockets: 0, listeners: 0, timers: 0 });
});

test("a host has no socket of a connection before its opening arrives", async () => {
  const network = createMemoryNetwork({ seed: 1, linkOf: () => ({ latencyMs: 1000 }) });
  const accepted: Connection[] = [];
  await network.transport("b").listen({ host: "b", port: PORT }, (connection) => accepted.push(connection));
  let dialled: Connection | undefined;
  network.transport("a").dial({ host: "b", port: PORT }, DIAL).then((connection) => dialled = connection);
  await network.run(() => dialled !== undefined);
  assertEquals([accepted.length, network.openOn("a").sockets, network.openOn("b").sockets], [0, 1, 0]);
  await network.run(() => accepted.length > 0);
  assertEquals(network.openOn("b").sockets, 1);
});

test("what arrives is seen before its receiver sees it", async () => {
  const seen: string[] = [];
  const network = createMemoryNetwork({
    seed: 1,
    onDelivery: (from, to, kind, bytes) => seen.push(`${from}>${to} ${kind} ${bytes?.length ?? 0}`),
  });
  const { near } = await connected(network);
  near.connection.write(new Uint8Array(7));
  near.connection.close();
  await network.run(network.now() + 100);
  assertEquals(seen.slice(0, 3), ["a>b open 0", "a>b data 7", "a>b end 0"]);
});

test("a dial that is given up leaves nothing behind", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const stop = new AbortController();
  network.env("b");
  network.partition([["a"], ["b"]]);
  const refused = assertRejects(
    () => network.transport("a").dial({ host: "b", port: PORT }, { ...DIAL, signal: stop.signal }),
    LocalError,
    "aborted",
  );
  await network.run(500);
  stop.abort();
  await refused;
  assertEquals(network.openOn("a").timers, 0);
});
