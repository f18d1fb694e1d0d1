// Threads that die in the middle of what they write. They die by themselves: of a thread that is ended from outside Deno
// says that it is gone while it may still run for a moment.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createBells, openBells } from "../../src/platform/bells.ts";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { createEnv } from "../../src/platform/env.ts";
import type { FrameHandler } from "../../src/ring/frames.ts";
import { Pump } from "../../src/ring/pump.ts";
import { abandonUser, createQueue, openConsumer } from "../../src/ring/queue.ts";
import { abandonRing, createRing, openReader, openWriter } from "../../src/ring/ring.ts";
import { silentLogger } from "../../src/util/env.ts";
import type { EndlessTask } from "../support/endless_thread.ts";
import { FrameChecker, FrameMaker, fullAccount } from "../support/ring_traffic.ts";
import { startThread } from "../support/threads.ts";
import { within } from "../support/wait.ts";

const TIMEOUT = { timeout: 60_000 };
/** Threads that die: each somewhere else. */
const DEATHS = 6;
/** Frames, or parts of frames, before the first does. */
const COPIES = 300;
const env = createEnv({ logger: () => silentLogger });

/** Resolves once it has died. */
async function runEndless(task: EndlessTask): Promise<void> {
  const thread = startThread(new URL("../support/endless_thread.ts", import.meta.url), task);
  thread.on("error", ({ message }) => assert(message.includes("wants this thread dead"), message));
  await within("the death of a thread", new Promise((resolve) => thread.once("exit", resolve)));
}

test("ring: of a thread that dies while it writes, whole frames come, and another one goes on", TIMEOUT, async () => {
  const ring = createRing({ capacityBytes: 4096 });
  for (let death = 0; death < DEATHS; death++) {
    const handle = createBells(2);
    const bells = openBells(handle, 0);
    const checker = new FrameChecker();
    const check: FrameHandler = (...frame) => checker.check(...frame);
    const source = openReader(ring, { copy: copyBytes, wakeWriter: () => bells.ring(1), onFrames: () => pump.kick() });
    const pump: Pump = new Pump({ source, env, handle: check });
    bells.listen(() => source.wake());
    pump.resume();
    // Most frames are larger than the ring allows in one piece, and so in parts.
    await runEndless({ bells: handle, thread: 1, frameBytes: 6000, diesAt: COPIES + death, ring });
    pump.stop();
    abandonRing(ring, () => source.wake());
    while (source.take(check) > 0);
    assertEquals(source.end, "abandoned");
    const before = checker.accounts.get(1)!;
    assertEquals(before, fullAccount(before.frames));
    const next = openWriter(ring, { copy: copyBytes, restarts: true, wakeReader: () => {} });
    assertEquals(next.offer(new FrameMaker(2, 100).next()), true);
    next.commit();
    while (source.take(check) > 0);
    assertEquals(checker.accounts.get(2)?.frames, 1);
    bells.close();
  }
});

test("queue: of producers that die while they write, nobody has to wait", TIMEOUT, async () => {
  const queue = createQueue({ slots: 16, slotBytes: 120, users: DEATHS + 1 });
  const handle = createBells(DEATHS + 1);
  const bells = openBells(handle, 0);
  const wake = (user: number) => bells.ring(user);
  const checker = new FrameChecker();
  const check: FrameHandler = (...frame) => checker.check(...frame);
  const source = openConsumer(queue, { copy: copyBytes, user: 0, wake, onFrames: () => pump.kick() });
  const pump: Pump = new Pump({ source, env, handle: check });
  bells.listen(() => source.wake());
  pump.resume();
  // All at once: whoever still lives is held up by the slots of the dead until they are passed by.
  await Promise.all(Array.from({ length: DEATHS }, async (_, index) => {
    const user = index + 1;
    await runEndless({ bells: handle, thread: user, frameBytes: 120, diesAt: COPIES * user, queue });
    abandonUser(queue, user, () => assert(false, "a producer takes nothing"), wake);
  }));
  pump.stop();
  while (source.take(check) > 0);
  // Each wrote one frame that nobody saw: the one in which it died.
  const frames = Array.from({ length: DEATHS }, (_, index) => checker.accounts.get(index + 1)!);
  assertEquals(frames, Array.from({ length: DEATHS }, (_, index) => fullAccount(COPIES * (index + 1) - 1)));
  bells.close();
});
