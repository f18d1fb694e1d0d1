// SHA-256 as the platform has it, for what a node hashes most: headers, transactions, blocks.

import { createHasher } from "../src/platform/hasher.ts";
import { timed } from "./support.ts";

/** Calls a timing, so that the clock is not what is measured. */
const CALLS = 100;
const SIZES: Readonly<Record<string, number>> = {
  "80 bytes, a header": 80,
  "250 bytes, a transaction": 250,
  "1 MB, a block": 1_000_000,
};

export const subject = timed("SHA-256, double", () => {
  const { sha256d } = createHasher();
  return Object.entries(SIZES).map(([name, sizeBytes]) => {
    const data = new Uint8Array(sizeBytes);
    const operations = sizeBytes < 1000 ? CALLS : 1;
    return {
      name,
      operations,
      run() {
        for (let i = 0; i < operations; i++) sha256d(data);
      },
    };
  });
});
