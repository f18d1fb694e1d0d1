// A handler for notify_test.ts: it tells what it gets through a ring, and misbehaves at certain heights.

import process from "node:process";
import { setImmediate } from "node:timers";
import { type BellsHandle, openBells } from "../../src/platform/bells.ts";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { openWriter, type RingHandle } from "../../src/ring/ring.ts";
import type { EventItem } from "../../mod.ts";
import { BLOCKS_LATER, EXITS, HANGS, NEVER_SETTLES, STRAYS, THROWS } from "./notify_heights.ts";

/** Through which it tells. */
export interface Voice {
  readonly ring: RingHandle;
  readonly bells: BellsHandle;
}

/** By ring: several handlers share this module. */
const tellers = new Map<SharedArrayBuffer, (value: unknown) => void>();

const MISDEEDS: Readonly<Record<number, () => unknown>> = {
  [HANGS]: block,
  [THROWS]() {
    throw new Error("a bug in the handler");
  },
  [EXITS]: () => process.exit(3),
  [NEVER_SETTLES]: () => new Promise(() => {}),
  [STRAYS]() {
    setImmediate(() => Promise.reject(new Error("nobody waits for this")));
  },
  async [BLOCKS_LATER]() {
    await Promise.resolve();
    block();
  },
};

function block(): never {
  for (;;);
}

export function handle(item: EventItem<"chain:tip" | "block:connected">, voice: Voice): unknown {
  const tell = tellers.get(voice.ring.buffer) ?? openTeller(voice);
  tellers.set(voice.ring.buffer, tell);
  if (item.type === "lag") return tell(`lag ${item.missed}`);
  const { height } = item.event;
  tell(height);
  return MISDEEDS[height]?.();
}

function openTeller({ ring, bells }: Voice): (value: unknown) => void {
  const own = openBells(bells, 1);
  const sink = openWriter(ring, { copy: copyBytes, wakeReader: () => {} });
  return (value) => {
    if (!sink.offer(new TextEncoder().encode(JSON.stringify(value)))) throw new Error("the test hears too slowly");
    sink.commit();
    own.ring(0);
  };
}
