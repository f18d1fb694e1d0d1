import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import { LOOP_BEAT_MS, MAX_TIME_MS, QUANTILE_WINDOW_MS, TIME_DIGITS } from "../protocol/vitals_params.ts";
import { RecentTimes } from "../util/recent_times.ts";
import type { ProcessFigures, ProcessMeter } from "./types.ts";

const US_PER_MS = 1000;

/**
 * What this process takes of the machine, and how late its event loop is. The loop's lateness is that of a beat of our
 * own: the runtimes' monitors differ in what they mean by it (Node's counts its own interval in), and Deno's sees none.
 */
export function createProcessMeter(): ProcessMeter {
  const delays = new RecentTimes({ windowMs: QUANTILE_WINDOW_MS, maxMs: MAX_TIME_MS, digits: TIME_DIGITS });
  let dueAt = 0;
  let beat: ReturnType<typeof setInterval> | undefined;

  function onBeat(): void {
    const now = performance.now();
    delays.add(now - dueAt, now);
    dueAt = now + LOOP_BEAT_MS;
  }

  return {
    start() {
      if (beat) return;
      dueAt = performance.now() + LOOP_BEAT_MS;
      // It must not keep the process alive.
      beat = setInterval(onBeat, LOOP_BEAT_MS).unref();
    },
    read(): ProcessFigures {
      const { user, system } = process.cpuUsage();
      const { heapUsed, external } = process.memoryUsage();
      return {
        cpuMs: (user + system) / US_PER_MS,
        rssBytes: process.memoryUsage.rss(),
        heapBytes: heapUsed + external,
        loopDelay: delays.snapshot(performance.now()),
      };
    },
    close: () => clearInterval(beat),
  };
}
