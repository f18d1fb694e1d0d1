import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The compiled program, whether it is there or not. */
export const BINARY = fileURLToPath(new URL("../../dist/p2p", import.meta.url));

const TIMEOUT_MS = 60_000;

/**
 * What a test of the compiled program passes to test(): it is skipped, with the reason, where nobody has compiled.
 * `npm test` compiles first, so it skips none. The time limit is ours because Bun's own is 5 s.
 */
export const NEEDS_BINARY = {
  skip: existsSync(BINARY) ? false : "dist/p2p is not there: npm run compile",
  timeout: TIMEOUT_MS,
} as const;
