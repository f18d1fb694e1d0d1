import { once } from "node:events";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createBells, openBells } from "../../src/platform/bells.ts";
import { startThread } from "../support/threads.ts";
import { within } from "../support/wait.ts";

const ROUNDS = 200;

for (const waitsForMemory of [true, false]) {
  const kind = waitsForMemory ? "by memory" : "by message";

  test(`bells ${kind}: threads wake each other, and none is lost`, async () => {
    const handle = createBells(2, { waitsForMemory });
    const bells = openBells(handle, 0);
    const worker = startThread(new URL("./bells_child.ts", import.meta.url), handle);
    await within("the other thread", once(worker, "message"));
    const { promise, resolve } = Promise.withResolvers<void>();
    let answers = 0;
    bells.listen(() => ++answers < ROUNDS ? bells.ring(1) : resolve());
    bells.ring(1);
    await within("the last answer", promise);
    assertEquals(answers, ROUNDS);
    bells.close();
    worker.postMessage("end");
    await within("the end", once(worker, "message"));
    await worker.terminate();
  });

  test(`bells ${kind}: a thread may ring itself, and hears it after the present turn`, async () => {
    const bells = openBells(createBells(1, { waitsForMemory }), 0);
    const { promise, resolve } = Promise.withResolvers<void>();
    const heard: string[] = [];
    bells.listen(() => {
      heard.push("bell");
      resolve();
    });
    bells.ring(0);
    heard.push("turn");
    await within("the bell", promise);
    assertEquals(heard.slice(0, 2), ["turn", "bell"]);
    bells.close();
  });

  test(`bells ${kind}: who was disposed of hears nothing more`, async () => {
    const bells = openBells(createBells(1, { waitsForMemory }), 0);
    const { promise, resolve } = Promise.withResolvers<void>();
    let heard = 0;
    bells.listen(() => heard++)[Symbol.dispose]();
    bells.listen(resolve);
    bells.ring(0);
    await within("the bell", promise);
    assertEquals(heard, 0);
    bells.close();
  });
}
