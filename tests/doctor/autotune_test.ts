import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Autotune } from "../../src/doctor/autotune.ts";
import { diagnose } from "../../src/doctor/diagnose.ts";
import { AUTOTUNE_PAUSE_MS, AUTOTUNE_STEADY_LOOKS } from "../../src/protocol/doctor_params.ts";
import { channelsWith, observation } from "../support/observations.ts";

const LOOK_MS = 5_000;

function seen(capacity: number, lagPercent = 5) {
  return diagnose(observation({ channels: channelsWith({ offered: 10_000, lag: lagPercent * 100, capacity }) }));
}

test("autotune: a burst is no reason, steady advice is followed", () => {
  const autotune = new Autotune();
  const decisions = [seen(4096), seen(4096), seen(4096, 0), seen(4096), seen(4096), seen(4096)]
    .map((diagnosis, i) => autotune.decide(diagnosis, i * LOOK_MS)?.change);
  assertEquals(decisions, [undefined, undefined, undefined, undefined, undefined, {
    kind: "capacity",
    channel: "data",
    to: 8192,
  }]);
});

test("autotune: after a change it waits until its effect can be seen", () => {
  const autotune = new Autotune();
  const changedAt: number[] = [];
  let capacity = 4096;
  for (let now = 0; now < 10 * AUTOTUNE_PAUSE_MS; now += LOOK_MS) {
    const due = autotune.decide(seen(capacity), now);
    if (due?.change.kind !== "capacity") continue;
    capacity = due.change.to;
    changedAt.push(now);
  }
  const first = (AUTOTUNE_STEADY_LOOKS - 1) * LOOK_MS;
  assertEquals(changedAt, [first, first + AUTOTUNE_PAUSE_MS, first + 2 * AUTOTUNE_PAUSE_MS]);
  assertEquals(capacity, 8 * 4096);
});

test("autotune: when the trouble is gone nothing is taken back, so nothing swings", () => {
  const autotune = new Autotune();
  for (let i = 0; i < AUTOTUNE_STEADY_LOOKS; i++) autotune.decide(seen(4096), i * LOOK_MS);
  const later = Array.from({ length: 100 }, (_, i) => autotune.decide(seen(8192, 0), (i + 10) * LOOK_MS));
  assertEquals(later.filter((due) => due !== undefined), []);
});
