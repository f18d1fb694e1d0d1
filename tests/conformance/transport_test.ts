import { createTransport as createBunTransport } from "../../src/platform/bun.ts";
import { createTransport as createDenoTransport } from "../../src/platform/deno.ts";
import { createTransport as createNodeTransport } from "../../src/platform/nodejs.ts";
import { bun, deno } from "../../src/platform/runtimes.ts";
import { testDialling } from "./dialling_suite.ts";
import { testEndings } from "./ending_suite.ts";
import { type Harness, memoryHarness, realHarness } from "./harness.ts";
import { testTransfers } from "./transfer_suite.ts";

/** The same suite for every implementation that this runtime can run. */
const HARNESSES: readonly Harness[] = [
  ...(bun ? [realHarness("bun", () => createBunTransport())] : []),
  ...(deno ? [realHarness("deno", () => createDenoTransport())] : []),
  realHarness("node:net", () => createNodeTransport()),
  memoryHarness("memory", { latencyMs: 1 }),
  memoryHarness("memory, rough", {
    latencyMs: 20,
    jitterMs: 30,
    lossRate: 0.05,
    bandwidthBytesPerSecond: 10_000_000,
    pieceBytes: { least: 1, most: 1500 },
  }),
];

for (const harness of HARNESSES) {
  testTransfers(harness);
  testEndings(harness);
  testDialling(harness);
}
