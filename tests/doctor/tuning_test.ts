import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { findTuning } from "../../src/doctor/tuning.ts";
import type { Vitals } from "../../src/doctor/vitals.ts";
import { channelsWith, observation } from "../support/observations.ts";

interface Situation {
  readonly lagPercent?: number;
  readonly usage?: number;
  readonly capacity?: number;
  readonly duplicatesPercent?: number;
  readonly peers?: number;
  readonly dedupe?: Vitals["dedupe"];
  readonly mode?: Vitals["channelMode"];
}

function advise(
  { lagPercent = 0, usage = 0, capacity = 4096, duplicatesPercent = 0, peers = 8, dedupe = "drop", mode = "segmented" }:
    Situation,
) {
  const seen = observation({
    peers: { inbound: peers - 1, outbound: 1 },
    channels: channelsWith({ offered: 10_000, lag: lagPercent * 100, usage, capacity }),
    inventory: { announced: 1_000, duplicates: duplicatesPercent * 10 },
    dedupe,
    channelMode: mode,
  });
  const found = findTuning(seen);
  assertEquals(found.length, 1, "one thing at a time");
  return found[0]!;
}

test("tuning: with little lag nothing should change, and that is said", () => {
  const { id, level, change, advice, text, evidence } = advise({ lagPercent: 1, duplicatesPercent: 90, peers: 500 });
  assertEquals([id, level, change, advice], ["headroom", "ok", null, null]);
  assertStringIncludes(text, "nothing should change");
  assertEquals([evidence.lagPercent, evidence.duplicatesPercent, evidence.peers], [1, 90, 500]);
});

test("tuning: lag with many duplicates is a matter of dedupe, on both sides of 30 %", () => {
  const lag = { lagPercent: 1.01, dedupe: "count" } as const;
  assertEquals(advise({ ...lag, duplicatesPercent: 30.1 }).change, { kind: "dedupe", to: "drop" });
  assertEquals(advise({ ...lag, duplicatesPercent: 30 }).change, { kind: "capacity", channel: "data", to: 8192 });
});

test("tuning: duplicates that nobody counts are counted first", () => {
  const { change, advice } = advise({ lagPercent: 5, duplicatesPercent: 90, dedupe: "off" });
  assertEquals(change, { kind: "dedupe", to: "count" });
  assertStringIncludes(advice!, "--dedupe count");
});

test("tuning: lag with many peers in one queue is a matter of separate ones, on both sides of 150", () => {
  const lag = { lagPercent: 5, mode: "single" } as const;
  const [many, few] = [advise({ ...lag, peers: 151 }), advise({ ...lag, peers: 150 })];
  assertEquals([many.change, few.change], [{ kind: "channels", to: "segmented" }, {
    kind: "channels",
    to: "segmented",
  }]);
  assertStringIncludes(many.advice!, "--channels segmented: with so many peers");
  assertStringIncludes(few.advice!, "--channels segmented: one queue for all cannot be enlarged");
  assertEquals(advise({ ...lag, peers: 151, duplicatesPercent: 90, dedupe: "count" }).change?.kind, "dedupe");
});

test("tuning: what is in force already is not advised again", () => {
  const busy = { lagPercent: 5, duplicatesPercent: 90, peers: 500 };
  assertEquals(advise({ ...busy, dedupe: "drop" }).change, { kind: "capacity", channel: "data", to: 8192 });
});

test("tuning: a channel is enlarged up to eight times its size, and then the subscriber is at fault", () => {
  assertEquals(advise({ lagPercent: 5, capacity: 16_384 }).change, { kind: "capacity", channel: "data", to: 32_768 });
  const { change, advice } = advise({ lagPercent: 5, capacity: 32_768 });
  assertEquals(change, null);
  assertStringIncludes(advice!, "subscriber");
});

test("tuning: a channel that is nearly full is enlarged before anything is missed, on both sides of 80 %", () => {
  assertEquals(advise({ usage: 0.79 }).id, "headroom");
  const { id, change, evidence } = advise({ usage: 0.8 });
  assertEquals([id, change], ["full-channel", { kind: "capacity", channel: "data", to: 8192 }]);
  assertEquals([evidence.channel, evidence.channelUsePercent], ["data", 80]);
  assertEquals(advise({ usage: 0.8, mode: "single" }).change, { kind: "channels", to: "segmented" });
});
