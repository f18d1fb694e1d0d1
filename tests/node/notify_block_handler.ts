// A handler for notify_node_test.ts: counts blocks where the test can see it.

import type { EventItem } from "../../mod.ts";

export function handle(item: EventItem<"block:connected">, heights: Int32Array): void {
  if (item.type === "lag") return;
  Atomics.store(heights, 0, item.event.height);
  Atomics.notify(heights, 0);
}
