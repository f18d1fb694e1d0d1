import { randomFillSync } from "node:crypto";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Env, LogCategory, Logger, Timer } from "../util/env.ts";
import { createLogger } from "./logging.ts";
import type { Schedule } from "./socket_connection.ts";

/** 24.8 days: the longest delay of a timer in JavaScript; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** 4 KiB of random bits are drawn at a time: a draw costs as much as a thousand numbers. */
const RANDOM_POOL_WORDS = 1024;
const TWO_TO_26 = 2 ** 26;
const TWO_TO_MINUS_53 = 2 ** -53;
/** Of two 32-bit words, 27 and 26 bits make the 53 of a number. */
const HIGH_WORD_SHIFT = 5;
const LOW_WORD_SHIFT = 6;

export interface EnvOptions {
  /** Where records go; by default to whatever `configureLogging`, or the embedding program's LogTape, says. */
  readonly logger?: (category: LogCategory) => Logger;
}

/** Real time, real chance, real logs, on any of the three runtimes. */
export function createEnv(options: EnvOptions = {}): Env {
  return {
    now: turnClock(),
    clock: () => performance.now(),
    wallClock: () => Date.now(),
    after: startTimer,
    soon: (task) => queueMicrotask(task),
    nextTurn: (task) => void setImmediate(task),
    randomBytes: (sizeBytes) => randomFillSync(new Uint8Array(sizeBytes)),
    random: randomNumbers(),
    logger: onceEach(options.logger ?? createLogger),
  };
}

/** Each peer asks for the same few: making one takes longer than shaking hands otherwise does. */
function onceEach(create: (category: LogCategory) => Logger): (category: LogCategory) => Logger {
  const known = new Map<string, Logger>();
  return (category) => {
    let logger = known.get(category);
    if (!logger) known.set(category, logger = create(category));
    return logger;
  };
}

/** The part of the real environment that connections need. */
export const realSchedule: Schedule = { soon: (task) => queueMicrotask(task), after: startTimer };

/** A clock that is read once a turn: the first reading of a turn is kept until the turn's microtasks run. */
function turnClock(): () => number {
  let reading = 0;
  let fresh = false;
  const expire = () => {
    fresh = false;
  };
  return () => {
    if (!fresh) {
      reading = performance.now();
      fresh = true;
      queueMicrotask(expire);
    }
    return reading;
  };
}

/** Timers do not keep the process alive: sockets do. */
function startTimer(delayMs: number, task: () => void): Timer {
  let remainingMs = delayMs;
  let handle: ReturnType<typeof setTimeout>;
  const arm = () => {
    const partMs = Math.min(remainingMs, MAX_TIMER_MS);
    remainingMs -= partMs;
    handle = setTimeout(remainingMs > 0 ? arm : task, partMs).unref();
  };
  arm();
  return { cancel: () => clearTimeout(handle) };
}

/** Numbers that a remote cannot predict: it may see the effect of many and must not learn the next. */
function randomNumbers(): () => number {
  const pool = new Uint32Array(RANDOM_POOL_WORDS);
  let next = RANDOM_POOL_WORDS;
  return () => {
    if (next === RANDOM_POOL_WORDS) {
      randomFillSync(pool);
      next = 0;
    }
    const high = pool[next++]! >>> HIGH_WORD_SHIFT;
    const low = pool[next++]! >>> LOW_WORD_SHIFT;
    return (high * TWO_TO_26 + low) * TWO_TO_MINUS_53;
  };
}
