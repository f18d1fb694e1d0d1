import { connect } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers";
import { assert, assertEquals, assertGreater, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { EXIT, exitCodeOf } from "../../../src/cli/exit.ts";
import { openNode } from "../../../src/node/open_node.ts";
import type { P2PNode } from "../../../src/node/types.ts";
import { createEnv } from "../../../src/platform/env.ts";
import { ownThreads, startThread } from "../../../src/platform/threads.ts";
import type { Thread, Threads } from "../../../src/platform/types.ts";
import { LocalError, RemoteFault } from "../../../src/protocol/errors.ts";
import { SHARD_START_MS } from "../../../src/protocol/shard_params.ts";
import { type Env, silentLogger } from "../../../src/util/env.ts";
import { addressOf, link, nextEvent, portOf, RealNodes } from "../../support/real_nodes.ts";
import { poll } from "../../support/wait.ts";

/** Of what waits for many nodes, one after the other. */
const TIMEOUT = { timeout: 60_000 };
/** Messages, and bytes of each: below what the outbox of a sender holds, and far above what the rings hold. */
const FLOOD = 3_000;
const FLOOD_BYTES = 3_000;
const BUSY_MS = 200;
/** Of words to all: together some times what the ring of all holds. */
const ROUNDS = 600;
/** The system throws dice for each of them which worker gets it. */
const MAX_JOINED = 50;

/** Longer than a shard may be silent. */
const SILENCE_MS = 31_000;

/** Real threads that the test can end as a crash would. */
class Mortals implements Threads {
  readonly sharesPorts = true;
  readonly sharesMemory: boolean;
  readonly threads: Thread[] = [];

  constructor(sharesMemory: boolean) {
    this.sharesMemory = sharesMemory;
  }

  readonly start: Threads["start"] = (path, data, events) => {
    const thread = startThread(path, data, events);
    this.threads.push(thread);
    return thread;
  };
}

for (const sharesMemory of [true, false]) {
  const shards = sharesMemory ? "shards" : "shards without shared memory";

  test(`${shards}: a worker that dies takes its own peers, and another one takes its place and its listeners`, async () => {
    await using nodes = new RealNodes();
    const threads = new Mortals(sharesMemory);
    const node = await nodes.start({ workers: 2 }, { threads });
    const others = await Promise.all(Array.from({ length: 12 }, () => nodes.start({ listen: [] })));
    for (const other of others) await link(other, node);
    const all = node.peers();
    const doomed = all.filter(({ shard }) => shard === 1).map(({ id }) => id);
    const gone: number[] = [];
    node.on("peer:disconnected", ({ peer, reason }) => void (reason === "connection-lost" && gone.push(peer.id)));
    const failed = nextEvent(node, "shard:failed");
    const started = nextEvent(node, "shard:started");
    await threads.threads[1]!.end();
    const { shard, peers, reason } = await failed;
    assertEquals([shard, peers], [1, doomed.length]);
    assertMatch(reason, /^it ended with code/);
    assertEquals((await started).shard, 1);
    assertEquals(gone.sort(), doomed.sort());
    // Those who lost their worker may have dialled again.
    const stayed = node.peers().filter((peer) => all.some(({ id }) => id === peer.id));
    assertEquals(
      stayed.map(({ id, shard }) => [id, shard]),
      all.filter(({ shard }) => shard === 0).map(({ id }) => [id, 0]),
    );
    assertEquals(node.shards().map(({ state, restarts }) => [state, restarts]), [["running", 0], ["running", 1]]);
    // The kernel decides who gets a connection: of so many one is the new worker's.
    const inNew = nextEvent(node, "peer:connected", ({ peer }) => peer.shard === 1);
    const isThere = () => Promise.resolve(node.peers().some((peer) => peer.shard === 1));
    await poll("a peer in the new worker", async () => {
      await linkAfterDeath(await nodes.start({ listen: [] }), node);
      return await isThere();
    }, (there) => there);
    const { peer } = await inNew;
    const heard = nextEvent(node, "app:message", (message) => message.peer === peer.id);
    for (const other of nodes.all) for (const { id } of other.peers()) other.send(id, Uint8Array.of(1));
    assertEquals((await heard).payload, Uint8Array.of(1));
  });

  test(
    `${shards}: what is said to all while a worker dies reaches the others whole and in order, and its successor's`,
    TIMEOUT,
    async () => {
      await using nodes = new RealNodes();
      const threads = new Mortals(sharesMemory);
      const hub = await nodes.start({ workers: 2 }, { threads });
      const news = hub.topic("news");
      const heard = new Map<P2PNode, number[]>();
      const join = async (connect = link) => {
        const other = await nodes.start({ listen: [] });
        const numbers: number[] = [];
        heard.set(other, numbers);
        other.topic("news").subscribe(({ payload }) => void numbers.push(numberOf(payload)));
        const { listener } = await connect(other, hub);
        return { other, shard: listener.shard };
      };
      const joined: Awaited<ReturnType<typeof join>>[] = [];
      const isIn = (shard: number) => joined.some((one) => one.shard === shard);
      while (joined.length < MAX_JOINED && !(isIn(0) && isIn(1))) joined.push(await join());
      const subscribers = () => Promise.resolve(hub.applications().topics[0]!.peers);
      await poll("all subscriptions", subscribers, (count) => count === joined.length);
      let said = 0;
      const say = () => void news.publish(numberedBytes(said++));
      const started = nextEvent(hub, "shard:started");
      for (let round = 0; round < ROUNDS; round++) {
        say();
        if (round === ROUNDS / 2) void threads.threads[1]!.end();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await started;
      const late: typeof joined = [];
      while (late.length < MAX_JOINED && !late.some(({ shard }) => shard === 1)) late.push(await join(linkAfterDeath));
      assertEquals(late.at(-1)!.shard, 1);
      const living = [...joined.filter(({ shard }) => shard === 0), ...late];
      // Where it takes long, those who lost their worker have dialled again, and are here too.
      await poll("all subscriptions", subscribers, (count) => count >= living.length && count === hub.peers().length);
      const first = said;
      for (let round = 0; round < ROUNDS; round++) say();
      for (const { other } of living) {
        await poll("the last word", () => Promise.resolve(heard.get(other)!.at(-1)), (last) => last === said - 1);
        const from = late.some((one) => one.other === other) ? first : 0;
        assertEquals(heard.get(other), Array.from({ length: said - from }, (_, index) => from + index));
      }
    },
  );

  test(`${shards}: while the main thread is busy sockets wait, and nothing is lost or out of order`, async () => {
    await using nodes = new RealNodes();
    const sharded = await nodes.start({ workers: 2 }, { threads: { ...ownThreads, sharesMemory } });
    const senders = await Promise.all([nodes.start({ listen: [] }), nodes.start({ listen: [] })]);
    const next = new Map<number, number>();
    let count = 0;
    let fullest = 0;
    const { promise: all, resolve } = Promise.withResolvers<void>();
    sharded.topic("flood", {
      validate({ payload, from }) {
        const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
        assertEquals(number, next.get(from) ?? 0);
        next.set(from, number + 1);
        // Meanwhile the senders fill both rings many times over.
        if (count % FLOOD === 0) { for (const until = performance.now() + BUSY_MS; performance.now() < until;); }
        fullest = Math.max(fullest, ...sharded.shards().map(({ ringUse }) => ringUse.toMain ?? 1));
        if (++count === 2 * FLOOD) resolve();
        return "ignore";
      },
    });
    for (const sender of senders) {
      const flood = sender.topic("flood");
      await link(sender, sharded);
      const subscribed = () => Promise.resolve(sender.applications().topics[0]!.peers);
      await poll("the subscription", subscribed, (peers) => peers === 1);
      for (let number = 0; number < FLOOD; number++) flood.publish(numberedBytes(number));
    }
    await all;
    assertEquals([...next.values()], [FLOOD, FLOOD]);
    assertGreater(fullest, 0.9);
  });
}

test("shards: a worker that hangs is replaced, and those that do not are left alone", async () => {
  await using nodes = new RealNodes();
  const threads: Thread[] = [];
  const hanging: Threads = {
    ...ownThreads,
    start(_, data, events) {
      threads.push(startThread("../tests/node/shards/hanging_shard", data, events));
      return threads.at(-1)!;
    },
  };
  const real = createEnv({ logger: () => silentLogger });
  let skippedMs = 0;
  const node = await nodes.start({ workers: 2 }, {
    threads: hanging,
    env: { ...real, now: () => real.now() + skippedMs },
  });
  const failed = nextEvent(node, "shard:failed");
  const started = nextEvent(node, "shard:started");
  threads[0]!.post("hang");
  skippedMs = SILENCE_MS;
  const { shard, reason } = await failed;
  assertEquals([shard, reason], [0, "no sign of life for 30 s"]);
  assertEquals((await started).shard, 0);
  assertEquals(node.shards().map(({ restarts }) => restarts), [1, 0]);
});

test("shards: limits hold for all of them together", async () => {
  await using nodes = new RealNodes();
  const node = await nodes.start({ workers: 2, maxInbound: 3 });
  const others = await Promise.all(Array.from({ length: 6 }, () => nodes.start({ listen: [] })));
  const results = await Promise.allSettled(others.map((other) => other.connect(addressOf(node))));
  await poll("the end of those who left", () => Promise.resolve(node.peers().length), (count) => count <= 3);
  const counts = node.connectionCounts();
  assertEquals(counts.refused.full + counts.evicted >= 3, true, JSON.stringify(counts));
  assert(results.some(({ status }) => status === "rejected"));
});

test("shards: a ban ends connections in every shard, and keeps the address out", async () => {
  await using nodes = new RealNodes();
  const node = await nodes.start({ workers: 2 });
  const others = await Promise.all(Array.from({ length: 4 }, () => nodes.start({ listen: [] })));
  for (const other of others) await link(other, node);
  node.ban("127.0.0.0/8");
  await poll("the end of all", () => Promise.resolve(node.peers().length), (count) => count === 0);
  // Somebody new, since the others may not know yet that they were cut. Cut so soon that it may hear of it before its
  // dial is done.
  const stranger = await nodes.start({ listen: [] });
  await assertRejects(() => stranger.connect(addressOf(node)));
  assertGreater(node.connectionCounts().refused.banned, 0);
});

test("shards: garbage ends its own connection with the reason, and a connection to ourselves is seen", async () => {
  await using nodes = new RealNodes();
  const node = await nodes.start({ workers: 2 });
  connect(portOf(node), "127.0.0.1").end("GET / HTTP/1.1\r\nHost: somebody else entirely\r\n\r\n");
  await poll("its end", () => Promise.resolve(node.connectionCounts().ended["wrong-network"]), (count) => count === 1);
  const fault = await assertRejects(() => node.connect(addressOf(node)), RemoteFault);
  assertEquals(fault.code, "self-connection");
});

test("shards: where a port cannot be spread over threads, those who come stay in the main thread", async () => {
  await using nodes = new RealNodes();
  const node = await nodes.start({ workers: 2 }, { threads: { ...ownThreads, sharesPorts: false } });
  const { listener } = await link(await nodes.start({ listen: [] }), node);
  assertEquals(listener.shard, null);
  const { dialler } = await link(node, await nodes.start());
  assertEquals(typeof dialler.shard, "number");
});

test("shards: a port that is taken, even by another node with workers, is refused by name", async () => {
  await using nodes = new RealNodes();
  const first = await nodes.start({ workers: 2 });
  const second = nodes.create({ workers: 2, listen: [addressOf(first)] });
  const error = await assertRejects(() => second.start(), LocalError);
  assertEquals(error.code, "address-in-use");
});

test("shards: a node that stops while a worker is being replaced stops, and calls that no failure", async () => {
  await using nodes = new RealNodes();
  const real: Thread[] = [];
  const again = Promise.withResolvers<void>();
  const threads: Threads = {
    ...ownThreads,
    start(path, data, events) {
      if (real.length === 2) again.resolve();
      // Whoever comes after the first two never serves.
      const thread = startThread(real.length < 2 ? path : "../tests/node/shards/mute_shard", data, events);
      real.push(thread);
      return thread;
    },
  };
  const node = await nodes.start({ workers: 2 }, { threads });
  const told: string[] = [];
  node.on("shard:failed", ({ reason }) => void told.push(reason));
  node.on("shard:started", () => void told.push("started"));
  await real[0]!.end();
  await again.promise;
  await node.stop();
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(told.length, 1);
  assertMatch(told[0]!, /it ended with code/);
  assertEquals(node.shards().map(({ state }) => state), ["down", "down"]);
});

test("shards: a node that is stopped while its workers start does not wait for them", async () => {
  await using nodes = new RealNodes();
  const begun = Promise.withResolvers<void>();
  const threads: Threads = {
    ...ownThreads,
    start(_, data, events) {
      begun.resolve();
      return startThread("../tests/node/shards/mute_shard", data, events);
    },
  };
  const node = nodes.create({ workers: 2 }, { threads });
  const started = assertRejects(() => node.start(), LocalError);
  await begun.promise;
  await node.stop();
  await started;
  assertEquals(node.shards().map(({ state }) => state), ["down", "down"]);
});

test("shards: a worker whose program is missing is named, and the node does not start", async () => {
  await using nodes = new RealNodes();
  const threads: Threads = {
    ...ownThreads,
    start: (_, data, events) => startThread("node/shards/missing_worker", data, events),
  };
  const error = await assertRejects(() => nodes.start({ workers: 2 }, { threads }), LocalError);
  assertMatch(
    error.message,
    /^Cannot start worker [12]: .*missing_worker.*; a file of p2p is missing: install it again$/,
  );
  assertEquals([error.code, exitCodeOf(error)], ["no-thread", EXIT.no]);
});

test("shards: a worker that does not start in time is no fault of what the node was asked for", async () => {
  await using nodes = new RealNodes();
  const threads: Threads = {
    ...ownThreads,
    start: (_, data, events) => startThread("../tests/node/shards/mute_shard", data, events),
  };
  const env = createEnv({ logger: () => silentLogger });
  const after: Env["after"] = (ms, task) => env.after(ms === SHARD_START_MS ? 0 : ms, task);
  const error = await assertRejects(() => nodes.start({ workers: 2 }, { threads, env: { ...env, after } }), LocalError);
  assertMatch(
    error.message,
    /^Cannot start worker [12]: nothing of it within 10 s, .*; try again, or with fewer --workers$/,
  );
  assertEquals([error.code, exitCodeOf(error)], ["no-thread", EXIT.no]);
});

test("shards: a library's node has as many event loops as it asks for, and one is its own", async () => {
  for (const [workers, shards] of [[1, 0], [2, 2]] as const) {
    const node = openNode({ network: "regtest", connect: ["127.0.0.1:1"], workers });
    await node.start();
    assertEquals(node.shards().length, shards);
    await node.stop();
    assertEquals(node.shards().every(({ state }) => state === "down"), true);
  }
  assertThrows(() => openNode({ network: "regtest", workers: 0 }), LocalError);
});

test("shards: only 1 to 64 of them are possible, and only with threads", () => {
  const nodes = new RealNodes();
  for (const workers of [0, 65, 1.5, -1]) {
    const error = assertThrows(() => nodes.create({ workers }), LocalError);
    assertMatch(error.message, /workers must be a whole number from 1 to 64/);
  }
});

/**
 * Dials again where it has to. Deno says that a thread is gone while the system still hands connections to its listener,
 * for some tenths of a second; they are cut with it.
 */
function linkAfterDeath(from: P2PNode, to: P2PNode): ReturnType<typeof link> {
  return poll("a connection", () => link(from, to), () => true);
}

function numberedBytes(number: number): Uint8Array {
  const bytes = new Uint8Array(FLOOD_BYTES);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
