import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Bus } from "../../src/bus/bus.ts";
import { CHANNEL_CAPACITIES } from "../../src/bus/channels.ts";
import { EVENT_CHANNELS } from "../../src/node/events.ts";
import { Subscription } from "../../src/node/notify/subscription.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { NOTIFY_LOSS_WINDOW_MS, NOTIFY_MAX_LOSSES } from "../../src/protocol/notify_params.ts";
import type { NodeEvents } from "../../src/protocol/node_events.ts";
import { silentLogger } from "../../src/util/env.ts";
import { ManualEnv } from "../support/manual_env.ts";

/** A subscriber whose thread is the test. */
function subscribe() {
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
  subscription.onLoaded();
  return { env, subscription };
}

/** It gets one batch done, and then costs its thread the life. */
function costThread(subscription: Subscription): void {
  subscription.onDone();
  subscription.onThreadLost(0, 0, true);
  subscription.blame(new LocalError("timeout", "lost"));
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
