import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { doneOf, type EventItem, type FromThread, type ToThread, wordsOf } from "../../src/node/notify/messages.ts";
import { startThread } from "../../src/platform/threads.ts";
import type { NodeEvents } from "../../src/protocol/node_events.ts";
import { within } from "../support/wait.ts";

const HANDLER = new URL("./notify_waiting_handler.ts", import.meta.url);
const HASH = "00".repeat(32) as NodeEvents["chain:tip"]["hash"];

test("notify: to skip an event that is done by now skips none that follows", { timeout: 60_000 }, async () => {
  const words = new Int32Array(new SharedArrayBuffer(wordsOf(1) * Int32Array.BYTES_PER_ELEMENT));
  const heard: FromThread["is"][] = [];
  let look = () => {};
  const thread = startThread("node/notify/notify_worker", { words: words.buffer }, {
    message(message) {
      heard.push((message as FromThread).is);
      look();
    },
    ended() {},
  });
  await using _ = { [Symbol.asyncDispose]: () => thread.end() };
  const until = (what: FromThread["is"]) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    look = () => heard.includes(what) && resolve();
    look();
    return within(what, promise);
  };
  const post = (message: ToThread) => thread.post(message);
  const tip = (height: number): EventItem => ({ type: "chain:tip", event: { hash: HASH, height } });
  post({ is: "load", id: 1, slot: 0, module: HANDLER.href, data: undefined });
  await until("loaded");
  // The second one never ends by itself.
  post({ is: "events", id: 1, items: [tip(0), tip(1)] });
  post({ is: "skip", id: 1, done: 0 });
  // What a later message says tells that those before were heard.
  post({ is: "load", id: 2, slot: 0, module: new URL("./no_such_file.ts", import.meta.url).href, data: undefined });
  await until("failed");
  assertEquals([heard.includes("done"), Atomics.load(words, doneOf(0))], [false, 1]);
  post({ is: "skip", id: 1, done: 1 });
  await until("done");
  assertEquals(Atomics.load(words, doneOf(0)), 2);
});
