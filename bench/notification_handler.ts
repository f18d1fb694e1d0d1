// What bench/notifications.ts runs in a thread.

import type { EventItem } from "../mod.ts";

export let handled = 0;

export function handle(_item: EventItem<"block:connected">): void {
  handled++;
}
