import { connect } from "node:net";
import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { Shards } from "../../../src/node/shards/shards.ts";
import type { Line } from "../../../src/peer/line.ts";
import { createEnv } from "../../../src/platform/env.ts";
import { createHasher } from "../../../src/platform/hasher.ts";
import { createTransport } from "../../../src/platform/host.ts";
import { ownThreads, startThread } from "../../../src/platform/threads.ts";
import type { Endpoint, Thread, Threads } from "../../../src/platform/types.ts";
import { LocalError } from "../../../src/protocol/errors.ts";
import { SHARD_STARTS } from "../../../src/protocol/shard_params.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { silentLogger } from "../../../src/util/env.ts";
import { bitcoinCodec } from "../../../src/wire/bitcoin.ts";
import { poll, within } from "../../support/wait.ts";

const ANY_PORT = { host: "127.0.0.1", port: 0 };
const transport = createTransport();

/** Two shards, whose threads the test can end as a crash would, and whose successors come when it says so. */
class Pair implements AsyncDisposable {
  readonly threads: Thread[] = [];
  /** Shards that told that they run. */
  readonly started: number[] = [];
  readonly #successors: (() => void)[] = [];
  #areReplaced = false;
  readonly #watchers = new Set<() => void>();
  readonly shards: Shards;

  constructor() {
    const hasher = createHasher();
    const start: Threads["start"] = (path, data, events) => {
      const thread = startThread(path, data, events);
      this.threads.push(thread);
      for (const look of this.#watchers) look();
      return thread;
    };
    const tell = () => {
      for (const look of this.#watchers) look();
    };
    const real = createEnv({ logger: () => silentLogger });
    this.shards = new Shards({
      env: { ...real, after: (ms, act) => real.after(ms, () => this.#act(ms, act)) },
      transport,
      network: REGTEST,
      hasher,
      codec: bitcoinCodec(REGTEST.magic, hasher),
      threads: { ...ownThreads, start },
      count: 2,
      wanted: () => [],
      onReport() {},
      onFailed: tell,
      onStarted: (shard) => {
        this.started.push(shard);
        tell();
      },
    });
  }

  /** Something happened to a thread, and now this holds. */
  until(what: string, holds: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => void (holds() && resolve());
    this.#watchers.add(look);
    look();
    return within(what, promise).finally(() => this.#watchers.delete(look));
  }

  /** From now on somebody takes a dead one's place. */
  replace(): void {
    this.#areReplaced = true;
    for (const start of this.#successors.splice(0)) start();
  }

  states(): string[] {
    return this.shards.snapshot().map(({ state }) => state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shards.stop();
  }

  #act(ms: number, act: () => void): void {
    if (ms === 0 && !this.#areReplaced) this.#successors.push(act);
    else act();
  }
}

function knock(endpoint: Endpoint, opened = () => {}, refused: (error: Error) => void = () => {}): void {
  if (!("port" in endpoint)) throw new Error("not a port");
  const socket = connect(endpoint.port, endpoint.host);
  socket.on("error", refused).on("connect", () => {
    socket.destroy();
    opened();
  });
}

/** Whether nobody listens there any more: else the address cannot be had for one alone. */
async function isFree(endpoint: Endpoint): Promise<boolean> {
  try {
    (await transport.listen(endpoint, (connection) => connection.abort())).close();
    return true;
  } catch (error) {
    if (error instanceof LocalError && error.code === "address-in-use") return false;
    throw error;
  }
}

test("shards: a few are started at a time, all of them in the end, and none after one that cannot be", async () => {
  let broken = -1;
  const threads: Thread[] = [];
  const start: Threads["start"] = (path, data, events) => {
    const thread = startThread(threads.length === broken ? "node/shards/no_such_file" : path, data, events);
    threads.push(thread);
    return thread;
  };
  const hasher = createHasher();
  const codec = bitcoinCodec(REGTEST.magic, hasher);
  const env = createEnv({ logger: () => silentLogger });
  const rest = { wanted: () => [], onReport() {}, onFailed() {}, onStarted() {} };
  const make = (count: number) =>
    new Shards({ ...rest, env, transport, network: REGTEST, hasher, codec, threads: { ...ownThreads, start }, count });
  const all = make(SHARD_STARTS + 2);
  const starting = all.start();
  assertEquals(threads.length, SHARD_STARTS);
  await within("all threads", starting);
  assertEquals(threads.length, SHARD_STARTS + 2);
  await all.stop();
  threads.length = 0;
  broken = 0;
  const some = make(SHARD_STARTS + 2);
  await assertRejects(() => some.start(), LocalError, "Cannot start worker 1");
  const begun = threads.length;
  await some.stop();
  assertEquals(threads.length, begun);
});

test("shards: who listens while no thread is there waits until one is, and is then heard", async () => {
  await using pair = new Pair();
  const { shards } = pair;
  await shards.start();
  await Promise.all(pair.threads.map((thread) => thread.end()));
  await pair.until("the end of both", () => !pair.states().includes("running"));
  const knocked = Promise.withResolvers<Line>();
  const listening = shards.listen(ANY_PORT, knocked.resolve);
  pair.replace();
  const listener = await within("a listener", listening);
  knock(listener.local);
  (await within("a connection", knocked.promise)).abort();
  listener.close();
  await poll("a free port", () => isFree(listener.local), (free) => free);
});

test("shards: one that took another's place says so when it listens", async () => {
  await using pair = new Pair();
  const { shards, threads, started } = pair;
  await shards.start();
  const { local } = await shards.listen(ANY_PORT, () => {});
  await Promise.all(threads.map((thread) => thread.end()));
  await pair.until("the end of both", () => !pair.states().includes("running"));
  started.length = 0;
  pair.replace();
  await pair.until("a successor", () => started.length === 1);
  await within("a connection", new Promise<void>((resolve, reject) => knock(local, resolve, reject)));
});

test("shards: what begins to listen while a thread is being replaced is opened once, and closed by one word", async () => {
  await using pair = new Pair();
  const { shards, threads } = pair;
  await shards.start();
  await threads[0]!.end();
  await pair.until("its end", () => pair.states().includes("down"));
  pair.replace();
  await pair.until("a third thread", () => threads.length === 3);
  const listener = await shards.listen(ANY_PORT, (line) => line.abort());
  await pair.until("both", () => pair.states().every((state) => state === "running"));
  assertEquals(await isFree(listener.local), false);
  // A second one of the same number in one shard would stay open.
  listener.close();
  await poll("a free port", () => isFree(listener.local), (free) => free);
});

test("shards: what waits for a thread to listen is told when there will be none", async () => {
  await using pair = new Pair();
  const { shards } = pair;
  await shards.start();
  await Promise.all(pair.threads.map((thread) => thread.end()));
  await pair.until("the end of both", () => !pair.states().includes("running"));
  const listening = shards.listen(ANY_PORT, (line) => line.abort());
  const refused = assertRejects(() => listening, LocalError, "the node is stopped");
  await shards.stop();
  await refused;
});
