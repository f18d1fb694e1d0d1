import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { SINGLE_CHANNEL_CAPACITY } from "../../src/bus/channels.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";
import { testChain } from "../support/test_chain.ts";

const BLOCKS = 2100;

for (const [channels, capacity] of [["segmented", 512], ["single", SINGLE_CHANNEL_CAPACITY]] as const) {
  test(
    `events: in ${channels} mode a reader that sleeps through a sync is told what it missed`,
    { timeout: 60_000 },
    async () => {
      const { main, mainTip } = testChain();
      const network = createMemoryNetwork({ seed: 1 });
      const a = simulateNode(network, "a").node;
      feed(a, main);
      const b = simulateNode(network, "b", { connect: ["a"], channels }).node;
      const stop = new AbortController();
      const stream = b.events(["peer:connected", "block:connected"], stop.signal);
      const first = stream.next();
      await Promise.all([a.start(), b.start()]);
      assert(await network.run(() => b.chain().bestHash === mainTip));
      const control = (await first).value!;
      const items = [];
      while (items.length < capacity) items.push((await stream.next()).value!);
      const [lag] = items.filter(({ type }) => type === "lag") as { missed: number }[];
      const heights = items.filter(({ type }) => type === "block:connected").length;
      assertEquals(control.type, "peer:connected");
      assertEquals(b.channels().find(({ channel }) => channel === "sync")!.lag, lag!.missed);
      assert(lag!.missed >= BLOCKS - capacity && heights === capacity - 1, `${lag!.missed} missed, ${heights} seen`);
      stop.abort();
      for await (const item of stream) assertEquals(item.type, "block:connected");
    },
  );
}
