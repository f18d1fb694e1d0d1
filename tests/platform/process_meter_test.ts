import { test } from "node:test";
import { assert } from "@std/assert";
import { createProcessMeter } from "../../src/platform/process_meter.ts";
import { poll } from "../support/wait.ts";

const BLOCKED_MS = 120;

test("process meter: an event loop that stands still is seen, and CPU and memory are counted", async () => {
  const meter = createProcessMeter();
  try {
    const before = meter.read();
    meter.start();
    await poll("a first beat", () => Promise.resolve(meter.read()), ({ loopDelay }) => loopDelay.count > 0);
    const until = performance.now() + BLOCKED_MS;
    while (performance.now() < until);
    const after = await poll(
      "the late beat",
      () => Promise.resolve(meter.read()),
      // The beat was due within the time that the loop stood still.
      ({ loopDelay }) => (loopDelay.maxMs ?? 0) > BLOCKED_MS / 2,
    );
    // A busy machine gives less of its time than the clock says.
    assert(after.cpuMs > before.cpuMs, `${after.cpuMs - before.cpuMs} ms`);
    assert(after.rssBytes > 10_000_000 && after.heapBytes > 100_000, JSON.stringify(after));
  } finally {
    meter.close();
  }
});
