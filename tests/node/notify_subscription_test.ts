import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { Bus } from "../../src/bus/bus.ts";
import { CHANNEL_CAPACITIES } from "../../src/bus/channels.ts";
import { EVENT_CHANNELS } from "../../src/node/events.ts";
import { Subscription } from "../../src/node/notify/subscription.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { NOTIFY_LOSS_WINDOW_MS, NOTIFY_MAX_LOSSES } from "../../src/protocol/notify_params.ts";
import type { NodeEvents } from "../../src/protocol/node_events.ts";
import { silentLogger } from "../../src/util/env.ts";
import { ManualEnv } from "../support/manual_env.ts";

/** A subscriber whose thread is the test, and which is yet to be loaded there. */
function begin() {
  const env = new ManualEnv();
  const bus = new Bus<NodeEvents>({
    env,
    channelOf: EVENT_CHANNELS,
    mode: "segmented",
    capacities: CHANNEL_CAPACITIES,
  });
  const subscription = new Subscription({
    env,
    log: silentLogger,
    id: 1,
    slot: 0,
    module: "file:///handler.ts",
    options: {},
    stallMs: 1,
    tap: (onNews) => bus.tap(["chain:tip"], onNews),
    post() {},
    onEnd() {},
    onIdle() {},
  });
  return { env, subscription };
}

function subscribe() {
  const begun = begin();
  begun.subscription.onLoaded();
  return begun;
}

/** It gets one batch done, and then costs its thread the life. */
function costThread(subscription: Subscription): void {
  subscription.onDone();
  subscription.onThreadLost(0, 0, true);
  subscription.blame("lost its thread");
  subscription.onLoaded();
}

test("notify: what a handler gets done excuses no thread that it costs", () => {
  const { subscription } = subscribe();
  for (let count = 1; count < NOTIFY_MAX_LOSSES; count++) costThread(subscription);
  assertEquals(subscription.isOver, false);
  costThread(subscription);
  assertEquals(subscription.isOver, true);
});

test("notify: threads that it cost long ago are forgiven", () => {
  const { env, subscription } = subscribe();
  for (let count = 1; count < NOTIFY_MAX_LOSSES; count++) costThread(subscription);
  env.advance(NOTIFY_LOSS_WINDOW_MS);
  for (let count = 1; count < NOTIFY_MAX_LOSSES; count++) costThread(subscription);
  assertEquals(subscription.isOver, false);
});

test("notify: one that costs its thread before it is loaded is refused as any that cannot be loaded", async () => {
  const { subscription } = begin();
  subscription.blame("lost its thread: it did not load within 30000 ms");
  const error = await assertRejects(() => subscription.loaded, LocalError);
  const text = "Cannot run the handler file:///handler.ts: it lost its thread: it did not load within 30000 ms";
  assertEquals([error.code, error.message], ["bad-argument", text]);
  assertEquals([subscription.isOver, subscription.stats().faults], [true, 1]);
});
