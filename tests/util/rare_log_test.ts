import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { LogFields } from "../../src/util/env.ts";
import { RareLog } from "../../src/util/rare_log.ts";
import { ManualEnv } from "../support/manual_env.ts";

test("rare log: each kind once in a while, with how many were not told", () => {
  const env = new ManualEnv();
  const written: [string, LogFields | undefined][] = [];
  const write = (message: string, fields?: LogFields) => void written.push([message, fields]);
  const logger = { enabled: () => false, debug() {}, info() {}, warn: write, error: write };
  const log = new RareLog(logger, () => env.now(), 1_000);
  for (let i = 0; i < 5; i++) log.write("error", "a", "failed", () => ({ i }));
  log.write("warn", "b", "other", () => ({}));
  env.advance(1_000);
  log.write("error", "a", "failed", () => ({ i: 9 }));
  assertEquals(written, [["failed", { i: 0 }], ["other", {}], ["failed", { i: 9, untold: 4 }]]);
});
