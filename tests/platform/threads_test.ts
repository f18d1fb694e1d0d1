import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startThread } from "../../src/platform/threads.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import type { Thread } from "../../src/platform/types.ts";
import { within } from "../support/wait.ts";

/** Below src, as the path of a thread's file is. */
const ECHO = "../tests/platform/thread_child";

interface Watched {
  readonly thread: Thread;
  next(): Promise<unknown>;
  readonly ended: Promise<Error>;
}

function watch(path: string, data: unknown): Watched {
  const ended = Promise.withResolvers<Error>();
  let heard = Promise.withResolvers<unknown>();
  const thread = startThread(path, data, {
    message(message) {
      heard.resolve(message);
      heard = Promise.withResolvers();
    },
    ended: ended.resolve,
  });
  return { thread, next: () => within("a message", heard.promise), ended: within("the end", ended.promise) };
}

test("thread: gets its data, shares memory, answers, and ends when told", async () => {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const { thread, next, ended } = watch(ECHO, { shared, big: 7n });
  assertEquals(await next(), { started: true, big: 7n });
  assertEquals(Atomics.load(shared, 0), 1);
  const answer = next();
  thread.post("hello");
  assertEquals(await answer, { echo: "hello" });
  await thread.end();
  await ended;
  await thread.end();
});

test("thread: one that throws ends, and says why", async () => {
  const { thread, next, ended } = watch(ECHO, { shared: new Int32Array(new SharedArrayBuffer(4)), big: 0n });
  await next();
  thread.post("throw");
  assertMatch((await ended).message, /as it was told/);
});

test("thread: one that hangs can be ended", async () => {
  const { thread, next, ended } = watch(ECHO, { shared: new Int32Array(new SharedArrayBuffer(4)), big: 0n });
  await next();
  const answer = next();
  thread.post("hang");
  assertEquals(await answer, "hanging");
  await thread.end();
  assert(await ended);
});

test("thread: a file that is missing ends it, by name, and is told apart", async () => {
  const { ended } = watch("node/no_such_worker", undefined);
  const why = await ended;
  assertMatch(why.message, /no_such_worker/);
  assert(why instanceof LocalError && why.code === "bad-file", String(why));
});
