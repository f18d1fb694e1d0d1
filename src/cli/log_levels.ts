import type { LogLevel } from "../util/env.ts";

/** From the most talkative to silence. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "off"] as const satisfies readonly (LogLevel | "off")[];

export type LogThreshold = (typeof LOG_LEVELS)[number];

/** The level `steps` below (more log, positive) or above (less) the given one, as -v and -q ask. */
export function shiftLevel(level: LogThreshold, steps: number): LogThreshold {
  const index = LOG_LEVELS.indexOf(level) - steps;
  return LOG_LEVELS[Math.min(Math.max(index, 0), LOG_LEVELS.length - 1)]!;
}
