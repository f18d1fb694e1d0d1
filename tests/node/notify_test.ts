import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Bus } from "../../src/bus/bus.ts";
import { CHANNEL_CAPACITIES } from "../../src/bus/channels.ts";
import { EVENT_CHANNELS } from "../../src/node/events.ts";
import { NotifyPool } from "../../src/node/notify/pool.ts";
import type { NotifyOptions } from "../../src/node/notify/subscription.ts";
import { createBells, openBells } from "../../src/platform/bells.ts";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { createEnv } from "../../src/platform/env.ts";
import { ownThreads, startThread } from "../../src/platform/threads.ts";
import type { Threads } from "../../src/platform/types.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { NOTIFY_STOP_MS } from "../../src/protocol/notify_params.ts";
import type { NodeEvents } from "../../src/protocol/node_events.ts";
import { Pump } from "../../src/ring/pump.ts";
import { createRing, openReader } from "../../src/ring/ring.ts";
import { silentLogger } from "../../src/util/env.ts";
import { within } from "../support/wait.ts";
import type { Voice } from "./notify_handler.ts";
import { BLOCKS_LATER, EXITS, HANGS, NEVER_SETTLES, STRAYS, THROWS } from "./notify_heights.ts";

/** Less than a usual handler may take, so that tests are short; much more than these take. */
const STALL_MS = 400;
const TIMEOUT = { timeout: 60_000 };
/** For those who are not to be blamed, even where a busy machine keeps them waiting. */
const PATIENT: NotifyOptions = { stallMs: TIMEOUT.timeout };
const HANDLER = new URL("./notify_handler.ts", import.meta.url);
const HASH = "00".repeat(32) as NodeEvents["chain:tip"]["hash"];

const env = createEnv({ logger: () => silentLogger });

type Type = "chain:tip" | "block:connected";

/** What one handler says it got. */
class Ear {
  readonly heard: unknown[] = [];
  readonly voice: Voice = { ring: createRing({ capacityBytes: 65_536 }), bells: createBells(2) };
  readonly #bells = openBells(this.voice.bells, 0);
  #look: () => void = () => {};

  constructor() {
    const { ring } = this.voice;
    const pump = new Pump({ source: openReader(ring, { copy: copyBytes, wakeWriter: () => {} }), env, handle });
    this.#bells.listen(() => pump.resume());
    const hear = (value: unknown) => {
      this.heard.push(value);
      this.#look();
    };

    function handle(bytes: Uint8Array, start: number, end: number): void {
      hear(JSON.parse(new TextDecoder().decode(bytes.slice(start, end))));
    }
  }

  /** Waits until it has heard so many. */
  until(count: number): Promise<unknown[]> {
    return this.#until(`${count} events`, () => this.heard.length >= count);
  }

  untilHeard(value: unknown): Promise<unknown[]> {
    return this.#until(`event ${value}`, () => this.heard.includes(value));
  }

  async #until(what: string, holds: () => boolean): Promise<unknown[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#look = () => holds() && resolve();
    this.#look();
    await within(what, promise);
    return this.heard;
  }

  close(): void {
    this.#bells.close();
  }
}

function makePool(workers: number, poolEnv = env, threads: Threads = ownThreads) {
  const bus = new Bus<NodeEvents>({
    env,
    channelOf: EVENT_CHANNELS,
    mode: "segmented",
    capacities: CHANNEL_CAPACITIES,
  });
  const pool = new NotifyPool({ env: poolEnv, bus, threads, workers });
  const ears: Ear[] = [];
  return {
    bus,
    pool,
    publish(type: Type, ...heights: number[]) {
      for (const height of heights) bus.publish(type, { hash: HASH, height });
    },
    async listen(type: Type, options: NotifyOptions = {}) {
      const ear = new Ear();
      ears.push(ear);
      const errors: LocalError[] = [];
      const { promise: gone, resolve } = Promise.withResolvers<void>();
      const onError = (error: LocalError) => {
        errors.push(error);
        if (error.code === "stopped") resolve();
      };
      const usual = { stallMs: STALL_MS, onError, data: ear.voice };
      const subscription = await pool.subscribe([type], HANDLER, { ...usual, ...options });
      return { ear, subscription, errors, gone };
    },
    async stop() {
      bus.close();
      await within("the pool's end", pool.stop());
    },
    async [Symbol.asyncDispose]() {
      await this.stop();
      for (const ear of ears) ear.close();
    },
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

test("notify: a handler in a thread gets every event in order, in batches", TIMEOUT, async () => {
  await using made = makePool(2);
  const { ear, subscription } = await made.listen("chain:tip");
  made.publish("chain:tip", ...range(0, 300));
  await ear.until(300);
  made.publish("chain:tip", ...range(300, 400));
  assertEquals(await ear.until(400), range(0, 400));
  assertEquals(subscription.stats().lag, 0);
});

test("notify: a handler that is too slow misses the oldest; it and its owner are told how many", TIMEOUT, async () => {
  await using made = makePool(1);
  const missed: number[] = [];
  const { ear, subscription } = await made.listen("chain:tip", { onLag: (_, count) => missed.push(count) });
  made.publish("chain:tip", ...range(0, 600));
  assertEquals(await ear.until(513), ["lag 88", ...range(88, 600)]);
  assertEquals(missed, [88]);
  assertEquals(subscription.stats().lag, 88);
});

test("notify: what a handler throws is told, and the next event comes", TIMEOUT, async () => {
  await using made = makePool(1);
  const { promise, resolve } = Promise.withResolvers<LocalError>();
  const { ear } = await made.listen("chain:tip", { onError: resolve });
  made.publish("chain:tip", 1, THROWS, 2);
  assertEquals(await ear.until(3), [1, THROWS, 2]);
  const { message } = await within("the error", promise);
  assert(message.includes("threw at chain:tip: a bug in the handler"), message);
});

test("notify: a promise that never settles costs its event, and the thread lives", TIMEOUT, async () => {
  await using made = makePool(1);
  const { ear, errors } = await made.listen("chain:tip");
  made.publish("chain:tip", 1, NEVER_SETTLES, 2);
  assertEquals(await ear.until(3), [1, NEVER_SETTLES, 2]);
  assertEquals(errors.map(({ code }) => code), ["timeout"]);
  assert(errors[0]!.message.includes("not done with chain:tip after 400 ms"), errors[0]!.message);
});

for (const [misdeed, height] of [["hangs", HANGS], ["ends its thread", EXITS]] as const) {
  test(`notify: a handler that ${misdeed} loses that event, and others of its thread lose none`, TIMEOUT, async () => {
    await using made = makePool(1);
    const guilty = await made.listen("chain:tip");
    const innocent = await made.listen("block:connected");
    made.publish("chain:tip", 1, height, 2, 3);
    made.publish("block:connected", ...range(1, 200));
    assertEquals(await guilty.ear.until(4), [1, height, 2, 3]);
    assertEquals(await innocent.ear.until(199), range(1, 200));
    assertEquals([guilty.errors.map(({ code }) => code), innocent.errors], [["timeout"], []]);
  });
}

test(
  "notify: where nobody knows who blocks a thread, nothing is lost, and the guilty one is found",
  TIMEOUT,
  async () => {
    await using made = makePool(1);
    const guilty = await made.listen("chain:tip");
    const innocent = await made.listen("block:connected");
    made.publish("chain:tip", BLOCKS_LATER, 1);
    made.publish("block:connected", 1, 2, 3);
    // It takes four threads, each of which has its time to stall and to answer.
    await within("the end of it", guilty.gone, TIMEOUT.timeout);
    assertEquals(guilty.errors.at(-1)!.code, "stopped");
    assertEquals(new Set(await innocent.ear.until(3)), new Set([1, 2, 3]));
    made.publish("block:connected", 4);
    await innocent.ear.untilHeard(4);
    assertEquals(innocent.subscription.stats().isRunning, true);
  },
);

test("notify: a handler that hangs three times in a row is given up, and others go on", TIMEOUT, async () => {
  await using made = makePool(1);
  const guilty = await made.listen("chain:tip");
  const innocent = await made.listen("block:connected");
  made.publish("chain:tip", HANGS, HANGS, HANGS, 1);
  await within("the end of it", guilty.gone);
  assertEquals(guilty.errors.map(({ code }) => code), ["timeout", "timeout", "timeout", "stopped"]);
  made.publish("block:connected", 7);
  assertEquals(await innocent.ear.until(1), [7]);
});

test("notify: who costs threads after events that it was done with is found and given up", TIMEOUT, async () => {
  let onLost = () => {};
  const start: Threads["start"] = (path, data, events) =>
    startThread(path, data, { ...events, ended: (why) => (events.ended(why), onLost()) });
  await using made = makePool(1, env, { ...ownThreads, start });
  const guilty = await made.listen("chain:tip", PATIENT);
  const innocent = [await made.listen("block:connected", PATIENT), await made.listen("block:connected", PATIENT)];
  // Two until it has a thread of its own, and then five.
  for (let count = 1; count <= 7; count++) {
    const { promise: lost, resolve } = Promise.withResolvers<void>();
    onLost = resolve;
    made.publish("chain:tip", STRAYS);
    made.publish("block:connected", count);
    await within(`the end of thread ${count}`, lost);
  }
  assertEquals(guilty.errors.at(-1)?.code, "stopped");
  assert(guilty.errors.at(-1)!.message.includes("it cost 5 threads within 60 min"), guilty.errors.at(-1)!.message);
  made.publish("block:connected", 100);
  for (const { ear, errors, subscription } of innocent) {
    await ear.untilHeard(100);
    assertEquals([errors, subscription.stats().isRunning], [[], true]);
  }
});

test("notify: an event that cannot be cloned is the only one of its batch that is lost", TIMEOUT, async () => {
  await using made = makePool(1);
  const { ear, errors } = await made.listen("chain:tip");
  made.publish("chain:tip", 1);
  const event: NodeEvents["chain:tip"] & { readonly callback: () => void } = { hash: HASH, height: 2, callback() {} };
  made.bus.publish("chain:tip", event);
  made.publish("chain:tip", 3, 4);
  assertEquals(await ear.until(3), [1, 3, 4]);
  assertEquals(errors.map(({ message }) => message.includes("threw at chain:tip")), [true]);
});

test("notify: a module that does not load is its owner's to know, in words", TIMEOUT, async () => {
  await using made = makePool(1);
  const url = (file: string) => new URL(file, import.meta.url);
  const subscribe = (module: URL | string) => within("an answer", made.pool.subscribe(["chain:tip"], module, {}));
  const broken = await assertRejects(() => subscribe(url("./notify_broken_handler.ts")), LocalError);
  assert(broken.message.includes("notify_broken_handler.ts: no database here"), broken.message);
  const missing = await assertRejects(() => subscribe(url("./no_such_handler.ts")), LocalError);
  assert(missing.message.includes("no_such_handler.ts"), missing.message);
  assert(!missing.message.includes("notify_worker"), missing.message);
  await assertRejects(
    () => subscribe(url("./notify_heights.ts")),
    LocalError,
    "does not export a function named handle",
  );
  await assertRejects(() => subscribe(url("./no_such_file.ts")), LocalError, "no_such_file.ts");
  await assertRejects(() => subscribe("./relative.ts"), LocalError, "a module is a URL");
  const gone = await assertRejects(() => subscribe(url("./notify_leaving_handler.ts")), LocalError);
  assertEquals(gone.code, "bad-argument");
  assertMatch(gone.message, /notify_leaving_handler\.ts: it lost its thread: it ended with code \d+$/);
  const { ear } = await made.listen("chain:tip");
  made.publish("chain:tip", 5);
  assertEquals(await ear.until(1), [5]);
});

test("notify: who was disposed of hears nothing more, and its place is free", TIMEOUT, async () => {
  await using made = makePool(1);
  const [first, second] = [await made.listen("chain:tip"), await made.listen("chain:tip")];
  first.subscription[Symbol.dispose]();
  made.publish("chain:tip", 1);
  assertEquals(await second.ear.until(1), [1]);
  assertEquals(first.ear.heard, []);
  const third = await made.listen("chain:tip");
  made.publish("chain:tip", 2);
  assertEquals(await third.ear.until(1), [2]);
});

test(
  "notify: one that blocks its thread after it was disposed of stops neither others nor those who come",
  TIMEOUT,
  async () => {
    await using made = makePool(1);
    const guilty = await made.listen("chain:tip");
    const innocent = await made.listen("block:connected", PATIENT);
    made.publish("chain:tip", HANGS);
    await guilty.ear.untilHeard(HANGS);
    guilty.subscription[Symbol.dispose]();
    made.publish("block:connected", 1, 2);
    assertEquals(await innocent.ear.until(2), [1, 2]);
    assertEquals([guilty.errors, innocent.errors], [[], []]);
    const late = await made.listen("chain:tip", PATIENT);
    made.publish("chain:tip", 3);
    assertEquals(await late.ear.until(1), [3]);
  },
);

test("notify: who comes right after one that blocks its thread for ever is not taken for it", TIMEOUT, async () => {
  await using made = makePool(1);
  const guilty = await made.listen("chain:tip");
  made.publish("chain:tip", HANGS);
  await guilty.ear.untilHeard(HANGS);
  guilty.subscription[Symbol.dispose]();
  // It gets the thread of the other, and its place there.
  const late = await within("the one who comes later", made.listen("chain:tip", PATIENT));
  made.publish("chain:tip", 1);
  assertEquals(await late.ear.until(1), [1]);
  assertEquals([guilty.errors, late.errors], [[], []]);
});

test("notify: one that blocks its thread after it was disposed of does not keep a core for ever", TIMEOUT, async () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const start: Threads["start"] = (path, data, events) =>
    startThread(path, data, { ...events, ended: (why) => (events.ended(why), resolve()) });
  await using made = makePool(1, env, { ...ownThreads, start });
  const guilty = await made.listen("chain:tip");
  made.publish("chain:tip", HANGS);
  await guilty.ear.untilHeard(HANGS);
  guilty.subscription[Symbol.dispose]();
  await within("the end of its thread", ended);
  assertEquals(guilty.errors, []);
});

test("notify: data that cannot be cloned is its owner's to know, and leaves nothing behind", TIMEOUT, async () => {
  await using made = makePool(1);
  const data = { callback: () => {} };
  const refused = await assertRejects(() => made.pool.subscribe(["chain:tip"], HANDLER, { data }), LocalError);
  assertEquals(refused.code, "bad-argument");
  const guilty = await made.listen("chain:tip");
  made.publish("chain:tip", EXITS, 1);
  assertEquals(await guilty.ear.until(2), [EXITS, 1]);
});

test("notify: what waits when the node stops is still handled", TIMEOUT, async () => {
  // A busy machine may take longer than a stop allows.
  const after = (ms: number, task: () => void) => env.after(ms === NOTIFY_STOP_MS ? TIMEOUT.timeout : ms, task);
  await using made = makePool(1, { ...env, after });
  const { ear } = await made.listen("chain:tip");
  made.publish("chain:tip", ...range(0, 300));
  await made.stop();
  assertEquals(await ear.until(300), range(0, 300));
});
