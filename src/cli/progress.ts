import cliProgress from "cli-progress";
import { formatDuration, MS_PER_SECOND } from "../util/units.ts";
import type { Output } from "./context.ts";

/** Shows how far a long task is. */
export interface Progress {
  update(done: number, total: number): void;
  /** Leaves the last state on the screen. Idempotent. */
  stop(): void;
}

/** Where nobody watches, one line every 10 s. */
const LINE_INTERVAL_MS = 10_000;
/** The rate is that of the last 10 s or so: each new measurement counts one part in ten. */
const RATE_GAIN = 0.1;
const RATE_INTERVAL_MS = 1_000;
const PERCENT = 100;
/** Below this, a digit after the point says something. */
const SLOW_BELOW = 10;
const BAR_CHARACTERS = 24;

/** A bar with rate and time left on a terminal, a line every 10 s elsewhere. `now` in milliseconds. */
export function createProgress(label: string, unit: string, err: Output, now: () => number): Progress {
  return err.stream.isTerminal ? createBar(label, unit, now) : createLines(label, unit, err, now);
}

function createBar(label: string, unit: string, now: () => number): Progress {
  const bar = new cliProgress.SingleBar({
    format: `${label} {bar} {percentage}% {value}/{total} ${unit}{pace}`,
    barsize: BAR_CHARACTERS,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: null,
    linewrap: false,
  });
  const rate = new Rate(now);
  let isRunning = false;
  return {
    update(done, total) {
      rate.note(done);
      const payload = { pace: rate.describe(total - done) };
      if (!isRunning) bar.start(total, done, payload);
      isRunning = true;
      bar.setTotal(total);
      bar.update(done, payload);
    },
    stop() {
      if (isRunning) bar.stop();
      isRunning = false;
    },
  };
}

function createLines(label: string, unit: string, err: Output, now: () => number): Progress {
  const rate = new Rate(now);
  let lastLine = now();
  return {
    update(done, total) {
      rate.note(done);
      if (now() - lastLine < LINE_INTERVAL_MS) return;
      lastLine = now();
      const percent = total === 0 ? PERCENT : Math.floor(PERCENT * done / total);
      err.line(`${label} ${percent}% ${done}/${total} ${unit}${rate.describe(total - done)}`);
    },
    stop() {},
  };
}

/** How fast a counter grows, smoothed. */
class Rate {
  readonly #now: () => number;
  #lastDone: number | undefined;
  #lastAt = 0;
  #perSecond: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  note(done: number): void {
    const at = this.#now();
    if (this.#lastDone === undefined) {
      this.#lastDone = done;
      this.#lastAt = at;
    }
    const elapsed = at - this.#lastAt;
    if (elapsed < RATE_INTERVAL_MS) return;
    const measured = (done - this.#lastDone) * MS_PER_SECOND / elapsed;
    this.#perSecond = this.#perSecond === undefined
      ? measured
      : this.#perSecond + RATE_GAIN * (measured - this.#perSecond);
    this.#lastDone = done;
    this.#lastAt = at;
  }

  /** What stands behind the count: rate and time left; nothing before the first measurement, and no time at the end. */
  describe(left: number): string {
    if (this.#perSecond === undefined) return "";
    const rate = this.#perSecond < SLOW_BELOW ? this.#perSecond.toFixed(1) : String(Math.round(this.#perSecond));
    return left > 0 ? `, ${rate}/s, ${this.#timeLeft(left)} left` : `, ${rate}/s`;
  }

  #timeLeft(count: number): string {
    if (!this.#perSecond || this.#perSecond < 0) return "?";
    return formatDuration(count * MS_PER_SECOND / this.#perSecond);
  }
}
