import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { simulateNode } from "../support/simulated_node.ts";

test("node: one that is stopped while it starts stays stopped", async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a", { mineSeconds: 1 });
  const failures: string[] = [];
  node.on("node:failed", ({ error }) => void failures.push(error.message));
  let settled = 0;
  node.start().finally(() => settled++);
  node.stop().finally(() => settled++);
  await network.run(60_000);
  assertEquals([settled, node.chain().height, node.listening.length, failures], [2, 0, 0, []]);
});
