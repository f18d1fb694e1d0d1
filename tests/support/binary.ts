import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Command } from "./program.ts";

/** The compiled program, whether it is there or not. */
export const BINARY = fileURLToPath(new URL("../../dist/p2p", import.meta.url));

const TIMEOUT_MS = 120_000;
const SOURCE = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const TOOLS = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));

/** What a test passes to test(). */
export interface TestOptions {
  /** Why the test is skipped, if it is. */
  readonly skip: string | false;
  readonly timeout: number;
}

/**
 * What a test of the compiled program passes to test(): it is skipped, with the reason, where nobody has compiled.
 * `npm test` compiles first, so it skips none. The time limit is ours because Bun's own is 5 s.
 */
export const NEEDS_BINARY: TestOptions = {
  skip: existsSync(BINARY) || process.env.P2P_REQUIRE_BINARY === "1" ? false : "dist/p2p is not there: npm run compile",
  timeout: TIMEOUT_MS,
};

/**
 * What the tests of whole processes pass to test(). They would tell the same three times: the program under test is
 * the same whoever runs the test. So they run where Node runs the tests, and elsewhere only if asked to.
 */
export const END_TO_END: TestOptions = {
  ...NEEDS_BINARY,
  skip: isElsewhere() ? "runs where Node runs the tests; P2P_E2E=1 runs it here too" : NEEDS_BINARY.skip,
};

export type Runtime = "bun" | "deno" | "node";

const RUNTIME_ARGS: Readonly<Record<Runtime, readonly string[]>> = {
  bun: [],
  deno: ["run", "--allow-all"],
  node: [],
};

/** The program from its source, on one runtime. */
export function fromSource(runtime: Runtime): Command {
  return { file: join(TOOLS, runtime), args: [...RUNTIME_ARGS[runtime], SOURCE] };
}

/** The program as it was compiled. */
export function compiled(): Command {
  return { file: BINARY, args: [] };
}

function isElsewhere(): boolean {
  const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
  return !isNode && process.env.P2P_E2E !== "1";
}
