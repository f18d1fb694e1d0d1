import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createMemoryNetwork, createMemoryStore, createNode, LocalError, openNode, REGTEST } from "../../mod.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { within } from "../support/wait.ts";

const HANDLER = new URL("./notify_block_handler.ts", import.meta.url);

test("notify: a node's events reach a handler in a thread, through the library's face", async () => {
  const node = openNode({ network: "regtest", mineSeconds: 0.02, notifyWorkers: 1 });
  try {
    const heights = new Int32Array(new SharedArrayBuffer(4));
    const subscription = await within("the handler", node.onWorker("block:connected", HANDLER, { data: heights }));
    await node.start();
    while (Atomics.load(heights, 0) < 3) {
      const { async, value } = Atomics.waitAsync(heights, 0, Atomics.load(heights, 0));
      if (async) await within("a block", value);
    }
    assertEquals(subscription.stats().faults, 0);
    subscription[Symbol.dispose]();
    assertEquals(subscription.stats().isRunning, false);
  } finally {
    await node.stop();
  }
  await assertRejects(() => node.onWorker("block:connected", HANDLER), LocalError, "stopped");
});

test("notify: a node without threads says so, and numbers of threads that make no sense are refused", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const [env, transport] = [network.env("10.0.0.1"), network.transport("10.0.0.1")];
  const parts = { env, transport, hasher: createHasher(), store: createMemoryStore() };
  const options = { listen: [], join: [], connect: [], maxInbound: 1, maxOutbound: 0, userAgent: "/test:1/" };
  const usual = { ...options, network: REGTEST, pruneBytes: undefined, mineSeconds: undefined };
  const node = createNode(parts, usual);
  await assertRejects(() => node.onWorker("chain:tip", HANDLER), LocalError, "has no threads among its parts");
  for (const notifyWorkers of [0, 65, 1.5]) {
    assertThrows(
      () => createNode(parts, { ...usual, notifyWorkers }),
      LocalError,
      "notifyWorkers must be a whole number from 1 to 64",
    );
  }
});
