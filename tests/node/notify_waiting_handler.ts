// A handler for notify_worker_test.ts: the first event is done at once, and no other ever.

import type { EventItem } from "../../mod.ts";

export function handle(item: EventItem<"chain:tip">): unknown {
  return item.type === "lag" || item.event.height === 0 ? undefined : new Promise(() => {});
}
